/* A program with company: wrappers and auditors preloaded, libraries loaded that look for malloc elsewhere. The second
   argument is a library to load. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "hostile.h"

static const char *library_path;

static void *use_memory(void *data)
{
    void *blocks[64] = {NULL};
    unsigned seed = 7;
    for (int i = 0; i < 5000; i++) {
        seed = seed * 1103515245u + 12345u;
        unsigned index = seed >> 8 & 63, bytes = (seed >> 16) % 2000 + 1;
        if (seed >> 31 != 0) {
            free(blocks[index]);
            blocks[index] = calloc(1, bytes);
        } else {
            blocks[index] = realloc(blocks[index], bytes);
        }
        if (blocks[index] == NULL || (uintptr_t)blocks[index] % 16 != 0)
            _exit(98);
        memset(blocks[index], (int)i, bytes);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return data;
}

static void plain(void)
{
    pthread_t thread;
    use_memory(NULL);
    need(pthread_create(&thread, NULL, use_memory, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    FILE *file = fopen("/dev/null", "r");
    char *line = NULL;
    size_t bytes = 0;
    say("getline", (long)getline(&line, &bytes, file));
    free(line);
    fclose(file);
    say("done", 1);
}

static void trade(void *library, int shares_heap)
{
    need(library != NULL, "dlopen");
    void *(*give)(size_t) = (void *(*)(size_t))dlsym(library, "give");
    void (*take)(void *) = (void (*)(void *))dlsym(library, "take");
    need(give != NULL && take != NULL, "dlsym");
    for (size_t i = 1; i < 200; i++) {
        char *theirs = give(i * 10), *ours = malloc(i * 20);
        need(theirs != NULL && theirs[0] == 5, "give");
        if (shares_heap) {
            free(realloc(theirs, i * 30));
            take(ours);
        } else {
            take(theirs);
            free(ours);
        }
    }
    say("closed", dlclose(library));
}

static int mappings_of_libc(void)
{
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    need(maps != NULL, "maps");
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, "/libc.so") != NULL;
    fclose(maps);
    return count;
}

static void deeply_bound(void)
{
    for (int i = 0; i < 4; i++)
        trade(dlopen(library_path, (i % 2 == 0 ? RTLD_NOW : RTLD_LAZY) | RTLD_DEEPBIND), 1);
    trade(dlmopen(LM_ID_BASE, library_path, RTLD_NOW | RTLD_DEEPBIND), 1);
    say("mappings of the C library", mappings_of_libc());
    use_memory(NULL);
}

static void usually_bound(void)
{
    for (int i = 0; i < 3; i++)
        trade(dlopen(library_path, RTLD_LAZY), 1);
    use_memory(NULL);
}

/* The loader searches where the RUNPATH of the program says, and not where that of another caller does. */
static void by_runpath(void)
{
    trade(dlopen(strrchr(library_path, '/') + 1, RTLD_NOW), 1);
    trade(dlopen(strrchr(library_path, '/') + 1, RTLD_NOW | RTLD_DEEPBIND), 1);
    use_memory(NULL);
}

static void own_namespace(void)
{
    for (int i = 0; i < 3; i++)
        trade(dlmopen(LM_ID_NEWLM, library_path, RTLD_NOW), 0);
    use_memory(NULL);
}

static void missing(void)
{
    say("missing", dlopen("/nothing/here.so", RTLD_NOW) == NULL);
    const char *why = dlerror();
    say_bytes(why, strlen(why));
    say("\ntold once", dlerror() == NULL);
    say("no symbol", dlsym(RTLD_DEFAULT, "no_such_symbol_anywhere") == NULL && dlerror() != NULL);
    say("next malloc", dlsym(RTLD_NEXT, "malloc") != NULL);
}

int main(int argc, char **argv)
{
    static const struct hostile_case cases[] = {
        {"plain", plain},
        {"deeply-bound", deeply_bound},
        {"usually-bound", usually_bound},
        {"by-runpath", by_runpath},
        {"own-namespace", own_namespace},
        {"missing", missing},
    };
    library_path = argc > 2 ? argv[2] : "";
    return HOSTILE_MAIN(cases, argc, argv);
}
