/* An empty array of objects with destructors: the pointer to its first element is one past its block. */
#include "leaks.h"

struct element {
    char bytes[10];
    ~element()
    {
        bytes[0] = 0;
    }
};
static element *volatile kept;

APART static void lose()
{
    kept = new element[0]; // KEPT
}

int main()
{
    lose();
    scrub();
}
