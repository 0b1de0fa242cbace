/* Maps and unmaps in every way, and prints what each line mapped and how much of it stays:

       mapped FUNCTION LINE BYTES MAPPINGS LIVE_BYTES LIVE_RANGES */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define PAGE 4096L

static void tell(const char *function, int line, long bytes, long mappings, long live_bytes, long live_ranges)
{
    char text[256];
    int length = snprintf(text, sizeof text, "mapped %s %d %ld %ld %ld %ld\n", function, line, bytes, mappings,
                          live_bytes, live_ranges);
    if (write(1, text, (size_t)length) != length)
        _exit(99);
}

static int map_line;

static NOINLINE char *map(long pages)
{
    map_line = __LINE__ + 1;
    char *mapped = mmap(NULL, (size_t)(pages * PAGE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        _exit(99);
    return mapped;
}

/* A hole in the middle makes two ranges. */
static NOINLINE void in_part(void)
{
    char *mapped = map(8);
    if (munmap(mapped + 2 * PAGE, 3 * PAGE) != 0)
        _exit(99);
}

static NOINLINE void replaced(void)
{
    char *mapped = map(4);
    int line = __LINE__ + 1;
    char *over = mmap(mapped + PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (over != mapped + PAGE || munmap(mapped + PAGE, PAGE) != 0)
        _exit(99);
    tell(__func__, line, 2 * PAGE, 1, PAGE, 1);
}

static NOINLINE void moved(void)
{
    char *mapped = map(2), *away = map(6);
    munmap(away, 6 * PAGE);
    int line = __LINE__ + 1;
    char *now = mremap(mapped, 2 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, away);
    if (now != away || mremap(now, 6 * PAGE, 5 * PAGE, 0) != now)
        _exit(99);
    tell(__func__, line, 6 * PAGE, 1, 5 * PAGE, 1);
}

static NOINLINE void failed(void)
{
    char *mapped = map(1);
    if (munmap(mapped + 1, PAGE) == 0 || mremap(mapped, PAGE, (size_t)1 << 46, 0) != MAP_FAILED)
        _exit(99);
}

static void *in_a_thread(void *data)
{
    char *mapped = map(16);
    munmap(mapped, 16 * PAGE);
    return data;
}

int main(void)
{
    in_part();
    replaced();
    moved();
    failed();
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, in_a_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return 99;
    }
    /* 8, 4, 2, 6, 1 and 4 times 16 pages: two pieces of 5, two of 2, and one page are left. */
    tell("map", map_line, (8 + 4 + 2 + 6 + 1 + 4 * 16) * PAGE, 9, (5 + 2 + 1) * PAGE, 5);
    return 0;
}
