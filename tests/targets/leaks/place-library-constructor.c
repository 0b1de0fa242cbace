/* The constructor of a loaded library allocates, and its destructor, at exit, frees the half.
   library: yes */
#include "leaks.h"

#ifdef LIBRARY
static void *volatile freed, *volatile held;

__attribute__((constructor)) static void begin(void)
{
    freed = malloc(66); /* KEPT */
    held = malloc(77);  /* KEPT */
}

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

__attribute__((destructor)) static void end(void)
{
    free(freed);
    lose();
    scrub();
}
#else
#include <dlfcn.h>

int main(void)
{
    return dlopen("./place-library-constructor.so", RTLD_LAZY) == NULL;
}
#endif
