/* A library that is loaded by name, and gives and takes blocks. Its constructor and destructor use memory as well. */

#include "hostile.h"

static void *kept;

__attribute__((constructor)) static void begin(void)
{
    kept = calloc(1, 300);
}

__attribute__((destructor)) static void end(void)
{
    free(kept);
}

__attribute__((visibility("default"))) void *give(size_t bytes)
{
    char *block = realloc(malloc(bytes), bytes * 2);
    if (block != NULL)
        block[0] = 5;
    return block;
}

__attribute__((visibility("default"))) void take(void *block)
{
    free(block);
}
