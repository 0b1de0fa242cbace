/* unique_ptr gives its object up. */
#include "leaks.h"
#include <memory>

APART static void lose()
{
    auto owner = std::make_unique<char[]>(123); // LEAK 123 1
    used(owner.release());
}

int main()
{
    lose();
    scrub();
}
