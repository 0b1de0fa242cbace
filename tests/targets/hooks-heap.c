/* The malloc family, call by call. Standard output tells what the program can see (result, errno, alignment) and must
   be the same with and without the library. With a session, each step's counters are compared with the sum of
   malloc_usable_size; what is wrong goes to standard error. */

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session-view.h"

#ifdef __clang__
#pragma clang optimize off
#else
#pragma GCC optimize("O0")
#endif
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Walloc-size-larger-than="
#pragma GCC diagnostic ignored "-Wuse-after-free"

void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

static bool has_session;
static struct view_sums before;

static void begin(void)
{
    errno = 77;
    if (has_session)
        before = view_sum();
}

/* What has been counted since begin() against what should have been. */
static void counted(const char *what, uint64_t alloc_bytes, uint64_t allocs, uint64_t free_bytes, uint64_t frees)
{
    if (!has_session)
        return;
    int old = errno;
    struct view_sums now = view_sum();
    int64_t live = now.live_bytes - before.live_bytes;
    if (now.alloc_bytes - before.alloc_bytes != alloc_bytes || now.alloc_count - before.alloc_count != allocs ||
        now.free_bytes - before.free_bytes != free_bytes || now.free_count - before.free_count != frees ||
        live != (int64_t)(alloc_bytes - free_bytes) || now.peak_bytes < now.live_bytes)
        fprintf(stderr, "%s: counted +%ju in %ju, -%ju in %ju, live %+jd; expected +%ju in %ju, -%ju in %ju\n", what,
                (uintmax_t)(now.alloc_bytes - before.alloc_bytes), (uintmax_t)(now.alloc_count - before.alloc_count),
                (uintmax_t)(now.free_bytes - before.free_bytes), (uintmax_t)(now.free_count - before.free_count),
                (intmax_t)live, (uintmax_t)alloc_bytes, (uintmax_t)allocs, (uintmax_t)free_bytes, (uintmax_t)frees);
    errno = old;
}

/* A call returned `block`, asked for `size` bytes at a multiple of `alignment`. */
static void *got(const char *what, void *block, size_t size, size_t alignment)
{
    int code = errno;
    size_t usable = block ? malloc_usable_size(block) : 0;
    counted(what, usable, block != NULL, 0, 0);
    printf("%s: %s, errno %d", what, block ? "block" : "NULL", code);
    if (block != NULL) {
        printf(", %s, %s", usable >= size ? "large enough" : "too small",
               (uintptr_t)block % alignment == 0 ? "aligned" : "not aligned");
        memset(block, 1, size);
    }
    printf("\n");
    return block;
}

static void give(const char *what, void *block)
{
    size_t usable = block ? malloc_usable_size(block) : 0;
    begin();
    free(block);
    int code = errno;
    counted(what, 0, 0, usable, block != NULL);
    printf("%s: errno %d\n", what, code);
}

static void test_new_blocks(void)
{
    static const size_t sizes[] = {0, 1, 24, 25, 1000, 100000, 200000, 5000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        begin();
        void *block = got("malloc", malloc(sizes[i]), sizes[i], 8);
        give("free", block);
        begin();
        block = got("calloc", calloc(sizes[i], 3), sizes[i] * 3, 8);
        give("free", block);
    }
    begin();
    got("malloc of too much", malloc(SIZE_MAX / 2 + 10), 0, 8);
    begin();
    got("calloc of too much", calloc(SIZE_MAX / 4, 8), 0, 8);
    give("free of NULL", NULL);
}

static void test_aligned_blocks(void)
{
    for (size_t alignment = 8; alignment <= 1 << 16; alignment *= 8) {
        begin();
        void *block = got("aligned_alloc", aligned_alloc(alignment, alignment * 2), alignment * 2, alignment);
        give("free", block);
        begin();
        block = got("memalign", memalign(alignment, 100), 100, alignment);
        give("free", block);
        block = NULL;
        begin();
        int code = posix_memalign(&block, alignment, 100);
        got("posix_memalign", block, 100, alignment);
        printf("posix_memalign: %d\n", code);
        give("free", block);
    }
    void *block = &block;
    begin();
    int code = posix_memalign(&block, 3, 100);
    counted("posix_memalign of 3", 0, 0, 0, 0);
    printf("posix_memalign of 3: %d, %s\n", code, block == &block ? "untouched" : "touched");
    begin();
    code = posix_memalign(&block, 64, SIZE_MAX - 4096);
    counted("posix_memalign of too much", 0, 0, 0, 0);
    printf("posix_memalign of too much: %d\n", code);
    begin();
    got("aligned_alloc of too much", aligned_alloc(64, SIZE_MAX - 4096), 0, 8);
    begin();
    give("free", got("valloc", valloc(100), 100, 4096));
}

static void *resized(const char *what, void *old, size_t old_usable, void *block, size_t size)
{
    int code = errno;
    size_t usable = block ? malloc_usable_size(block) : 0;
    bool is_freed = block == NULL && size == 0 && code == 77;
    counted(what, usable, block != NULL, block != NULL || is_freed ? old_usable : 0, block != NULL || is_freed);
    printf("%s: %s, errno %d, %s\n", what, block ? "block" : "NULL", code,
           block == NULL || ((unsigned char *)block)[0] == 9 || size == 0 ? "same contents" : "other contents");
    return block != NULL || is_freed ? block : old;
}

static void test_realloc(void)
{
    begin();
    unsigned char *block = got("realloc of NULL", realloc(NULL, 10), 10, 8);
    block[0] = 9;
    static const size_t sizes[] = {20, 30, 1000, 10, 300000, 500000, 5000000, 200000, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t old = malloc_usable_size(block);
        begin();
        block = resized("realloc", block, old, realloc(block, sizes[i]), sizes[i]);
    }
    size_t old = malloc_usable_size(block);
    begin();
    block = resized("realloc of too much", block, old, realloc(block, SIZE_MAX / 2 + 10), SIZE_MAX / 2 + 10);
    begin();
    block = resized("reallocarray", block, old, reallocarray(block, 10, 20), 200);
    old = malloc_usable_size(block);
    begin();
    block = resized("reallocarray that overflows", block, old, reallocarray(block, SIZE_MAX / 2, 3), 1);
    begin();
    block = resized("realloc to nothing", block, old, realloc(block, 0), 0);
    if (block != NULL)
        give("free", block);
}

static void test_variants(void)
{
    void *block = malloc(100);
    size_t usable = malloc_usable_size(block);
    begin();
    if (free_sized != NULL)
        free_sized(block, 100);
    else
        free(block);
    counted("free_sized", 0, 0, usable, 1);
    block = aligned_alloc(64, 128);
    usable = malloc_usable_size(block);
    begin();
    if (free_aligned_sized != NULL)
        free_aligned_sized(block, 64, 128);
    else
        free(block);
    counted("free_aligned_sized", 0, 0, usable, 1);
}

/* Many calls, summed up by the program itself. */
static void test_sum(void)
{
    static void *blocks[500];
    static char text[64];
    uint64_t alloc_bytes = 0, allocs = 0, free_bytes = 0, frees = 0;
    uint32_t seed = 1;
    setvbuf(stderr, text, _IOFBF, sizeof text);
    begin();
    for (int i = 0; i < 100000; i++) {
        seed = seed * 1103515245u + 12345u;
        void **at = &blocks[(seed >> 8) % 500];
        if (*at != NULL) {
            free_bytes += malloc_usable_size(*at);
            frees++;
            free(*at);
        }
        *at = malloc((seed >> 16) % 3000);
        alloc_bytes += malloc_usable_size(*at);
        allocs++;
    }
    counted("100000 blocks", alloc_bytes, allocs, free_bytes, frees);
    for (int i = 0; i < 500; i++)
        free(blocks[i]);
}

int main(void)
{
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer); /* its own buffer would be counted */
    has_session = view_open();
    test_new_blocks();
    test_aligned_blocks();
    test_realloc();
    test_variants();
    test_sum();
    return 0;
}
