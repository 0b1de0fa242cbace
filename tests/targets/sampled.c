/* Allocates at three places, and says in bytes and blocks what each has allocated, and kept. */

#include <stdio.h>
#include <stdlib.h>

#define SMALL 400000
#define LARGE 100

static void *volatile kept[SMALL];

static void small(void)
{
    for (int i = 0; i < SMALL; i++) {
        kept[i] = malloc(100);
        if (i % 2 != 0) {
            free(kept[i]);
            kept[i] = NULL;
        }
    }
}

static void large(void)
{
    for (int i = 0; i < LARGE; i++)
        free(malloc(4 << 20));
}

/* Two events each; and those that fail leave the block as it was. */
static void grown(void)
{
    for (int i = 0; i < LARGE; i++) {
        char *block = malloc(4 << 20), *other = realloc(block, 8 << 20);
        void *volatile none = realloc(other, (size_t)1 << 60);
        if (none == NULL)
            free(other);
    }
}

int main(void)
{
    small();
    large();
    grown();
    printf("small %d %d %d %d\n", SMALL * 100, SMALL, SMALL / 2 * 100, SMALL / 2);
    printf("large %d %d 0 0\n", LARGE * (4 << 20), LARGE);
    printf("grown %d %d 0 0\n", LARGE * (12 << 20), 2 * LARGE);
    return 0;
}
