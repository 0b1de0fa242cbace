/* Loads each library that it is told, calls it and unloads it again. With "same" as the first argument it fails with
   status 77 unless they came to lie at one address. */

#include "blame-truth.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *first = NULL;
    int is_same = argc > 1 && strcmp(argv[1], "same") == 0;
    for (int i = 1 + is_same; i < argc; i++) {
        void *library = dlopen(argv[i], RTLD_NOW);
        void (*work)(void);
        if (library == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        *(void **)&work = dlsym(library, "module_work");
        if (is_same && first != NULL && (void *)work != first)
            return 77;
        first = (void *)work;
        CALL("main", work());
        dlclose(library);
    }
    PLACE(3, "main", malloc(3000));
    return 0;
}
