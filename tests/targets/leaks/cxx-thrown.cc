/* An exception is caught, and what was allocated before it is lost. */
#include "leaks.h"
#include <stdexcept>

APART static void fail()
{
    throw std::runtime_error("some text that is too long to be kept within the string itself");
}

APART static void lose()
{
    try {
        char *block = new char[123]; // LEAK 123 1
        used(block);
        fail();
        delete[] block;
    } catch (const std::exception &) {
    }
}

int main()
{
    lose();
    scrub();
}
