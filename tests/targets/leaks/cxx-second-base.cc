/* Only a pointer to the second base class is kept, which lies within the object. */
#include "leaks.h"

struct first {
    virtual ~first()
    {
    }
    long number;
};
struct second {
    virtual ~second()
    {
    }
    long number;
};
struct both : first, second {
};
static second *volatile kept;

APART static void lose()
{
    kept = new both; // KEPT
}

int main()
{
    lose();
    scrub();
}
