/* Constructors of global objects allocate; a destructor frees, another one leaks. */
#include "leaks.h"

APART static void lose_more()
{
    used(new char[45]); // LEAK 45 1
}
struct polite {
    char *block = new char[100]; // KEPT
    ~polite()
    {
        delete[] block;
    }
};
struct rude {
    char *block = new char[77]; // KEPT
    ~rude()
    {
        lose_more();
        scrub();
    }
};
static polite one;
static rude other;

APART static void lose()
{
    used(new char[123]); // LEAK 123 1
}

int main()
{
    lose();
    scrub();
}
