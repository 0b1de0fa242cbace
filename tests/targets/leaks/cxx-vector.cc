/* A vector grew, and was never destroyed. */
#include "leaks.h"
#include <vector>

APART static void lose()
{
    auto *numbers = new std::vector<int>; // LEAK 24 1
    for (int i = 0; i < 100; i++)
        numbers->push_back(i); // LEAK 512 1
    used(numbers);
}

int main()
{
    lose();
    scrub();
}
