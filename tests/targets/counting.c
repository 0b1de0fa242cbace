/* A preload library that counts, written apart from ours and as simple as can be: every call of the malloc family that
   hands out or takes back a block, and the bytes that were asked for, of all processes together, in the file that
   $COUNTING names: three numbers of 8 bytes, allocations, frees, bytes. A realloc of a block is one of each. The
   program $COUNTING_NOT is left out. It stands on glibc's own names for its functions, so that it works from the first
   call of the loader on. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *block, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void __libc_free(void *block);
extern void *__libc_stack_end;

static struct {
    _Atomic uint64_t allocs, frees, bytes;
} * _Atomic counters;

/* From the stack that the kernel made: libc's environ is not yet set up when the loader first allocates. */
static const char *variable(const char *name)
{
    char **word = (char **)__libc_stack_end + 1;
    while (*word != NULL)
        word++;
    for (word++; *word != NULL; word++) {
        size_t length = strlen(name);
        if (strncmp(*word, name, length) == 0 && (*word)[length] == '=')
            return *word + length + 1;
    }
    return NULL;
}

static void open_counters(void)
{
    char self[4096];
    const char *path = variable("COUNTING"), *excepted = variable("COUNTING_NOT");
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    int fd = path != NULL && (excepted == NULL || strcmp(self, excepted) != 0) ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (at != MAP_FAILED)
        counters = at;
    if (fd >= 0)
        close(fd);
}

static void count(uint64_t allocs, uint64_t frees, uint64_t bytes)
{
    static _Atomic int tried;
    int saved_errno = errno;
    if (counters == NULL && atomic_exchange(&tried, 1) == 0)
        open_counters();
    errno = saved_errno;
    if (counters == NULL)
        return;
    atomic_fetch_add(&counters->allocs, allocs);
    atomic_fetch_add(&counters->frees, frees);
    atomic_fetch_add(&counters->bytes, bytes);
}

static void *counted(void *block, size_t bytes)
{
    if (block != NULL)
        count(1, 0, bytes);
    return block;
}

void *malloc(size_t bytes)
{
    return counted(__libc_malloc(bytes), bytes);
}

void *calloc(size_t number, size_t bytes)
{
    return counted(__libc_calloc(number, bytes), number * bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return counted(__libc_memalign(alignment, bytes), bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    void *got = memalign(alignment, bytes);
    if (got == NULL)
        return ENOMEM;
    *block = got;
    return 0;
}

void free(void *block)
{
    if (block != NULL)
        count(0, 1, 0);
    __libc_free(block);
}

void *realloc(void *old, size_t bytes)
{
    void *block = __libc_realloc(old, bytes);
    if (block != NULL)
        count(1, old != NULL, bytes);
    else if (old != NULL && bytes == 0)
        count(0, 1, 0);
    return block;
}

void *reallocarray(void *old, size_t number, size_t bytes)
{
    size_t product;
    if (__builtin_mul_overflow(number, bytes, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, product);
}
