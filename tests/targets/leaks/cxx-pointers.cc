/* A vector of pointers is destroyed, what they point to is not. */
#include "leaks.h"
#include <vector>

APART static void lose()
{
    std::vector<int *> pointers; // KEPT
    for (int i = 0; i < 10; i++)
        pointers.push_back(new int(i)); // LEAK 40 10
}

int main()
{
    lose();
    scrub();
}
