// The C++ operators, each by name. Standard output is the same with and without the library; with a session, counters are
// compared with the sum of malloc_usable_size, and differences go to standard error.

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <vector>

#include "session-view.h"

static bool has_session;
static struct view_sums before;

static void begin()
{
    if (has_session)
        before = view_sum();
}

static void counted(const char *what, uint64_t alloc_bytes, uint64_t allocs, uint64_t free_bytes, uint64_t frees)
{
    if (!has_session)
        return;
    struct view_sums now = view_sum();
    if (now.alloc_bytes - before.alloc_bytes != alloc_bytes || now.alloc_count - before.alloc_count != allocs ||
        now.free_bytes - before.free_bytes != free_bytes || now.free_count - before.free_count != frees)
        fprintf(stderr, "%s: counted +%ju in %ju, -%ju in %ju; expected +%ju in %ju, -%ju in %ju\n", what,
                (uintmax_t)(now.alloc_bytes - before.alloc_bytes), (uintmax_t)(now.alloc_count - before.alloc_count),
                (uintmax_t)(now.free_bytes - before.free_bytes), (uintmax_t)(now.free_count - before.free_count),
                (uintmax_t)alloc_bytes, (uintmax_t)allocs, (uintmax_t)free_bytes, (uintmax_t)frees);
}

// One operator new and the operator delete that belongs to it.
#define PAIR(name, new_call, delete_call, alignment)                                                                   \
    do {                                                                                                               \
        begin();                                                                                                       \
        void *block = new_call;                                                                                        \
        size_t usable = malloc_usable_size(block);                                                                     \
        counted("new " name, usable, 1, 0, 0);                                                                         \
        printf("%s: %s %s\n", name, usable >= size ? "large enough" : "too small",                                     \
               (uintptr_t)block % (alignment) == 0 ? "aligned" : "not aligned");                                       \
        begin();                                                                                                       \
        delete_call;                                                                                                   \
        counted("delete " name, 0, 0, usable, 1);                                                                      \
    } while (0)

static void test_pairs(size_t size)
{
    const std::nothrow_t &no = std::nothrow;
    const std::align_val_t al{256};
    PAIR("plain", operator new(size), operator delete(block), 16);
    PAIR("array", operator new[](size), operator delete[](block), 16);
    PAIR("sized", operator new(size), operator delete(block, size), 16);
    PAIR("sized array", operator new[](size), operator delete[](block, size), 16);
    PAIR("nothrow", operator new(size, no), operator delete(block, no), 16);
    PAIR("nothrow array", operator new[](size, no), operator delete[](block, no), 16);
    PAIR("aligned", operator new(size, al), operator delete(block, al), 256);
    PAIR("aligned array", operator new[](size, al), operator delete[](block, al), 256);
    PAIR("aligned sized", operator new(size, al), operator delete(block, size, al), 256);
    PAIR("aligned sized array", operator new[](size, al), operator delete[](block, size, al), 256);
    PAIR("aligned nothrow", operator new(size, al, no), operator delete(block, al, no), 256);
    PAIR("aligned nothrow array", operator new[](size, al, no), operator delete[](block, al, no), 256);
}

static int handled;
static void *from_handler;

static void handler()
{
    handled++;
    if (from_handler == nullptr)
        from_handler = malloc(1000);
    if (handled % 3 == 0)
        throw std::bad_alloc();
}

static void test_failure()
{
    volatile size_t huge = SIZE_MAX / 2 - 100;
    try {
        operator delete(operator new(huge));
    } catch (const std::bad_alloc &) {
        printf("bad_alloc from new\n");
    }
    try {
        operator delete[](operator new[](huge, std::align_val_t{64}), std::align_val_t{64});
    } catch (const std::bad_alloc &) {
        printf("bad_alloc from aligned new[]\n");
    }
    printf("nothrow new: %s\n", operator new(huge, std::nothrow) == nullptr ? "NULL" : "block");

    std::set_new_handler(handler);
    begin();
    uint64_t expected = 0, count = 0;
    try {
        operator delete(operator new(huge));
    } catch (const std::bad_alloc &) {
        printf("the handler was called %d times\n", handled);
        expected = malloc_usable_size(from_handler);
        count = 1;
    }
    if (has_session) { // the exception object itself was allocated and freed on the way
        struct view_sums now = view_sum();
        if (now.alloc_count - before.alloc_count < count || now.alloc_bytes - before.alloc_bytes < expected)
            fprintf(stderr, "the new handler's block was not counted\n");
        if (now.alloc_count - before.alloc_count - (now.free_count - before.free_count) != count)
            fprintf(stderr, "a failed operator new was counted\n");
    }
    free(from_handler);
    std::set_new_handler(nullptr);
}

int main()
{
    static char buffer[1 << 16];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    has_session = view_open();
    operator delete(nullptr);
    test_pairs(1);
    test_pairs(100);
    test_pairs(1000000);
    std::vector<int> numbers;
    for (int i = 0; i < 1000; i++)
        numbers.push_back(i);
    printf("%d\n", numbers[999]);
    fflush(stdout);
    test_failure(); // last: some allocators abort here
    return 0;
}
