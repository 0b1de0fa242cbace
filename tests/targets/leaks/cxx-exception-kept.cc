/* An exception is kept by exception_ptr, and another one is lost in a block. */
#include "leaks.h"
#include <exception>
#include <stdexcept>

static std::exception_ptr kept;

APART static std::exception_ptr make()
{
    try {
        throw 1; // LEAK ? 1
    } catch (...) {
        return std::current_exception();
    }
}

APART static void lose()
{
    kept = make();
    used(new std::exception_ptr(make())); // LEAK 8 1
}

int main()
{
    lose();
    scrub();
}
