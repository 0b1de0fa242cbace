/* operator new, with arrays and without exceptions. */
#include "leaks.h"
#include <new>

APART static void lose()
{
    used(new long(1));                 // LEAK 8 1
    used(new char[123]);               // LEAK 123 1
    used(new (std::nothrow) char[45]); // LEAK 45 1
}

int main()
{
    lose();
    scrub();
}
