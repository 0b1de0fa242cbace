/* A test program's look at its own process's place in the session. */

#include "session-view.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/session.h"

static const struct wire_header *view_session;

static const void *view_chunk(uint32_t index)
{
    return (const uint8_t *)view_session + view_session->chunks_offset + (size_t)index * WIRE_CHUNK_BYTES;
}

bool view_open(void)
{
    const char *path = getenv("SESSION_VIEW"); /* set by session-dump: the library hides its own word */
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    long at = syscall(SYS_mmap, NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (at == -1)
        return false;
    view_session = (const struct wire_header *)at;
    return true;
}

/* This process's place, NULL when it has none. */
static const struct wire_process *view_process(void)
{
    if (view_session == NULL)
        return NULL;
    const struct wire_chunk *directory =
        (const struct wire_chunk *)((const uint8_t *)view_session + view_session->directory_offset);
    const struct wire_process *newest = NULL;
    for (uint32_t i = 0; i < view_session->chunk_count; i++) {
        const struct wire_process *process = view_chunk(i);
        if (directory[i].kind == WIRE_CHUNK_PROCESS && directory[i].state == WIRE_CHUNK_READY &&
            process->pid == (uint32_t)getpid() && (newest == NULL || process->serial > newest->serial))
            newest = process;
    }
    return newest;
}

struct view_sums view_sum(void)
{
    struct view_sums sums = {0};
    const struct wire_process *process = view_process();
    if (process == NULL)
        return sums;
    sums.live_bytes = process->live_bytes;
    sums.peak_bytes = process->peak_bytes;
    sums.own_bytes = process->own_bytes;
    sums.serial = process->serial;
    const uint8_t *chunk = (const uint8_t *)process;
    for (uint32_t next = process->thread_chunk_next;; next = *(const uint32_t *)(const void *)chunk) {
        const struct wire_thread *slots = (const void *)(chunk + WIRE_PROCESS_HEAD_BYTES);
        for (size_t i = 0; i < WIRE_PROCESS_THREADS && slots[i].tid != 0; i++) {
            sums.slots++;
            sums.takeovers += slots[i].generation - 1;
            sums.alloc_bytes += slots[i].heap.alloc_bytes;
            sums.alloc_count += slots[i].heap.alloc_count;
            sums.free_bytes += slots[i].heap.free_bytes;
            sums.free_count += slots[i].heap.free_count;
            sums.mapped_bytes += slots[i].mapped.alloc_bytes;
            sums.mapped_count += slots[i].mapped.alloc_count;
            sums.unmapped_bytes += slots[i].mapped.free_bytes;
            sums.unmapped_count += slots[i].mapped.free_count;
        }
        if (next == 0)
            return sums;
        chunk = view_chunk(next - 1);
    }
}
