/* The session's shared memory: a sealed memfd that traced processes open through our /proc entry, so that only who may
   look into our process (same user) can reach it. */

#include "collector/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/pid-namespace.h"
#include "wire/event.h"

#define CHUNK_COUNT 2048u
#define PLANS_BYTES ((uint64_t)64 << 20)
#define DIRECTORY_OFFSET WIRE_PAGE_BYTES

static uint64_t round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

/* The limit of file sizes (ulimit -f) is meant for files on a disk. The hard one is in force all the same. */
static int set_size(int fd, uint64_t bytes)
{
    struct rlimit limit;
    bool is_limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < limit.rlim_max;
    if (is_limited)
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit.rlim_max, limit.rlim_max});
    int code = ftruncate(fd, (off_t)bytes) == 0 ? 0 : -errno;
    if (is_limited)
        setrlimit(RLIMIT_FSIZE, &limit);
    return code;
}

int memory_open(struct memory *memory, uint32_t flags, struct err *err)
{
    uint64_t chunks = round_up(DIRECTORY_OFFSET + CHUNK_COUNT * sizeof(struct wire_chunk), WIRE_CHUNK_BYTES);
    uint64_t plans = chunks + (uint64_t)CHUNK_COUNT * WIRE_CHUNK_BYTES;
    *memory = (struct memory){.fd = -1, .total_bytes = plans + PLANS_BYTES, .chunk_count = CHUNK_COUNT, .flags = flags};

    memory->fd = memfd_create("syseng-mem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory->fd < 0)
        return err_set(err, -errno, "shared memory: %s; memfd_create must be permitted", strerror(errno));
    /* Pages come when they are touched; those that we write ourselves must not be refused then. */
    int size_code = set_size(memory->fd, memory->total_bytes);
    if (size_code != 0) {
        memory_close(memory);
        return err_set(err, size_code, "shared memory: %s%s", strerror(-size_code),
                       size_code == -EFBIG ? "; raise the limit of file sizes (ulimit -f)" : "");
    }
    if (fchmod(memory->fd, 0600) != 0 || fallocate(memory->fd, 0, 0, (off_t)chunks) != 0 ||
        fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        int code = -errno;
        memory_close(memory);
        return err_set(err, code, "shared memory: %s", strerror(-code));
    }
    memory->taken = calloc(CHUNK_COUNT, sizeof *memory->taken);
    if (memory->taken == NULL) {
        memory_close(memory);
        return err_set(err, -ENOMEM, "out of memory");
    }
    void *bytes = mmap(NULL, memory->total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memory->fd, 0);
    if (bytes == MAP_FAILED) {
        int code = -errno;
        memory_close(memory);
        return err_set(err, code, "shared memory: %s; raise the limit of virtual memory (ulimit -v)", strerror(-code));
    }
    memory->bytes = bytes;
    memory->header = bytes;
    memory->directory = (struct wire_chunk *)(memory->bytes + DIRECTORY_OFFSET);
    *memory->header = (struct wire_header){
        .magic = WIRE_MAGIC,
        .version = WIRE_VERSION,
        .flags = flags,
        .total_bytes = memory->total_bytes,
        .directory_offset = DIRECTORY_OFFSET,
        .chunks_offset = chunks,
        .plans_offset = plans,
        .plans_bytes = PLANS_BYTES,
        .chunk_count = CHUNK_COUNT,
        .collector_pid = (uint32_t)getpid(),
        .pid_namespace = memory->pid_namespace = pid_namespace_own(),
    };
    snprintf(memory->channel, sizeof memory->channel, "/proc/%d/fd/%d", (int)getpid(), memory->fd);
    return 0;
}

void memory_close(struct memory *memory)
{
    if (memory->bytes != NULL)
        munmap(memory->bytes, memory->total_bytes);
    if (memory->fd >= 0)
        close(memory->fd);
    free(memory->taken);
    memory->taken = NULL;
    memory->bytes = NULL;
    memory->fd = -1;
}

static void *chunk_bytes(const struct memory *memory, uint32_t index)
{
    /* The header is writable by the traced program: take the layout from our own copy, never from there. */
    size_t chunks = memory->total_bytes - PLANS_BYTES - (size_t)CHUNK_COUNT * WIRE_CHUNK_BYTES;
    return memory->bytes + chunks + (size_t)index * WIRE_CHUNK_BYTES;
}

void *memory_chunk(const struct memory *memory, uint32_t index, uint32_t kind)
{
    if (index >= memory->chunk_count)
        return NULL;
    struct wire_chunk *entry = &memory->directory[index];
    if (atomic_load_explicit(&entry->state, memory_order_acquire) != WIRE_CHUNK_READY || entry->kind != kind)
        return NULL;
    return chunk_bytes(memory, index);
}

void *memory_chunks(const struct memory *memory, uint32_t index, uint32_t count, uint32_t kind)
{
    void *first = memory_chunk(memory, index, kind);
    for (uint32_t i = 1; first != NULL && i < count; i++)
        if (memory_chunk(memory, index + i, WIRE_CHUNK_MORE) == NULL)
            return NULL;
    return first;
}

bool memory_take(const struct memory *memory, uint32_t index, uint32_t count)
{
    if (index >= memory->chunk_count || count > memory->chunk_count - index ||
        memchr(memory->taken + index, 1, count) != NULL)
        return false;
    memset(memory->taken + index, 1, count);
    return true;
}

void memory_release(const struct memory *memory, uint32_t index, uint32_t count)
{
    memset(memory->taken + index, 0, count);
}

void memory_free_chunk(struct memory *memory, uint32_t index)
{
    if (index >= memory->chunk_count)
        return;
    uint32_t count = 1;
    while (count < WIRE_EVENT_RING_CHUNKS && memory_chunk(memory, index + count, WIRE_CHUNK_MORE) != NULL)
        count++;
    off_t offset = (uint8_t *)chunk_bytes(memory, index) - memory->bytes;
    fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, (off_t)count * WIRE_CHUNK_BYTES);
    while (count-- > 0)
        atomic_store_explicit(&memory->directory[index + count].state, WIRE_CHUNK_FREE, memory_order_release);
}

uint64_t memory_add_plan(struct memory *memory, const void *plan, size_t bytes)
{
    if (bytes > PLANS_BYTES - memory->plans_used)
        return 0;
    uint64_t offset = memory->total_bytes - PLANS_BYTES + memory->plans_used;
    if (fallocate(memory->fd, 0, (off_t)offset, (off_t)bytes) != 0) /* memory is short: a signal would tell us so */
        return 0;
    memcpy(memory->bytes + offset, plan, bytes);
    memory->plans_used += round_up(bytes, WIRE_PAGE_BYTES);
    return offset;
}
