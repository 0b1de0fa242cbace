/* A library that was loaded by dlopen() holds the pointers, in its variables.
   library: yes */
#include "leaks.h"

#ifdef LIBRARY
static void *volatile data = (void *)1, *volatile bss;

void fill(void)
{
    data = used(malloc(77)); /* KEPT */
    bss = used(malloc(66));  /* KEPT */
}
#else
#include <dlfcn.h>

int main(void)
{
    void *library = dlopen("./place-library.so", RTLD_NOW);
    void (*fill)(void) = library != NULL ? (void (*)(void))dlsym(library, "fill") : NULL;
    if (fill == NULL)
        return 1;
    fill();
    scrub();
    return 0;
}
#endif
