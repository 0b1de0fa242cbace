/* Somebody else's wrapper of the malloc family, preloaded beside ours: it keeps SHIFT bytes in front of each block,
   counts, and tells at the end. Like many of its kind it finds the next malloc with dlsym, and serves what dlsym itself
   asks for from a pool of its own. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>

#include "hostile.h"

#ifndef SHIFT
#define SHIFT 0
#endif

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);
static char pool[4096];
static size_t pool_used;
static long allocations, frees;
static int finding;

static void find_next(void)
{
    finding = 1;
    next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
    next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
    finding = 0;
}

static int is_pooled(const void *block)
{
    return (const char *)block >= pool && (const char *)block < pool + sizeof pool;
}

static void *from_pool(size_t bytes)
{
    char *block = pool + pool_used;
    pool_used += (bytes + 15) / 16 * 16;
    if (pool_used > sizeof pool)
        _exit(98);
    return block;
}

static void *shifted(void *block)
{
    __atomic_fetch_add(&allocations, block != NULL, __ATOMIC_RELAXED);
    return block != NULL ? (char *)block + SHIFT : NULL;
}

void *malloc(size_t bytes)
{
    if (finding)
        return from_pool(bytes);
    if (next_malloc == NULL)
        find_next();
    return shifted(next_malloc(bytes + SHIFT));
}

void *calloc(size_t count, size_t bytes)
{
    if (finding)
        return from_pool(count * bytes);
    if (next_calloc == NULL)
        find_next();
    if (SHIFT == 0)
        return shifted(next_calloc(count, bytes));
    if (__builtin_mul_overflow(count, bytes, &bytes) || bytes > (size_t)-1 - SHIFT) {
        errno = ENOMEM;
        return NULL;
    }
    return shifted(next_calloc(1, bytes + SHIFT));
}

void *realloc(void *old, size_t bytes)
{
    if (old == NULL)
        return malloc(bytes);
    if (next_realloc == NULL)
        find_next();
    return shifted(next_realloc((char *)old - SHIFT, bytes + SHIFT));
}

void free(void *block)
{
    if (block == NULL || is_pooled(block))
        return;
    __atomic_fetch_add(&frees, 1, __ATOMIC_RELAXED);
    next_free((char *)block - SHIFT);
}

__attribute__((destructor)) static void tell(void)
{
    say("wrapper: allocations", allocations);
    say("wrapper: frees", frees);
}
