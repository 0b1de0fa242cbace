/* A program that brings a malloc of its own: blocks of powers of two, in lists, from one mapping. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "hostile.h"

#define HEAP_BYTES ((size_t)64 << 20)
#define HEADER 16

static char *heap;
static size_t heap_used;
static void *lists[40];
static long allocations, frees;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static unsigned class_of(size_t bytes)
{
    unsigned class = 5;
    while (((size_t)1 << class) < bytes + HEADER)
        class ++;
    return class;
}

static void *take(unsigned class)
{
    if (lists[class] != NULL) {
        void *block = lists[class];
        lists[class] = *(void **)block;
        return block;
    }
    if (heap == NULL)
        heap = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (heap == MAP_FAILED || heap_used + ((size_t)1 << class) > HEAP_BYTES)
        return NULL;
    char *block = heap + heap_used + HEADER;
    heap_used += (size_t)1 << class;
    *(unsigned *)(block - HEADER) = class;
    return block;
}

void *malloc(size_t bytes)
{
    void *block = NULL;
    if (bytes < HEAP_BYTES) {
        pthread_mutex_lock(&mutex);
        block = take(class_of(bytes));
        allocations += block != NULL;
        pthread_mutex_unlock(&mutex);
    }
    if (block == NULL)
        errno = ENOMEM;
    return block;
}

void free(void *block)
{
    if (block == NULL)
        return;
    pthread_mutex_lock(&mutex);
    unsigned class = *(unsigned *)((char *)block - HEADER);
    *(void **)block = lists[class];
    lists[class] = block;
    frees++;
    pthread_mutex_unlock(&mutex);
}

void *calloc(size_t count, size_t bytes)
{
    if (__builtin_mul_overflow(count, bytes, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = malloc(bytes);
    return block != NULL ? memset(block, 0, bytes) : NULL;
}

void *realloc(void *old, size_t bytes)
{
    void *block = malloc(bytes);
    if (old == NULL || block == NULL)
        return block;
    size_t old_bytes = ((size_t)1 << *(unsigned *)((char *)old - HEADER)) - HEADER;
    memcpy(block, old, old_bytes < bytes ? old_bytes : bytes);
    free(old);
    return block;
}

static void use_memory(void)
{
    FILE *file = tmpfile();
    for (int i = 0; file != NULL && i < 1000; i++) {
        void *block = malloc((size_t)i * 7);
        fprintf(file, "%d\n", i);
        free(realloc(block, (size_t)i * 9));
    }
    if (file != NULL)
        fclose(file);
}

static void *short_life(void *data)
{
    use_memory();
    return data;
}

int main(void)
{
    pthread_t thread;
    use_memory();
    need(pthread_create(&thread, NULL, short_life, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    say("allocations", allocations);
    say("frees", frees);
    return 0;
}
