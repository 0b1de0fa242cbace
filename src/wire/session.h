/* The layout of the session: one memfd that syseng-mem owns and every traced process maps.

   It begins with `struct wire_header`, then a directory with one `struct wire_chunk` per chunk, then the chunks
   (WIRE_CHUNK_BYTES each), then the plan area, which only syseng-mem writes. A traced process claims chunks by
   compare-and-swap on their directory entry: one for itself (`struct wire_process` with its thread slots), one for its
   list of loaded modules, one for each thread that meets a line stop (`struct wire_ring`). A chunk is populated whole
   by the process that claims it, so that its pages enter that process's resident set at once and can be subtracted.

   Fixed-width integers, native byte order (both sides run on one machine), no pointers: offsets count from the start
   of the memfd. Nothing read from here is trusted by syseng-mem. docs/wire-format.md is the authority. */

#ifndef WIRE_SESSION_H
#define WIRE_SESSION_H

#include <stdatomic.h>
#include <stdint.h>

#define WIRE_MAGIC UINT64_C(0x314d454d53595345) /* "ESYSMEM1" */
#define WIRE_VERSION 1u
#define WIRE_CHUNK_BYTES 65536u
#define WIRE_PAGE_BYTES 4096u

/* Environment variables through which a traced process finds the session. */
#define WIRE_ENV_CHANNEL "SYSENG_MEM_CHANNEL" /* a path to open, "/proc/PID/fd/N" of syseng-mem */

/* wire_header.flags */
enum {
    WIRE_WANT_LINE_STOPS = 1u << 0, /* ask for plans and arm line stops */
    WIRE_WANT_CHILDREN = 1u << 1,   /* forked and exec'd children are profiled as well */
    WIRE_WANT_EVENTS = 1u << 2,     /* every allocation and free with its stack: wire/event.h */
    WIRE_WANT_LOOKS = 1u << 3,      /* a process asks for a look at its memory before it leaves */
    WIRE_WANT_TIMES = 1u << 4,      /* line stops tell the time: wire_record.run_ticks */
};

struct wire_header {
    uint64_t magic;
    uint32_t version;
    uint32_t flags;
    uint64_t total_bytes;
    uint64_t directory_offset;
    uint64_t chunks_offset;
    uint64_t plans_offset;
    uint64_t plans_bytes;
    uint32_t chunk_count;
    uint32_t collector_pid;
    /* Written by syseng-mem while the program runs. */
    _Atomic uint32_t window; /* the open request window, 0 when none is */
    _Atomic uint32_t closed; /* 1: nobody reads any more; producers stop recording */
    /* Written by both. */
    _Atomic uint32_t wake;            /* futex: bumped by a producer that wants the collector's attention */
    _Atomic uint32_t collector_waits; /* 1 while the collector sleeps on `wake` */
    _Atomic uint32_t chunk_hint;      /* where to look for a free chunk first */
    _Atomic uint32_t process_serial;  /* the last serial number given to a process */
    _Atomic uint64_t refused;         /* processes and threads that found no free chunk: unprofiled, reported */
    /* Written by syseng-mem: the allocator's own figures are wanted. Twice a window's number once its response is
       there; one more when the window is over. */
    _Atomic uint32_t allocator_ask;
    _Atomic uint32_t abandoned; /* 1: syseng-mem did not read for too long: no process waits for it any more */
    uint64_t sample_bytes;      /* one allocation is told in so many bytes, on average; 0: every one */
    uint64_t pid_namespace;     /* that collector_pid is a number of, by its inode; 0 when that is not known */
};

enum wire_chunk_state {
    WIRE_CHUNK_FREE = 0,
    WIRE_CHUNK_CLAIMED = 1, /* taken, contents not valid yet */
    WIRE_CHUNK_READY = 2,
};

enum wire_chunk_kind {
    WIRE_CHUNK_PROCESS = 1,
    WIRE_CHUNK_THREADS = 2, /* further thread slots of a process */
    WIRE_CHUNK_MODULES = 3,
    WIRE_CHUNK_RING = 4,
    WIRE_CHUNK_EVENTS = 5, /* the ring of a thread's event stream, or its beginning */
    WIRE_CHUNK_MORE = 6,   /* goes on from the chunk before it */
};

struct wire_chunk {
    _Atomic uint32_t state; /* enum wire_chunk_state */
    uint32_t kind;          /* enum wire_chunk_kind */
    uint32_t process;       /* serial number of the owner */
    uint32_t arg;           /* RING: index of the thread slot's chunk; THREADS, MODULES: chunk of the process */
};

/* Bytes and calls of one class of memory. Written by one thread only, read at any time by syseng-mem. */
struct wire_counters {
    _Atomic uint64_t alloc_bytes; /* usable size of every block obtained */
    _Atomic uint64_t alloc_count;
    _Atomic uint64_t free_bytes;
    _Atomic uint64_t free_count;
};

#define WIRE_TID_UNKNOWN (UINT32_MAX - 1) /* started under a seccomp filter: the guest must not ask */
#define WIRE_TID_PENDING UINT32_MAX       /* being taken over */

/* One thread of a traced process. A slot is taken over when its thread is gone; its counters run on, so that their
   sum over all slots stays the process's. */
struct wire_thread {
    _Atomic uint32_t tid;            /* 0: never used; or WIRE_TID_UNKNOWN, WIRE_TID_PENDING */
    _Atomic uint32_t generation;     /* bumped at each take-over, before `tid` */
    _Atomic uint32_t ring_chunk;     /* chunk of the thread's ring plus one, 0 when it has none */
    _Atomic uint32_t events_chunk;   /* chunk of its event stream's ring plus one, 0 when it has none */
    struct wire_counters heap;       /* malloc family and C++ operators */
    struct wire_counters mapped;     /* mmap, munmap, mremap, brk, sbrk called by the program itself */
    _Atomic uint64_t released_bytes; /* resident bytes that the thread's own calls gave back to the kernel */
    _Atomic uint64_t lost;           /* records that could not be written */
    uint64_t events_state;           /* the guest's own: address of the event stream's state in the process */
    _Atomic uint64_t guessed_frames; /* at least so many, of its stacks, were found by the frame pointer */
    _Atomic uint64_t thread_pointer; /* the base of its thread-local storage, stored before `tid` */
    uint64_t reserved;
};
_Static_assert(sizeof(struct wire_thread) == 128, "a thread slot is two cache lines");

enum wire_process_state {
    WIRE_PROCESS_RUNNING = 1,
    WIRE_PROCESS_EXITING = 2, /* left through exit() or return from main: final counters are in */
};

/* wire_process.flags: what the guest could and could not do */
enum {
    WIRE_PROCESS_STOPS_ARMED = 1u << 0,
    WIRE_PROCESS_TRACED = 1u << 1,         /* a debugger was attached at start: no line stops */
    WIRE_PROCESS_NO_RSS = 1u << 2,         /* statm cannot be read: RSS columns stay blank */
    WIRE_PROCESS_SECCOMP = 1u << 3,        /* the program installed a filter: heap only from then on */
    WIRE_PROCESS_PATCH_REFUSED = 1u << 4,  /* text could not be written */
    WIRE_PROCESS_BYTES_DIFFER = 1u << 5,   /* some sites differed from the file: program changed on disk */
    WIRE_PROCESS_NO_NEAR_MEMORY = 1u << 6, /* no room within 2 GiB of a module for displaced instructions */
    WIRE_PROCESS_PLAN_TIMEOUT = 1u << 7,   /* syseng-mem did not answer the plan request */
    WIRE_PROCESS_FORKED = 1u << 8,         /* born by fork without exec (so far) */
    WIRE_PROCESS_GAVE_UP = 1u << 9,        /* a ring stayed full: recording stopped */
};

#define WIRE_EXE_BYTES 256
#define WIRE_LISTEN_COUNT 16
#define WIRE_ADDRESS_BYTES 128

/* A listening socket, as reported by the hook of listen(2). */
struct wire_listen {
    _Atomic uint32_t ready; /* 1 once the rest is valid */
    uint32_t fd;
    uint32_t address_bytes;
    uint32_t reserved;
    uint8_t address[WIRE_ADDRESS_BYTES]; /* struct sockaddr as getsockname gave it */
};

/* What jemalloc says of itself: mallctl's stats.*. */
struct wire_allocator_figures {
    _Atomic uint32_t label; /* 0: not valid; else one more than the window's number */
    uint32_t reserved;
    uint64_t allocated_bytes;
    uint64_t active_bytes;
    uint64_t metadata_bytes;
    uint64_t resident_bytes;
    uint64_t mapped_bytes;
    uint64_t retained_bytes;
};
#define WIRE_ALLOCATOR_WINDOWS 8u
#define WIRE_AREA_COUNT 32

/* Memory that an allocator other than libc's has mapped for itself; with libc's, what the program has moved the break
 * by. */
struct wire_area {
    _Atomic uint64_t from, to; /* equal: nothing */
};

struct wire_process {
    uint32_t pid; /* as it calls itself: in its own PID namespace */
    uint32_t parent_pid;
    uint32_t serial;
    uint32_t
        thread_chunk_next;  /* chunk + 1 of further thread slots, 0 at the end; same field first in THREADS chunks */
    _Atomic uint32_t state; /* enum wire_process_state */
    _Atomic uint32_t flags;
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    /* Live heap bytes of the process since it registered, and the highest value since `peak` was last reset by
       syseng-mem at the start of a window. */
    _Atomic int64_t live_bytes;
    _Atomic int64_t peak_bytes;
    _Atomic uint64_t own_bytes;      /* resident bytes that are ours, to be subtracted from RSS */
    uint64_t rss_granularity_bytes;  /* how late the kernel's RSS can be; 0 when it is exact */
    _Atomic uint64_t last_rss_bytes; /* as last read by any thread, own_bytes already subtracted */
    _Atomic uint64_t released_bytes; /* sum over all threads of wire_thread.released_bytes */
    _Atomic uint32_t modules_chunk;  /* chunk + 1 */
    _Atomic uint32_t stops_armed;    /* line stops in place */
    _Atomic uint32_t stops_refused;  /* sites whose bytes differed or that could not be patched */
    _Atomic uint32_t allocator;      /* enum wire_allocator */
    _Atomic uint32_t listen_count;
    uint32_t generation; /* of its modules when it registered: what it has from its parent is as it was there then */
    struct wire_listen listens[WIRE_LISTEN_COUNT];
    char exe[WIRE_EXE_BYTES];            /* /proc/self/exe, NUL-terminated, cut if longer */
    char allocator_path[WIRE_EXE_BYTES]; /* file that provides the real malloc */
    /* Of window n at [n % WIRE_ALLOCATOR_WINDOWS], read at the first call of the allocator behind its end; at exit. */
    struct wire_allocator_figures allocator_windows[WIRE_ALLOCATOR_WINDOWS];
    struct wire_allocator_figures allocator_exit;
    _Atomic uint32_t rings;      /* bumped after a thread's slot has got another ring, of either kind */
    _Atomic uint32_t wait_count; /* how often a thread had to wait for room in a ring */
    _Atomic uint64_t wait_ticks; /* how long, by the time-stamp counter */
    /* Looks. A thread that is about to end the process, or to replace its image, fills in `look_*`, adds 1 to
       `look_asked`, wakes syseng-mem and waits on `look_answered` (a futex). */
    _Atomic uint32_t look_asked;
    _Atomic uint32_t look_answered;
    _Atomic uint32_t look_void; /* the value of look_asked after which the process did not leave after all */
    uint32_t look_tid;
    uint64_t look_sp;        /* the lowest address of the thread's stack that is the program's */
    uint64_t look_registers; /* address of registers that the program had there, 0 when they lie on the stack */
    uint64_t look_registers_bytes;
    /* What is the guest's own in the process and refers to blocks: not to be taken for the program's. */
    uint64_t own_image_start, own_image_end; /* this library */
    int64_t own_tls_offset;                  /* from a thread's pointer to the guest's variables */
    uint32_t own_tls_bytes;
    uint32_t own_state_bytes;    /* behind wire_thread.events_state */
    _Atomic uint32_t area_count; /* ever used of `areas`; more than there are: some are not known */
    uint32_t parent_serial;      /* of the process that it was forked from, 0: it was not */
    struct wire_area areas[WIRE_AREA_COUNT];
    uint64_t pid_namespace; /* that `pid` is a number of, by its inode; 0 when that is not known */
};

enum wire_allocator { WIRE_ALLOCATOR_UNKNOWN, WIRE_ALLOCATOR_GLIBC, WIRE_ALLOCATOR_OTHER, WIRE_ALLOCATOR_JEMALLOC };

#define WIRE_PROCESS_HEAD_BYTES 4096u
_Static_assert(sizeof(struct wire_process) <= WIRE_PROCESS_HEAD_BYTES, "process head must fit its page");
#define WIRE_PROCESS_THREADS ((WIRE_CHUNK_BYTES - WIRE_PROCESS_HEAD_BYTES) / sizeof(struct wire_thread))

/* A THREADS chunk: this head, padded to WIRE_PROCESS_HEAD_BYTES, then WIRE_PROCESS_THREADS slots. */
struct wire_threads_head {
    uint32_t thread_chunk_next; /* chunk + 1, 0 at the end */
    uint32_t reserved;
};

/* A MODULES chunk: the modules of a process in the order in which they were seen. The guest appends entries, sets
   `asked` and bumps the session's `wake`; syseng-mem fills in the plans and stores `answered` (a futex). Entries are
   8-byte aligned and never change after that, but that an unloaded module gets its `gone` flag. Each time that modules
   are unloaded a new generation begins: the same addresses may be other code then. */
struct wire_modules {
    _Atomic uint32_t asked;
    _Atomic uint32_t answered;
    uint32_t used_bytes; /* of entries[] */
    uint32_t reserved;
    uint8_t entries[WIRE_CHUNK_BYTES - 16];
};

struct wire_module {
    uint32_t entry_bytes; /* of this entry with its path */
    _Atomic uint32_t gone;
    uint64_t base;        /* load bias: run-time address minus ELF address */
    uint64_t start, end;  /* run-time address range of the mapped segments */
    uint64_t plan_offset; /* answer: where the plan lies in the session, 0 when there is nothing to stop at */
    uint64_t plan_bytes;
    uint32_t path_bytes;     /* with the final NUL */
    uint16_t flags;          /* WIRE_MODULE_* */
    uint16_t seen;           /* the guest's own mark */
    uint32_t born;           /* generation in which it was found */
    uint32_t died;           /* first generation without it; valid when it is `gone` */
    _Atomic uint64_t copies; /* run-time address of its displaced instructions (wire/plan.h), 0: no stop is armed */
    char path[];
};

/* wire_module.flags */
enum {
    WIRE_MODULE_NO_STOPS = 1u << 0, /* the C library, the loader or our own library: no plan is wanted */
};

#endif
