/* operator new for a type with a large alignment.
   flags: -std=gnu++17 */
#include "leaks.h"
#include <new>

struct alignas(256) line {
    char bytes[512];
};

APART static void lose()
{
    used(new line);    // LEAK 512 1
    used(new line[2]); // LEAK 1024 1
}

int main()
{
    lose();
    scrub();
}
