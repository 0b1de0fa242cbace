/* Run a program under the preload library in a session of our own, as syseng-mem does, and print what the session holds
   when it has ended: for tests of the library alone.

   session-dump [-n] [-c] [-C CHUNKS] [-v VERSION] [-F FOLDER] [-o FILE] LIBRARY PROGRAM [ARG ...]
     -n  children are not wanted                    -c  the session is closed from the start
     -C  it has so many chunks (default 512)        -v  and this version
     -F  it lies in a file there, a file system that may be small
   The variable MORE_PRELOAD names libraries to preload behind ours.

   Prints one line per process, in order of registration. The exit status is the program's (128 + signal number). */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/record.h"
#include "wire/session.h"

static struct wire_header *session;
static const char *folder;
static uint32_t chunk_count = 512, version = WIRE_VERSION;

static void fail(const char *what)
{
    fprintf(stderr, "session-dump: %s: %s\n", what, strerror(errno));
    exit(125);
}

static int make_session(uint32_t flags, uint32_t closed)
{
    uint64_t chunks = WIRE_PAGE_BYTES + (chunk_count * sizeof(struct wire_chunk) + WIRE_PAGE_BYTES - 1) /
                                            WIRE_PAGE_BYTES * WIRE_PAGE_BYTES;
    uint64_t plans = chunks + (uint64_t)chunk_count * WIRE_CHUNK_BYTES, total = plans + WIRE_CHUNK_BYTES;
    int fd =
        folder != NULL ? open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) : memfd_create("syseng-mem", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)total) != 0)
        fail("memfd");
    session = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (session == MAP_FAILED)
        fail("mmap");
    *session = (struct wire_header){
        .magic = WIRE_MAGIC,
        .version = version,
        .flags = flags,
        .total_bytes = total,
        .directory_offset = WIRE_PAGE_BYTES,
        .chunks_offset = chunks,
        .plans_offset = plans,
        .plans_bytes = WIRE_CHUNK_BYTES,
        .chunk_count = chunk_count,
        .collector_pid = (uint32_t)getpid(),
        .closed = closed,
    };
    return fd;
}

static const struct wire_chunk *entry_at(uint32_t index)
{
    return (const struct wire_chunk *)((const uint8_t *)session + session->directory_offset) + index;
}

static const uint8_t *chunk_at(uint32_t index)
{
    return (const uint8_t *)session + session->chunks_offset + (size_t)index * WIRE_CHUNK_BYTES;
}

struct sums {
    uint64_t alloc_bytes, alloc_count, free_bytes, free_count, mapped, unmapped, released, lost;
    uint32_t slots, takeovers, rings;
};

static struct sums sum_threads(const struct wire_process *process)
{
    struct sums sums = {0};
    const uint8_t *chunk = (const uint8_t *)process;
    for (uint32_t next = process->thread_chunk_next;; next = *(const uint32_t *)(const void *)chunk) {
        const struct wire_thread *slots = (const void *)(chunk + WIRE_PROCESS_HEAD_BYTES);
        for (size_t i = 0; i < WIRE_PROCESS_THREADS; i++) {
            if (slots[i].tid == 0)
                continue;
            sums.slots++;
            sums.takeovers += slots[i].generation - 1;
            sums.rings += slots[i].ring_chunk != 0;
            sums.alloc_bytes += slots[i].heap.alloc_bytes;
            sums.alloc_count += slots[i].heap.alloc_count;
            sums.free_bytes += slots[i].heap.free_bytes;
            sums.free_count += slots[i].heap.free_count;
            sums.mapped += slots[i].mapped.alloc_bytes;
            sums.unmapped += slots[i].mapped.free_bytes;
            sums.released += slots[i].released_bytes;
            sums.lost += slots[i].lost;
        }
        if (next == 0)
            return sums;
        chunk = chunk_at(next - 1);
    }
}

static void print_process(FILE *out, const struct wire_process *process)
{
    struct sums sums = sum_threads(process);
    const char *name = strrchr(process->exe, '/');
    fprintf(out, "process %u exe=%s state=%u flags=%u allocator=%u", process->serial, name ? name + 1 : process->exe,
            process->state, process->flags, process->allocator);
    fprintf(out, " alloc_bytes=%ju alloc_count=%ju free_bytes=%ju free_count=%ju live=%jd peak=%jd",
            (uintmax_t)sums.alloc_bytes, (uintmax_t)sums.alloc_count, (uintmax_t)sums.free_bytes,
            (uintmax_t)sums.free_count, (intmax_t)process->live_bytes, (intmax_t)process->peak_bytes);
    fprintf(out, " mapped=%ju unmapped=%ju released=%ju lost=%ju slots=%u takeovers=%u rings=%u own=%ju listens=%u\n",
            (uintmax_t)sums.mapped, (uintmax_t)sums.unmapped, (uintmax_t)sums.released, (uintmax_t)sums.lost,
            sums.slots, sums.takeovers, sums.rings, (uintmax_t)process->own_bytes, process->listen_count);
}

static void print_session(FILE *out)
{
    for (uint32_t serial = 1; serial <= session->process_serial; serial++)
        for (uint32_t i = 0; i < chunk_count; i++)
            if (entry_at(i)->kind == WIRE_CHUNK_PROCESS && entry_at(i)->state == WIRE_CHUNK_READY &&
                entry_at(i)->process == serial)
                print_process(out, (const void *)chunk_at(i));
    fprintf(out, "refused=%ju\n", (uintmax_t)session->refused);
}

int main(int argc, char **argv)
{
    uint32_t flags = WIRE_WANT_CHILDREN, closed = 0;
    FILE *out = stdout;
    int option;
    while ((option = getopt(argc, argv, "+ncC:F:v:o:")) != -1) {
        if (option == 'n')
            flags = 0;
        else if (option == 'c')
            closed = 1;
        else if (option == 'C')
            chunk_count = (uint32_t)atoi(optarg);
        else if (option == 'v')
            version = (uint32_t)atoi(optarg);
        else if (option == 'F')
            folder = optarg;
        else if (option == 'o' && (out = fopen(optarg, "we")) == NULL)
            fail(optarg);
    }
    if (argc - optind < 2)
        return 2;
    int fd = make_session(flags, closed);
    pid_t pid = fork();
    if (pid == 0) {
        char channel[64], preload[4096];
        const char *more = getenv("MORE_PRELOAD");
        snprintf(channel, sizeof channel, "/proc/%d/fd/%d", (int)getppid(), fd);
        snprintf(preload, sizeof preload, "%s%s%s", argv[optind], more ? ":" : "", more ? more : "");
        setenv("SESSION_VIEW", channel, 1);
        setenv(WIRE_ENV_CHANNEL, channel, 1);
        setenv("LD_PRELOAD", preload, 1);
        execvp(argv[optind + 1], argv + optind + 1);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        fail("child");
    print_session(out);
    fclose(out);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
