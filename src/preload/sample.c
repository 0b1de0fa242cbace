/* What a line stop measures: the thread's heap, the process's resident set, page faults.

   Reading the resident set (pread of /proc/self/statm) is the dearest part, so it is left out when nothing can have
   changed: the thread's page faults and its allocation counters are what they were, and there is no other thread. */

#include "preload/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "preload/signals.h"
#include "preload/stops.h"
#include "preload/syscalls.h"
#include "preload/words.h"

#define STATM "/proc/self/statm"
#define FDS "/proc/self/fd/"
#define PATH_BYTES 64
#define STATM_FD_WANTED 1000 /* out of the way of programs that count on getting low numbers */
#define CALIBRATION_PAGES 64

static int statm_fd = -1;
static volatile bool no_system_calls;

static GUEST_TLS struct {
    struct wire_thread *thread; /* whose figures these are: another slot after a fork */
    uint64_t faults, activity, rss_bytes;
} last;

extern char __libc_single_threaded __attribute__((weak));

static bool has_many_threads(void)
{
    return &__libc_single_threaded == NULL || !__libc_single_threaded;
}

void stops_no_system_calls(void)
{
    if (!guest_sandboxed)
        signals_leave_ending();
    no_system_calls = true;
    guest_sandboxed = true;
    if (guest.process != NULL)
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_SECCOMP, memory_order_relaxed);
}

static long high_descriptor(int fd)
{
    struct rlimit limit;
    long wanted = STATM_FD_WANTED;
    if (raw_syscall4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit) == 0 && limit.rlim_cur <= STATM_FD_WANTED)
        wanted = (long)limit.rlim_cur - 1;
    return raw_syscall3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, wanted);
}

/* Whether the number still stands for our file, of this process or of one that shares its descriptors: the program may
   have closed it, and have one of its own there. */
static bool is_statm(int fd)
{
    static const char name[] = "/statm";
    char path[32], link[PATH_BYTES];
    size_t used = 0;
    if (!words_append(path, &used, sizeof path, FDS, sizeof FDS - 1) ||
        !words_append_number(path, &used, sizeof path, (unsigned)fd))
        return false;
    long length = raw_syscall3(SYS_readlink, (long)path, (long)link, sizeof link - 1);
    link[length > 0 ? length : 0] = '\0';
    return words_begin(link, "/proc/") && length >= (long)sizeof name &&
           words_begin(link + length - (sizeof name - 1), name);
}

void sample_close(void)
{
    if (statm_fd >= 0 && is_statm(statm_fd))
        raw_syscall3(SYS_close, statm_fd, 0, 0);
    statm_fd = -1;
}

void sample_open(void)
{
    sample_close();
    long fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)STATM, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    statm_fd = (int)high_descriptor((int)fd);
    raw_syscall3(SYS_close, fd, 0, 0);
}

/* The second of the seven numbers that statm consists of, 0 when the text is something else: the program may have
   closed our descriptor and got its number for a file of its own. */
static uint64_t parse_statm(const char *text, long length)
{
    uint64_t number = 0, resident = 0;
    int count = 0;
    for (long i = 0; i < length; i++) {
        char c = text[i];
        if (c >= '0' && c <= '9') {
            number = number * 10 + (uint64_t)(c - '0');
        } else if (c == ' ' || c == '\n') {
            if (++count == 2)
                resident = number;
            number = 0;
        } else {
            return 0;
        }
    }
    return count == 7 ? resident : 0;
}

static uint64_t read_statm(void)
{
    char text[160];
    if (statm_fd < 0)
        return 0;
    long length = raw_syscall4(SYS_pread64, statm_fd, (long)text, sizeof text, 0);
    return length > 0 ? parse_statm(text, length) : 0;
}

uint64_t sample_rss(void)
{
    uint64_t pages = read_statm();
    if (pages == 0) {
        sample_open();
        pages = read_statm();
    }
    if (pages == 0 && guest.process != NULL)
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_NO_RSS, memory_order_relaxed);
    return pages * WIRE_PAGE_BYTES;
}

uint64_t sample_granularity(void)
{
    long at = raw_syscall6(SYS_mmap, 0, CALIBRATION_PAGES * WIRE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096)
        return 0;
    volatile char *pages = (volatile char *)at;
    uint64_t first = sample_rss(), worst = 0;
    for (uint64_t i = 0; first != 0 && i < CALIBRATION_PAGES; i++) {
        pages[i * WIRE_PAGE_BYTES] = 1;
        uint64_t expected = first + (i + 1) * WIRE_PAGE_BYTES, seen = sample_rss();
        uint64_t late = seen > expected ? seen - expected : expected - seen;
        worst = late > worst ? late : worst;
    }
    raw_syscall3(SYS_munmap, at, CALIBRATION_PAGES * WIRE_PAGE_BYTES, 0);
    return worst;
}

static uint64_t load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static uint64_t faults_of(int who)
{
    struct rusage usage;
    if (raw_syscall3(SYS_getrusage, who, (long)&usage, 0) != 0)
        return 0;
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

/* Changes with every call of the thread that can move its heap or give pages back. */
static uint64_t activity_of(const struct wire_thread *thread)
{
    return load(&thread->heap.alloc_count) + load(&thread->heap.free_count) + load(&thread->mapped.alloc_count) +
           load(&thread->mapped.free_count) + load(&thread->released_bytes);
}

static uint64_t own_subtracted(uint64_t rss)
{
    uint64_t own = load(&guest.process->own_bytes);
    return rss > own ? rss - own : 0;
}

void sample_take(struct wire_thread *thread, struct wire_record *record)
{
    record->heap_bytes = (int64_t)(load(&thread->heap.alloc_bytes) - load(&thread->heap.free_bytes));
    record->released_bytes = load(&thread->released_bytes);
    if (no_system_calls)
        return;
    bool many = has_many_threads();
    uint64_t faults = faults_of(RUSAGE_THREAD), activity = activity_of(thread);
    if (many || last.thread != thread || last.faults != faults || last.activity != activity) {
        uint64_t rss = sample_rss();
        if (rss == 0)
            return;
        last.thread = thread;
        last.faults = faults;
        last.activity = activity;
        last.rss_bytes = own_subtracted(rss);
        atomic_store_explicit(&guest.process->last_rss_bytes, last.rss_bytes, memory_order_relaxed);
    }
    record->flags |= WIRE_RECORD_HAS_RSS;
    record->rss_bytes = last.rss_bytes;
    record->faults = faults;
    if (many) {
        record->flags |= WIRE_RECORD_MANY_THREADS;
        record->faults_self = faults_of(RUSAGE_SELF);
        record->released_self = load(&guest.process->released_bytes);
    }
}
