/* A library with an annotated function, its constructor and what that calls: see lines-modules.c. */

#include <stdlib.h>

#include "syseng_mem.h"

#ifndef BYTES
#define BYTES 100000
#endif

void *module_kept[64];
static int count;

SYSENG_MEM_PROFILE
void *module_work(void)
{
    void *p = malloc(BYTES);
    module_kept[count++ % 64] = p;
    return p;
}

SYSENG_MEM_PROFILE
static void module_start(void)
{
    free(malloc(BYTES));
}

__attribute__((constructor)) static void start(void)
{
    module_start();
}
