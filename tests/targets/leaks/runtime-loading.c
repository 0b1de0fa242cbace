/* Libraries: loaded for ever, loaded and closed, not found, and messages about it. */
#include "leaks.h"
#include <dlfcn.h>
#include <link.h>

int main(void)
{
    dlopen("libm.so.6", RTLD_NOW);
    dlclose(dlopen("libresolv.so.2", RTLD_NOW));
    dlopen("libnone.so", RTLD_NOW);
    used(dlerror());
    dlsym(RTLD_DEFAULT, "no_such_function");
    used(dlerror());
    scrub();
    return 0;
}
