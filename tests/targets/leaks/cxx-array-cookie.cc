/* An array of objects with destructors is kept by its first element, behind the count. */
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
    kept = new element[10]; // KEPT
    used(new element[20]);  // LEAK 208 1
}

int main()
{
    lose();
    scrub();
}
