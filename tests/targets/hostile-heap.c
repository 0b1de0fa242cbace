/* The allocator's contract, and programs that break it. What the C library says of a broken heap goes to standard
   error, and is compared too. */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "hostile.h"

#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Walloc-size-larger-than="
#pragma GCC diagnostic ignored "-Wuse-after-free"
#pragma GCC diagnostic ignored "-Wfree-nonheap-object"
#pragma GCC diagnostic ignored "-Wunused-result"

/* Of C23; not in every C library. */
void free_sized(void *block, size_t size) __attribute__((weak));
void free_aligned_sized(void *block, size_t alignment, size_t size) __attribute__((weak));

#define ERRNO_BEFORE 77

/* Tell what a call returned and what it left in errno, which was ERRNO_BEFORE. */
HOSTILE_PLAIN static void *seen(const char *what, void *block, size_t bytes, size_t alignment)
{
    int code = errno;
    say(what, code);
    if (block == NULL) {
        say("  nothing", 0);
        return NULL;
    }
    size_t usable = malloc_usable_size(block);
    if (alignment <= 16)
        say("  usable", (long)usable);
    else /* it depends on where the heap happens to lie */
        say("  large enough", usable >= bytes);
    say("  aligned", (uintptr_t)block % alignment == 0);
    if (bytes > 0)
        memset(block, 0x5a, bytes < usable ? bytes : usable);
    return block;
}

#define SEEN(call, bytes, alignment) (errno = ERRNO_BEFORE, seen(#call, call, bytes, alignment))
#define CODE(call) (errno = ERRNO_BEFORE, say(#call, (long)(call)), say("  errno", errno))

static void release(void *block)
{
    errno = ERRNO_BEFORE;
    free(block);
    say("free", errno);
}

static void sizes(void)
{
    static const size_t wanted[] = {0, 1, 24, 25, 1032, 1033, 131072, 140000, 5000000, 40000000};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        release(SEEN(malloc(wanted[i]), wanted[i], 16));
        release(SEEN(calloc(1, wanted[i]), wanted[i], 16));
        release(SEEN(realloc(NULL, wanted[i]), wanted[i], 16));
    }
    unsigned char *zeros = calloc(1000, 50), any = 0;
    for (int i = 0; i < 50000; i++)
        any |= zeros[i];
    say("calloc is clear", any == 0);
    free(zeros);
    free(NULL);
    say("usable size of NULL", (long)malloc_usable_size(NULL));
    void *a = malloc(0), *b = malloc(0);
    say("blocks of nothing differ", a != b);
    free(a);
    free(b);
}

static void refused(void)
{
    SEEN(malloc(SIZE_MAX), 0, 16);
    SEEN(malloc((size_t)PTRDIFF_MAX + 1), 0, 16);
    SEEN(malloc((size_t)1 << 47), 0, 16);
    SEEN(calloc(SIZE_MAX, 2), 0, 16);
    SEEN(calloc((size_t)1 << 32, (size_t)1 << 32), 0, 16);
    SEEN(reallocarray(NULL, SIZE_MAX / 2, 3), 0, 16);
    SEEN(aligned_alloc(64, SIZE_MAX - 10), 0, 64);
    SEEN(memalign(4096, SIZE_MAX - 10), 0, 64);
    SEEN(valloc(SIZE_MAX - 10), 0, 64);
    SEEN(pvalloc(SIZE_MAX - 10), 0, 64);
    char *kept = malloc(100);
    memset(kept, 3, 100);
    SEEN(realloc(kept, SIZE_MAX), 0, 16);
    SEEN(realloc(kept, PTRDIFF_MAX), 0, 16);
    SEEN(reallocarray(kept, SIZE_MAX / 4, 8), 0, 16);
    say("kept", kept[0] == 3 && kept[99] == 3);
    void *block = &block;
    CODE(posix_memalign(&block, 0, 100));
    CODE(posix_memalign(&block, 3, 100));
    CODE(posix_memalign(&block, 4, 100));
    CODE(posix_memalign(&block, 24, 100));
    CODE(posix_memalign(&block, 64, SIZE_MAX - 100));
    say("untouched", block == &block);
    free(kept);
    /* Out of memory in earnest. */
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = (rlim_t)600 << 20;
    need(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
    SEEN(malloc((size_t)800 << 20), 0, 16);
    SEEN(calloc(800, 1 << 20), 0, 16);
    block = malloc(1000);
    SEEN(realloc(block, (size_t)800 << 20), 0, 16);
    CODE(posix_memalign(&block, 64, (size_t)800 << 20));
    release(block);
}

static void alignments(void)
{
    for (size_t alignment = 1; alignment <= 1 << 21; alignment *= 2) {
        say("alignment", (long)alignment);
        release(SEEN(aligned_alloc(alignment, alignment), 1, alignment));
        release(SEEN(aligned_alloc(alignment, 100), 1, alignment));
        release(SEEN(memalign(alignment, 0), 0, alignment));
        void *block = NULL;
        CODE(posix_memalign(&block, alignment, 100));
        release(block);
    }
    release(SEEN(aligned_alloc(24, 100), 1, 32));
    release(SEEN(memalign(48, 100), 1, 64));
    release(SEEN(valloc(100), 1, 4096));
    release(SEEN(pvalloc(100), 1, 4096));
}

static void reallocs(void)
{
    unsigned char *block = malloc(1);
    *block = 9;
    static const size_t wanted[] = {2, 24, 25, 4000, 100, 200000, 300000, 30000000, 200000, 1};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        errno = ERRNO_BEFORE;
        block = realloc(block, wanted[i]);
        say("errno", errno);
        say("usable", (long)malloc_usable_size(block));
        say("contents", *block);
    }
    void *same = block;
    errno = ERRNO_BEFORE;
    block = realloc(block, 1);
    say("stays", block == same && errno == ERRNO_BEFORE);
    say("to nothing", (long)SEEN(realloc(block, 0), 0, 16));
    release(SEEN(realloc(NULL, 0), 0, 16));
    release(SEEN(reallocarray(NULL, 3, 5), 15, 16));
    release(SEEN(reallocarray(NULL, 0, 5), 0, 16));
    void *aligned = aligned_alloc(4096, 4096);
    release(SEEN(realloc(aligned, 20000), 20000, 16));
}

static void sized_frees(void)
{
    for (size_t bytes = 1; bytes < 1 << 20; bytes *= 3) {
        void *block = malloc(bytes), *aligned = aligned_alloc(64, (bytes + 63) / 64 * 64);
        errno = ERRNO_BEFORE;
        if (free_sized != NULL)
            free_sized(block, bytes);
        else
            free(block);
        if (free_aligned_sized != NULL)
            free_aligned_sized(aligned, 64, (bytes + 63) / 64 * 64);
        else
            free(aligned);
        say("sized", errno);
    }
}

/* The C library's own view of its heap: nothing of ours may be in it. */
static void figures(void)
{
    void *blocks[64];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 64; i++)
            blocks[i] = malloc((size_t)i * 977);
        for (int i = 0; i < 64; i += 2)
            free(blocks[i]);
        struct mallinfo2 info = mallinfo2();
        say("arena", (long)info.arena);
        say("ordblks", (long)info.ordblks);
        say("smblks", (long)info.smblks);
        say("hblks", (long)info.hblks);
        say("hblkhd", (long)info.hblkhd);
        say("fsmblks", (long)info.fsmblks);
        say("uordblks", (long)info.uordblks);
        say("fordblks", (long)info.fordblks);
        say("keepcost", (long)info.keepcost);
        for (int i = 1; i < 64; i += 2)
            free(blocks[i]);
        CODE(malloc_trim(0));
        CODE(malloc_trim(1 << 20));
    }
    static char text[1 << 16];
    FILE *memory = fmemopen(text, sizeof text, "w");
    CODE(malloc_info(0, memory));
    CODE(malloc_info(1, memory));
    fclose(memory);
    say_bytes(text, strlen(text));
    malloc_stats();
}

static void options(void)
{
    CODE(mallopt(M_MMAP_THRESHOLD, 10000));
    CODE(mallopt(M_TRIM_THRESHOLD, 0));
    CODE(mallopt(M_TOP_PAD, 1));
    CODE(mallopt(M_PERTURB, 0x5a));
    CODE(mallopt(M_ARENA_MAX, 1));
    CODE(mallopt(M_MXFAST, 1 << 20));
    CODE(mallopt(12345, 1));
    unsigned char *block = malloc(5000);
    say("perturbed", block[0] == 0xa5 && block[4999] == 0xa5);
    free(block);
    block = malloc(20000);
    say("mapped", (long)((uintptr_t)block % 4096));
    struct mallinfo2 info = mallinfo2();
    say("hblks", (long)info.hblks);
    free(block);
    CODE(mallopt(M_MMAP_MAX, 0));
    release(SEEN(malloc(1 << 20), 1 << 20, 16));
}

/* Broken programs. */

static void twice(size_t bytes)
{
    void *block = malloc(bytes), *fence = malloc(16);
    free(block);
    free(block);
    say("survived", fence != NULL);
}

static void double_free(void)
{
    twice(40);
}

static void double_free_large(void)
{
    twice(5000);
}

static void double_free_mapped(void)
{
    twice(50 << 20);
}

static void double_free_fast(void)
{
    void *blocks[9];
    for (int i = 0; i < 9; i++)
        blocks[i] = malloc(40);
    for (int i = 0; i < 8; i++)
        free(blocks[i]);
    free(blocks[7]);
}

static void free_of_inside(void)
{
    free((char *)malloc(100) + 8);
}

static void free_of_inside_aligned(void)
{
    char *block = malloc(200);
    memset(block, 0, 200);
    free(block + 32);
}

static void free_of_stack(void)
{
    long room[8] = {0};
    free(room + 2);
}

static void free_of_wild(void)
{
    free((void *)(uintptr_t)0x123450);
}

static void free_of_constant(void)
{
    static const long constants[4] __attribute__((aligned(16))) = {0x1111, 0x2222, 0x3333, 0x4444};
    free((void *)&constants[2]);
}

static void realloc_of_inside(void)
{
    say("survived", realloc((char *)malloc(100) + 8, 1000) != NULL);
}

static void realloc_of_freed(void)
{
    void *block = malloc(5000), *fence = malloc(16);
    free(block);
    say("survived", realloc(block, 50000) != NULL && fence != NULL);
}

static void overrun(void)
{
    char *a = malloc(2000), *b = malloc(2000), *fence = malloc(16);
    memset(a, 0x41, 2016);
    free(b);
    say("survived", fence != NULL);
}

static void overrun_top(void)
{
    char *a = malloc(24);
    memset(a, 0x41, 100);
    say("survived", malloc(5000) != NULL);
}

static void overrun_list(void)
{
    char *a = malloc(40), *b = malloc(40);
    free(a);
    free(b);
    *(uintptr_t *)b = (uintptr_t)b >> 12 ^ 0x1238; /* glibc's safe-linking: leads to 0x1238 */
    malloc(40);
    say("survived", malloc(40) != NULL);
}

static sigjmp_buf out;

static void on_abort(int number)
{
    siglongjmp(out, number);
}

static void abort_survived(void)
{
    handle(SIGABRT, on_abort, 0);
    for (volatile int i = 0; i < 3; i = i + 1) {
        int number = sigsetjmp(out, 1);
        if (number == 0)
            free((char *)malloc(100) + 8);
        say("aborted", number);
        release(SEEN(malloc(1000), 1000, 16));
    }
}

static void fault_survived(void)
{
    handle(SIGSEGV, on_abort, SA_NODEFER);
    for (volatile int i = 0; i < 3; i = i + 1) {
        int number = sigsetjmp(out, 1);
        if (number == 0)
            free((void *)(uintptr_t)(0x123450 + i * 16));
        say("fault", number);
        release(SEEN(malloc(1000), 1000, 16));
    }
}

int main(int argc, char **argv)
{
    static const struct hostile_case cases[] = {
        {"sizes", sizes},
        {"refused", refused},
        {"alignments", alignments},
        {"reallocs", reallocs},
        {"sized-frees", sized_frees},
        {"figures", figures},
        {"options", options},
        {"double-free", double_free},
        {"double-free-large", double_free_large},
        {"double-free-mapped", double_free_mapped},
        {"double-free-fast", double_free_fast},
        {"free-of-inside", free_of_inside},
        {"free-of-inside-aligned", free_of_inside_aligned},
        {"free-of-stack", free_of_stack},
        {"free-of-wild", free_of_wild},
        {"free-of-constant", free_of_constant},
        {"realloc-of-inside", realloc_of_inside},
        {"realloc-of-freed", realloc_of_freed},
        {"overrun", overrun},
        {"overrun-top", overrun_top},
        {"overrun-list", overrun_list},
        {"abort-survived", abort_survived},
        {"fault-survived", fault_survived},
    };
    return HOSTILE_MAIN(cases, argc, argv);
}
