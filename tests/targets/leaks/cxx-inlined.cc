/* An allocation in a function that is inlined into another one, twice.
   flags: -O2 */
#include "leaks.h"
#include <vector>

static inline __attribute__((always_inline)) void *get(size_t bytes)
{
    return used(operator new(bytes)); // LEAK 168 2
}
static inline __attribute__((always_inline)) void *between()
{
    return get(45);
}

APART static void lose()
{
    get(123);
    between();
}

int main()
{
    lose();
    scrub();
}
