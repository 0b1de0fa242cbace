/* The session in this process: opening it, the process's place, chunks, threads' slots and rings. */

#include "preload/guest.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "preload/modules.h"
#include "preload/look.h"
#include "preload/pages.h"
#include "preload/real.h"
#include "preload/syscalls.h"

struct guest guest;
_Static_assert(sizeof guest == WIRE_PAGE_BYTES, "a page of its own, wiped on fork");

/* Where the session lies, kept over a fork, and its layout: the header itself is writable by others. */
static struct {
    struct wire_header *session; /* NULL: there is none, or we are off */
    uint64_t directory_offset, chunks_offset;
    uint32_t chunk_count, flags;
    uint32_t pid, serial; /* of the process that registered last in this memory: in a forked child, it or an ancestor */
} mapped;

GUEST_TLS struct guest_self guest_self = {.serial = GUEST_NOBODY};
GUEST_TLS int guest_depth;
volatile bool guest_sandboxed, guest_clockless;

/* glibc 2.32 and later; the weak reference keeps older ones loadable. */
extern char __libc_single_threaded __attribute__((weak));
static const char never_single_threaded;

/* Where the kernel put argc, argv, the environment and the auxiliary vector. libc's own variables are not yet set up
   when the loader first calls malloc. */
extern void *__libc_stack_end;

static int64_t own_private_bytes; /* as given to guest_own, and this library itself */

/* The slots of this process: number n is slot n % WIRE_PROCESS_THREADS of the chain's chunk n / WIRE_PROCESS_THREADS.
 */
static struct {
    _Atomic uint32_t used;
    _Atomic uint32_t capacity;
    _Atomic uint32_t cursor; /* where to look for a dead thread next */
} slots;

static struct wire_chunk *directory(void)
{
    return (struct wire_chunk *)((uint8_t *)mapped.session + mapped.directory_offset);
}

void *guest_chunk(uint32_t index)
{
    return (uint8_t *)mapped.session + mapped.chunks_offset + (size_t)index * WIRE_CHUNK_BYTES;
}

static uint32_t chunk_index(const void *address)
{
    size_t offset = (size_t)((const uint8_t *)address - (const uint8_t *)mapped.session);
    return (uint32_t)((offset - mapped.chunks_offset) / WIRE_CHUNK_BYTES);
}

void guest_own(int64_t bytes)
{
    __atomic_fetch_add(&own_private_bytes, bytes, __ATOMIC_RELAXED);
    if (guest.process != NULL)
        atomic_fetch_add(&guest.process->own_bytes, (uint64_t)bytes);
}

bool guest_own_shared(const void *start, size_t bytes)
{
    uint64_t resident = pages_populate(start, bytes, 1);
    if (guest.process != NULL)
        atomic_fetch_add(&guest.process->own_bytes, resident);
    return resident > 0;
}

static void return_row(uint32_t first, uint32_t count)
{
    while (count-- > 0)
        atomic_store(&directory()[first + count].state, WIRE_CHUNK_FREE);
}

/* Take `count` free chunks in a row from `first` on. */
static bool take_row(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t free = WIRE_CHUNK_FREE;
        if (atomic_compare_exchange_strong(&directory()[first + i].state, &free, WIRE_CHUNK_CLAIMED))
            continue;
        return_row(first, i);
        return false;
    }
    return true;
}

/* Take free chunks for `bytes`, populate so much of them, and name their owner; the first becomes visible with
   publish_chunk. */
static void *take_chunks(uint32_t kind, uint32_t arg, uint32_t serial, size_t bytes, uint32_t *index)
{
    uint32_t total = mapped.chunk_count, count = (uint32_t)((bytes + WIRE_CHUNK_BYTES - 1) / WIRE_CHUNK_BYTES);
    uint32_t first = atomic_load(&mapped.session->chunk_hint);
    for (uint32_t i = 0; i < total; i++) {
        uint32_t at = (first + i) % total;
        if (at + count > total || !take_row(at, count))
            continue;
        if (!guest_own_shared(guest_chunk(at), bytes)) {
            return_row(at, count);
            return NULL;
        }
        atomic_store(&mapped.session->chunk_hint, (at + count) % total);
        for (uint32_t more = count; more-- > 0;) {
            struct wire_chunk *entry = &directory()[at + more];
            entry->kind = more > 0 ? WIRE_CHUNK_MORE : kind;
            entry->process = serial;
            entry->arg = arg;
            if (more > 0)
                atomic_store_explicit(&entry->state, WIRE_CHUNK_READY, memory_order_release);
        }
        *index = at;
        return guest_chunk(at);
    }
    return NULL;
}

static void publish_chunk(uint32_t index)
{
    atomic_store_explicit(&directory()[index].state, WIRE_CHUNK_READY, memory_order_release);
}

/* Give back a chunk that was taken and never written to. */
static void return_chunk(uint32_t index)
{
    if (guest_sandboxed) /* it stays ours, empty */
        return;
    raw_syscall3(SYS_madvise, (long)guest_chunk(index), WIRE_CHUNK_BYTES, MADV_DONTNEED);
    atomic_fetch_sub(&guest.process->own_bytes, WIRE_CHUNK_BYTES);
    atomic_store(&directory()[index].state, WIRE_CHUNK_FREE);
}

void *guest_claim_chunks(uint32_t kind, uint32_t arg, size_t bytes, uint32_t *index)
{
    void *chunk = take_chunks(kind, arg, guest.process->serial, bytes, index);
    if (chunk != NULL)
        publish_chunk(*index);
    return chunk;
}

void *guest_claim_chunk(uint32_t kind, uint32_t arg, uint32_t *index)
{
    void *chunk = guest_claim_chunks(kind, arg, WIRE_CHUNK_BYTES, index);
    if (chunk == NULL)
        atomic_fetch_add(&mapped.session->refused, 1);
    return chunk;
}

void guest_wake_collector(void)
{
    atomic_fetch_add(&guest.session->wake, 1);
    if (atomic_load(&guest.session->collector_waits) && !guest_sandboxed)
        raw_syscall3(SYS_futex, (long)&guest.session->wake, 1 /* FUTEX_WAKE */, INT32_MAX);
}

char **guest_start_words(void)
{
    char **word = (char **)__libc_stack_end + 1;
    while (*word != NULL) /* argv */
        word++;
    return word + 1;
}

const char *guest_start_environment(const char *name)
{
    char *const *word = guest_start_words();
    const char *value = NULL;
    for (; *word != NULL; word++) {
        size_t i = 0;
        while (name[i] != '\0' && (*word)[i] == name[i])
            i++;
        if (name[i] == '\0' && (*word)[i] == '=' && value == NULL)
            value = *word + i + 1;
    }
    for (const Elf64_auxv_t *aux = (const Elf64_auxv_t *)(word + 1); aux->a_type != AT_NULL; aux++)
        if (aux->a_type == AT_SECURE && aux->a_un.a_val != 0)
            return NULL;
    return value;
}

static bool is_sound(const struct wire_header *header, uint64_t file_bytes)
{
    return header->magic == WIRE_MAGIC && header->version == WIRE_VERSION && header->total_bytes <= file_bytes &&
           header->directory_offset >= sizeof *header && header->directory_offset % WIRE_PAGE_BYTES == 0 &&
           header->chunks_offset % WIRE_PAGE_BYTES == 0 && header->chunk_count > 0 &&
           header->chunks_offset <= header->total_bytes && header->directory_offset <= header->chunks_offset &&
           header->chunk_count <= (header->chunks_offset - header->directory_offset) / sizeof(struct wire_chunk) &&
           header->chunk_count <= (header->total_bytes - header->chunks_offset) / WIRE_CHUNK_BYTES &&
           header->plans_offset <= header->total_bytes &&
           header->plans_bytes <= header->total_bytes - header->plans_offset;
}

/* Without WIRE_WANT_CHILDREN only the first process is recorded, also after it has exec'd another program. */
static bool is_wanted(long fd, const struct wire_header *header)
{
    if ((header->flags & WIRE_WANT_CHILDREN) != 0 || atomic_load(&header->process_serial) == 0)
        return true;
    for (uint32_t i = 0; i < header->chunk_count; i++) {
        struct wire_chunk entry;
        uint32_t pid;
        long at = (long)(header->directory_offset + i * sizeof entry);
        if (raw_syscall4(SYS_pread64, fd, (long)&entry, sizeof entry, at) != (long)sizeof entry)
            return false;
        if (entry.kind != WIRE_CHUNK_PROCESS || entry.process != 1)
            continue;
        at = (long)(header->chunks_offset + (uint64_t)i * WIRE_CHUNK_BYTES);
        return raw_syscall4(SYS_pread64, fd, (long)&pid, sizeof pid, at) == (long)sizeof pid &&
               (long)pid == raw_syscall3(SYS_getpid, 0, 0, 0);
    }
    return false;
}

/* Map the session behind `fd`. Returns false when it is none of ours. */
static bool map_session(long fd)
{
    struct wire_header header;
    if (raw_syscall4(SYS_pread64, fd, (long)&header, sizeof header, 0) != (long)sizeof header)
        return false;
    long file_bytes = raw_syscall3(SYS_lseek, fd, 0, 2 /* SEEK_END */);
    if (file_bytes < 0 || !is_sound(&header, (uint64_t)file_bytes) || atomic_load(&header.closed))
        return false;
    if (!is_wanted(fd, &header))
        return false;
    long at =
        raw_syscall6(SYS_mmap, 0, (long)header.total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (at < 0)
        return false;
    raw_syscall3(SYS_madvise, at, (long)header.total_bytes, MADV_DONTDUMP);
    raw_syscall3(SYS_madvise, at, (long)header.total_bytes, MADV_NOHUGEPAGE);
    mapped.session = (struct wire_header *)at;
    mapped.directory_offset = header.directory_offset;
    mapped.chunks_offset = header.chunks_offset;
    mapped.chunk_count = header.chunk_count;
    mapped.flags = header.flags;
    return true;
}

static void copy_text(char *to, const char *from)
{
    size_t i = 0;
    for (; from != NULL && from[i] != '\0' && i < WIRE_EXE_BYTES - 1; i++)
        to[i] = from[i];
    to[i] = '\0';
}

/* The PID namespace that we are in, 0 when /proc does not tell. */
static uint64_t pid_namespace(void)
{
    struct stat status;
    return raw_syscall4(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/ns/pid", (long)&status, 0) == 0 ? status.st_ino : 0;
}

static void describe_process(struct wire_process *process, uint32_t serial, uint32_t flags)
{
    process->pid = guest.pid;
    /* A forked child has its code from whom it was copied from. The kernel's answer would be another one by now when
       that process has ended, and nobody's when it did nothing that made it register. */
    process->parent_pid = flags & WIRE_PROCESS_FORKED ? mapped.pid : (uint32_t)raw_syscall3(SYS_getppid, 0, 0, 0);
    process->parent_serial = flags & WIRE_PROCESS_FORKED ? mapped.serial : 0;
    mapped.pid = guest.pid;
    mapped.serial = serial;
    process->pid_namespace = pid_namespace();
    process->serial = serial;
    process->start_ns = raw_monotonic_ns();
    long length = raw_syscall3(SYS_readlink, (long)"/proc/self/exe", (long)process->exe, WIRE_EXE_BYTES - 1);
    process->exe[length > 0 ? length : 0] = '\0';
    /* The program itself has no name in the loader's list. */
    copy_text(process->allocator_path,
              real.allocator_path != NULL && real.allocator_path[0] != '\0' ? real.allocator_path : process->exe);
    atomic_store(&process->allocator, real.allocator_is_libc      ? WIRE_ALLOCATOR_GLIBC
                                      : real.mallctl.call != NULL ? WIRE_ALLOCATOR_JEMALLOC
                                                                  : WIRE_ALLOCATOR_OTHER);
    atomic_store(&process->flags, flags);
    atomic_store(&process->state, WIRE_PROCESS_RUNNING);
}

/* Give this process its place in the session. Returns false when there is none; the process is then off for good. */
static bool register_process(uint32_t flags)
{
    uint32_t index;
    struct wire_header *session = mapped.session;
    /* What is going to be touched, before it is: see pages.c on why by writing. */
    uint64_t shared = pages_populate(session, mapped.chunks_offset, 1);
    uint64_t library = pages_populate_library();
    if (shared == 0)
        return false;
    if (atomic_load(&session->closed))
        return false;
    if (atomic_load(&session->abandoned)) { /* nobody would read what it records */
        atomic_fetch_add(&session->refused, 1);
        return false;
    }
    guest.pid = (uint32_t)raw_syscall3(SYS_getpid, 0, 0, 0);
    guest.single_threaded = &__libc_single_threaded != NULL ? &__libc_single_threaded : &never_single_threaded;
    if ((flags & WIRE_PROCESS_FORKED) == 0)
        own_private_bytes += (int64_t)library; /* before any thread could run */

    uint32_t serial = atomic_fetch_add(&session->process_serial, 1) + 1;
    struct wire_process *process = take_chunks(WIRE_CHUNK_PROCESS, 0, serial, WIRE_CHUNK_BYTES, &index);
    if (process == NULL) {
        atomic_fetch_add(&session->refused, 1);
        return false;
    }
    describe_process(process, serial, flags);
    guest.is_elsewhere =
        process->pid_namespace != 0 && session->pid_namespace != 0 && process->pid_namespace != session->pid_namespace;
    process->generation = modules_generation;
    atomic_store(&process->own_bytes, shared + WIRE_CHUNK_BYTES + (uint64_t)own_private_bytes);
    atomic_store(&slots.used, 0);
    atomic_store(&slots.capacity, WIRE_PROCESS_THREADS);
    guest.process_chunk = index;
    guest.process = process;
    guest.session = session;
    guest.wants_events = (mapped.flags & WIRE_WANT_EVENTS) != 0;
    guest.wants_looks = (mapped.flags & WIRE_WANT_LOOKS) != 0;
    guest.wants_times = (mapped.flags & WIRE_WANT_TIMES) != 0 && !guest_clockless;
    look_describe();
    publish_chunk(index);
    __atomic_store_n(&guest.serial, serial, __ATOMIC_RELEASE);
    guest_wake_collector();
    return true;
}

static void switch_off(void)
{
    mapped.session = NULL;
    __atomic_store_n(&guest.serial, GUEST_OFF, __ATOMIC_RELEASE);
}

uint64_t guest_asked_ticks(void)
{
    int mode = 0;
    if (guest_sandboxed || raw_syscall3(SYS_prctl, PR_GET_TSC, (long)&mode, 0) != 0)
        return 0;
    if (mode == PR_TSC_SIGSEGV)
        raw_syscall3(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE, 0);
    uint64_t ticks = __builtin_ia32_rdtsc();
    if (mode == PR_TSC_SIGSEGV)
        raw_syscall3(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0);
    return ticks;
}

static void open_session(void)
{
    atomic_store(&guest.registering, 1);
    const char *path = guest_start_environment(WIRE_ENV_CHANNEL);
    long fd = path != NULL ? raw_syscall4(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0) : -1;
    bool has_session = fd >= 0 && map_session(fd);
    if (fd >= 0)
        raw_syscall3(SYS_close, fd, 0, 0);
    if (has_session)
        raw_syscall3(SYS_madvise, (long)&guest, sizeof guest, MADV_WIPEONFORK);
    if (!has_session || !register_process(0))
        switch_off();
}

bool guest_open(void)
{
    enum { NEW, OPENING, OPEN };
    static _Atomic uint32_t state;
    uint32_t expected = NEW;
    if (atomic_load_explicit(&state, memory_order_acquire) == OPEN)
        return mapped.session != NULL;
    if (atomic_compare_exchange_strong(&state, &expected, OPENING)) {
        guest_depth++;
        real_resolve();
        open_session();
        guest_depth--;
        atomic_store_explicit(&state, OPEN, memory_order_release);
    }
    while (atomic_load_explicit(&state, memory_order_acquire) != OPEN)
        raw_syscall3(SYS_sched_yield, 0, 0, 0);
    return mapped.session != NULL;
}

/* In a child made by fork: a place of its own, if children are wanted. Returns whether the process is registered now.
 */
static bool register_child(void)
{
    uint32_t expected = 0;
    if (!atomic_compare_exchange_strong(&guest.registering, &expected, 1))
        return false; /* the code that we interrupted, or another thread, is doing it */
    if (guest_sandboxed)
        atomic_fetch_add(&mapped.session->refused, 1); /* it could not even ask for its pid */
    if (guest_sandboxed || (mapped.flags & WIRE_WANT_CHILDREN) == 0 || !register_process(WIRE_PROCESS_FORKED)) {
        switch_off();
        return false;
    }
    stops_after_fork();
    return true;
}

/* The first bytes of slot number `number`'s chunk, which hold the link to the next: see struct wire_threads_head. */
static uint8_t *slot_chunk(uint32_t number)
{
    uint8_t *chunk = (uint8_t *)guest.process;
    for (; number >= WIRE_PROCESS_THREADS; number -= WIRE_PROCESS_THREADS) {
        uint32_t next =
            __atomic_load_n(chunk == (uint8_t *)guest.process ? &guest.process->thread_chunk_next
                                                              : &((struct wire_threads_head *)chunk)->thread_chunk_next,
                            __ATOMIC_ACQUIRE);
        chunk = guest_chunk(next - 1);
    }
    return chunk;
}

static struct wire_thread *slot_at(uint32_t number)
{
    struct wire_thread *first = (struct wire_thread *)(slot_chunk(number) + WIRE_PROCESS_HEAD_BYTES);
    return &first[number % WIRE_PROCESS_THREADS];
}

static struct wire_thread *fresh_slot(uint32_t tid)
{
    uint32_t number = atomic_load(&slots.used);
    do {
        if (number >= atomic_load(&slots.capacity))
            return NULL;
    } while (!atomic_compare_exchange_weak(&slots.used, &number, number + 1));
    struct wire_thread *slot = slot_at(number);
    atomic_store(&slot->generation, 1);
    atomic_store(&slot->thread_pointer, (uint64_t)__builtin_thread_pointer());
    atomic_store(&slot->tid, tid);
    return slot;
}

/* The slot of a thread that is gone. Its counters run on. */
static struct wire_thread *dead_slot(uint32_t tid)
{
    uint32_t count = atomic_load(&slots.used);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = atomic_fetch_add(&slots.cursor, 1) % count;
        struct wire_thread *slot = slot_at(number);
        uint32_t old = atomic_load(&slot->tid);
        if (old == 0 || old >= WIRE_TID_UNKNOWN)
            continue;
        if (old != tid && raw_syscall3(SYS_tgkill, guest.pid, old, 0) != -ESRCH)
            continue;
        if (!atomic_compare_exchange_strong(&slot->tid, &old, WIRE_TID_PENDING))
            continue;
        atomic_fetch_add(&slot->generation, 1);
        atomic_store(&slot->thread_pointer, (uint64_t)__builtin_thread_pointer());
        atomic_store(&slot->tid, tid);
        return slot;
    }
    return NULL;
}

/* Append a chunk of slots to the chain. Returns false when the session is full. */
static bool add_slots(void)
{
    uint32_t capacity = atomic_load(&slots.capacity), index, none = 0;
    uint8_t *last = slot_chunk(capacity - 1);
    uint32_t *link = last == (uint8_t *)guest.process ? &guest.process->thread_chunk_next
                                                      : &((struct wire_threads_head *)last)->thread_chunk_next;
    if (guest_claim_chunk(WIRE_CHUNK_THREADS, guest.process_chunk, &index) == NULL)
        return false;
    if (__atomic_compare_exchange_n(link, &none, index + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        atomic_fetch_add(&slots.capacity, WIRE_PROCESS_THREADS);
    else
        return_chunk(index); /* another thread was faster */
    return true;
}

/* The main thread's slot when it claimed that before the loader had initialised its thread-locals. */
static struct wire_thread *early_slot(uint32_t tid)
{
    struct wire_thread *first = slot_at(0);
    return tid == guest.pid && atomic_load(&slots.used) > 0 && atomic_load(&first->tid) == tid ? first : NULL;
}

static struct wire_thread *claim_slot(void)
{
    uint32_t tid = WIRE_TID_UNKNOWN;
    /* A vfork child lives in its parent's memory; its own tid would soon look dead. */
    if (!guest_sandboxed) {
        if ((uint32_t)raw_syscall3(SYS_getpid, 0, 0, 0) != guest.pid)
            return NULL;
        tid = (uint32_t)raw_syscall3(SYS_gettid, 0, 0, 0);
    }
    uint32_t serial = guest.serial;
    struct wire_thread *slot = early_slot(tid);
    while (slot == NULL) {
        slot = fresh_slot(tid);
        if (slot == NULL && !guest_sandboxed)
            slot = dead_slot(tid);
        if (slot == NULL && !add_slots())
            break;
    }
    guest_self = (struct guest_self){.slot = slot, .serial = serial};
    return slot;
}

struct wire_thread *guest_thread(void)
{
    uint32_t serial = guest.serial;
    /* Thread-locals are all 0 while the loader still relocates, when resolvers of indirect functions may allocate. */
    if (serial == guest_self.serial && serial != GUEST_UNREGISTERED)
        return guest_self.slot;
    if (serial == GUEST_OFF)
        return NULL;
    if (serial == GUEST_UNREGISTERED) {
        if (!guest_open()) {
            guest.serial = GUEST_OFF; /* a child of a process that is off */
            return NULL;
        }
        if (guest.serial == GUEST_UNREGISTERED && !register_child())
            return NULL;
    }
    return claim_slot();
}

struct wire_ring *guest_ring(struct wire_thread *thread)
{
    if (guest_self.ring != NULL || guest_self.ring_refused)
        return guest_self.ring;
    uint32_t index = atomic_load(&thread->ring_chunk);
    struct wire_ring *ring;
    if (index != 0) {
        ring = guest_chunk(index - 1); /* left by the thread that had the slot before */
    } else {
        ring = guest_claim_chunk(WIRE_CHUNK_RING, chunk_index(thread), &index);
        if (ring == NULL) {
            guest_self.ring_refused = true;
            return NULL;
        }
        atomic_store_explicit(&thread->ring_chunk, index + 1, memory_order_release);
        atomic_fetch_add(&guest.process->rings, 1);
    }
    guest_self.ring = ring;
    ring->run_resumed = 0;
    struct wire_record record = {.kind = WIRE_RECORD_THREAD, .arg = thread->tid, .sp = thread->generation};
    record.window = atomic_load_explicit(&guest.session->window, memory_order_relaxed);
    guest_emit_masked(thread, ring, &record);
    return ring;
}
