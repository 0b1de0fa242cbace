/* The library that held the pointer has been closed; the line that allocated is in it.
   library: yes */
#include "leaks.h"

#ifdef LIBRARY
static void *volatile held;

void fill(void)
{
    held = used(malloc(123)); /* LEAK 123 1 */
}
#else
#include <dlfcn.h>

APART static int work(void)
{
    void *library = dlopen("./place-library-closed.so", RTLD_NOW);
    void (*fill)(void) = library != NULL ? (void (*)(void))dlsym(library, "fill") : NULL;
    if (fill == NULL)
        return 1;
    fill();
    dlclose(library);
    return dlopen("./place-library-closed.so", RTLD_NOLOAD | RTLD_NOW) != NULL;
}

int main(void)
{
    int status = work();
    scrub();
    return status;
}
#endif
