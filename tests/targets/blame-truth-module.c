/* A library that is loaded, called and unloaded. With -DSECOND it is another one, of the same size: what is at an address of
   the one is other code in the other. */

#include "blame-truth.h"

#ifdef SECOND
#define KEY 2
static NOINLINE void second_inner(size_t size)
{
    PLACE(KEY, "second_inner", malloc(size));
}
#define OWN "module_work"
#define INNER second_inner
#else
#define KEY 1
static NOINLINE void first_inner(size_t size)
{
    PLACE(KEY, "first_inner", malloc(size));
}
#define OWN "module_work"
#define INNER first_inner
#endif

void module_work(void);
void module_work(void)
{
    CALL(OWN, INNER(KEY * (size_t)1000));
}
