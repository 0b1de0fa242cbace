/* A C program that loads a C++ module: nobody but the preload library defines operator new in the program's own search.
 */

#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    void *module = dlopen(argc > 1 ? argv[1] : "./module.so", RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        printf("%s\n", dlerror());
        return 1;
    }
    int (*run)(void) = (int (*)(void))dlsym(module, "run");
    printf("an error of ours: %s\n", dlerror());
    printf("%d\n", run());
    return dlclose(module);
}
