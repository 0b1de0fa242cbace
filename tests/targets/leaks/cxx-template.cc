/* A function template, instantiated for two types, leaks both. */
#include "leaks.h"

template <class T> APART static void lose_one()
{
    used(new T); // LEAK 12 2
}

APART static void lose()
{
    lose_one<int>();
    lose_one<long>();
}

int main()
{
    lose();
    scrub();
}
