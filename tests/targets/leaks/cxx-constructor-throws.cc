/* A constructor throws: its object is given back, what its pointer held is not. */
#include "leaks.h"

struct half {
    char *block;
    half()
    {
        block = new char[123]; // LEAK 123 1
        used(block);
        throw 1;
    }
    ~half()
    {
        delete[] block;
    }
};

APART static void lose()
{
    try {
        used(new half); // KEPT
    } catch (int) {
    }
}

int main()
{
    lose();
    scrub();
}
