/* Two events per CPU share a ring: one samples and is switched on and off, the other is always on and tells of
   mappings, forks, execs and exits. They are inherited by all that the process starts; the kernel allows a ring for
   inherited events per CPU only. */

#include "sampler/rings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sampler/records.h"

/* As much as a frame with a buffer of some KiB needs, beside its callers. A record must stay below 64 KiB. */
#define STACK_BYTES 16384u
/* Data pages of a ring: the first that the kernel has room for. An ordinary user gets 128 (perf_event_mlock_kb). */
#define PAGES_FIRST 256u
#define PAGES_LAST 16u
#define RECORD_BYTES_MOST 65536u
#define PARANOID "/proc/sys/kernel/perf_event_paranoid"

struct ring {
    int samples_fd, tasks_fd;
    struct perf_event_mmap_page *head; /* and the data behind it */
    size_t data_bytes;                 /* a power of two */
    uint64_t tail;                     /* read up to here */
    uint64_t next_time_ns;             /* of the record at `tail`, valid when next_size is not 0 */
    size_t next_size;
};

struct rings {
    struct ring *items;
    size_t count;
    size_t page_bytes;
    struct rings_options options;
    bool user_only;
    struct ring *taken;                      /* whose record was handed out and is not given back yet */
    uint8_t straightened[RECORD_BYTES_MOST]; /* a record that wraps around the end of its ring */
};

static int open_event(struct perf_event_attr *attr, pid_t pid, int cpu)
{
    int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

static struct perf_event_attr attributes(const struct rings *rings)
{
    return (struct perf_event_attr){
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(struct perf_event_attr),
        .inherit = 1,
        .inherit_thread = rings->options.no_children, /* since Linux 5.13 */
        .exclude_kernel = rings->user_only,
        .exclude_hv = 1,
        .sample_id_all = 1,
        .sample_type = RECORDS_SAMPLE_TYPE,
        .sample_regs_user = RECORDS_REGISTERS,
        .sample_stack_user = STACK_BYTES,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
    };
}

static int open_samples(const struct rings *rings, pid_t pid, int cpu)
{
    struct perf_event_attr attr = attributes(rings);
    attr.config = PERF_COUNT_SW_TASK_CLOCK;
    attr.sample_period = rings->options.interval_ns;
    attr.disabled = 1;
    attr.enable_on_exec = rings->options.from_exec;
    attr.watermark = 1; /* of 0 bytes: we are woken when half of the ring is full */
    return open_event(&attr, pid, cpu);
}

static int open_tasks(const struct rings *rings, pid_t pid, int cpu)
{
    struct perf_event_attr attr = attributes(rings);
    attr.config = PERF_COUNT_SW_DUMMY;
    attr.mmap = attr.mmap2 = 1;
    attr.comm = attr.comm_exec = 1;
    attr.task = 1;
    return open_event(&attr, pid, cpu);
}

static void close_ring(const struct rings *rings, struct ring *ring)
{
    if (ring->head != NULL)
        munmap(ring->head, rings->page_bytes + ring->data_bytes);
    if (ring->tasks_fd >= 0)
        close(ring->tasks_fd);
    if (ring->samples_fd >= 0)
        close(ring->samples_fd);
}

/* The largest ring that there is room for. */
static int map_ring(const struct rings *rings, struct ring *ring)
{
    for (size_t pages = PAGES_FIRST; pages >= PAGES_LAST; pages /= 2) {
        ring->data_bytes = pages * rings->page_bytes;
        void *at =
            mmap(NULL, rings->page_bytes + ring->data_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->samples_fd, 0);
        if (at != MAP_FAILED) {
            ring->head = at;
            return 0;
        }
    }
    return -errno;
}

static long paranoid(void)
{
    char text[16] = "";
    int fd = open(PARANOID, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    return length > 0 ? strtol(text, NULL, 10) : -1;
}

/* Why the events cannot be had. */
static int explain(int code, struct err *err)
{
    switch (code) {
    case -EACCES:
    case -EPERM:
        if (paranoid() > 2)
            return err_set(err, code,
                           "the kernel lets only root sample (kernel.perf_event_paranoid is %ld); as root: sysctl "
                           "kernel.perf_event_paranoid=2",
                           paranoid());
        return err_set(err, code,
                       "perf_event_open is forbidden here, as in most containers; start the container with a seccomp "
                       "profile that allows it (docker run --cap-add PERFMON, or --security-opt seccomp=unconfined)");
    case -ENOSYS:
        return err_set(err, code,
                       "perf_event_open is not there: the kernel was built without it, or a sandbox hides it");
    case -EMFILE:
    case -ENFILE:
        return err_set(err, code, "too few file descriptors: two per CPU are needed; raise the limit (ulimit -n)");
    case -ENOMEM:
        return err_set(err, code, "out of memory");
    default:
        return err_set(err, code, "perf_event_open: %s", strerror(-code));
    }
}

static int explain_mapping(int code, struct err *err)
{
    return err_set(err, code,
                   "no memory may be locked for the samples (%s); raise kernel.perf_event_mlock_kb, or the limit of "
                   "locked memory (ulimit -l)",
                   strerror(-code));
}

static int open_ring(struct rings *rings, pid_t pid, int cpu, struct err *err)
{
    struct ring *ring = &rings->items[rings->count];
    *ring = (struct ring){.samples_fd = -1, .tasks_fd = -1};
    int fd = open_samples(rings, pid, cpu);
    if ((fd == -EACCES || fd == -EPERM) && !rings->user_only && rings->count == 0) {
        rings->user_only = true;
        fd = open_samples(rings, pid, cpu);
    }
    if (fd == -ENODEV) /* the CPU is off */
        return 0;
    if (fd < 0)
        return explain(fd, err);
    ring->samples_fd = fd;
    rings->count++; /* rings_close releases it from now on */
    int code = map_ring(rings, ring);
    if (code != 0)
        return explain_mapping(code, err);
    ring->tasks_fd = open_tasks(rings, pid, cpu);
    if (ring->tasks_fd < 0)
        return explain(ring->tasks_fd, err);
    if (ioctl(ring->tasks_fd, PERF_EVENT_IOC_SET_OUTPUT, ring->samples_fd) != 0)
        return err_set(err, -errno, "perf_event_open: two events cannot share a ring: %s", strerror(errno));
    return 0;
}

int rings_open(pid_t pid, const struct rings_options *options, struct rings **out, struct err *err)
{
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    struct rings *rings = calloc(1, sizeof *rings);
    int code = 0;
    if (rings == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    rings->options = *options;
    rings->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    rings->items = calloc((size_t)(cpus > 0 ? cpus : 1), sizeof *rings->items);
    if (rings->items == NULL)
        code = err_set(err, -ENOMEM, "out of memory");
    for (int cpu = 0; cpu < cpus && code == 0; cpu++)
        code = open_ring(rings, pid, cpu, err);
    if (code == 0) {
        *out = rings;
        return 0;
    }
    rings_close(rings);
    return code;
}

void rings_close(struct rings *rings)
{
    if (rings == NULL)
        return;
    for (size_t i = 0; i < rings->count; i++)
        close_ring(rings, &rings->items[i]);
    free(rings->items);
    free(rings);
}

bool rings_is_user_only(const struct rings *rings)
{
    return rings->user_only;
}

void rings_switch(struct rings *rings, bool on)
{
    for (size_t i = 0; i < rings->count; i++)
        ioctl(rings->items[i].samples_fd, on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
}

uint64_t rings_cpu_ns(const struct rings *rings)
{
    uint64_t sum = 0, count;
    for (size_t i = 0; i < rings->count; i++)
        if (read(rings->items[i].samples_fd, &count, sizeof count) == (ssize_t)sizeof count)
            sum += count;
    return sum;
}

size_t rings_poll(const struct rings *rings, struct pollfd *items)
{
    for (size_t i = 0; i < rings->count && items != NULL; i++)
        items[i] = (struct pollfd){.fd = rings->items[i].samples_fd, .events = POLLIN};
    return rings->count;
}

/* Copy out of the data from `at` on, around its end. */
static void copy_out(const struct rings *rings, const struct ring *ring, uint64_t at, void *out, size_t bytes)
{
    const uint8_t *data = (const uint8_t *)ring->head + rings->page_bytes;
    size_t offset = at & (ring->data_bytes - 1), first = ring->data_bytes - offset;
    first = first < bytes ? first : bytes;
    memcpy(out, data + offset, first);
    memcpy((uint8_t *)out + first, data, bytes - first);
}

static const uint8_t *straighten(struct rings *rings, const struct ring *ring, size_t bytes)
{
    size_t offset = ring->tail & (ring->data_bytes - 1);
    if (offset + bytes <= ring->data_bytes)
        return (const uint8_t *)ring->head + rings->page_bytes + offset;
    copy_out(rings, ring, ring->tail, rings->straightened, bytes);
    return rings->straightened;
}

/* Look at the record at the ring's tail. False when there is none. */
static bool look(struct rings *rings, struct ring *ring)
{
    struct perf_event_header header;
    uint64_t written = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE);
    if (ring->next_size != 0)
        return true;
    if (written - ring->tail < sizeof header)
        return false;
    copy_out(rings, ring, ring->tail, &header, sizeof header);
    if (header.size < sizeof header || header.size > written - ring->tail) {
        ring->tail = written; /* cannot be: begin anew behind it */
        return false;
    }
    ring->next_size = header.size;
    if (!record_time(straighten(rings, ring, header.size), header.size, &ring->next_time_ns))
        ring->next_time_ns = 0;
    return true;
}

static void give_back(struct rings *rings)
{
    struct ring *ring = rings->taken;
    if (ring == NULL)
        return;
    ring->tail += ring->next_size;
    ring->next_size = 0;
    __atomic_store_n(&ring->head->data_tail, ring->tail, __ATOMIC_RELEASE);
    rings->taken = NULL;
}

const uint8_t *rings_next(struct rings *rings, uint64_t before_ns, size_t *size)
{
    struct ring *first = NULL;
    give_back(rings);
    for (size_t i = 0; i < rings->count; i++) {
        struct ring *ring = &rings->items[i];
        if (look(rings, ring) && (first == NULL || ring->next_time_ns < first->next_time_ns))
            first = ring;
    }
    if (first == NULL || first->next_time_ns >= before_ns)
        return NULL;
    rings->taken = first;
    *size = first->next_size;
    return straighten(rings, first, first->next_size);
}
