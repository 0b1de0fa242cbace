/* 64 MB in blocks below malloc's threshold for mappings of their own, all freed but the last: the C library keeps the
   pages, an allocator that purges at once gives them back. */

#include <stdlib.h>
#include <string.h>

#include "syseng_mem.h"

#define BLOCKS 655
#define BYTES 100000

SYSENG_MEM_PROFILE
static int memory(void)
{
    static char *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BYTES);
        memset(blocks[i], 1, BYTES);
    }
    for (int i = 0; i < BLOCKS - 1; i++)
        free(blocks[i]);
    return blocks[BLOCKS - 1][0];
}

int main(void)
{
    return memory() - 1;
}
