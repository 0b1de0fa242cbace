/* The guest's own core: the session mapped into the program, the process's and threads' places in it. Everything in
   this directory runs inside somebody else's process: no malloc, no stdio, no lock held across a real call, errno kept.
 */

#ifndef PRELOAD_GUEST_H
#define PRELOAD_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/record.h"
#include "wire/session.h"

#define GUEST_HIDDEN __attribute__((visibility("hidden")))
#define GUEST_EXPORT __attribute__((visibility("default")))
#define GUEST_TLS __thread __attribute__((tls_model("initial-exec")))
#define GUEST_NO_VECTOR __attribute__((target("general-regs-only"))) /* for what runs in the SIGTRAP handler */

/* This process's place in the session. It fills a page that is wiped on fork: in a forked child everything reads 0
   until the child has registered anew, so that nothing touches the parent's place by mistake. A vfork child shares its
   parent's memory and place, rightly. */
struct guest {
    struct wire_header *session;  /* NULL: not profiled, or not yet */
    struct wire_process *process; /* likewise */
    bool wants_events;            /* WIRE_WANT_EVENTS */
    bool wants_looks;             /* WIRE_WANT_LOOKS */
    bool wants_times;             /* WIRE_WANT_TIMES */
    bool is_elsewhere;            /* in another PID namespace than syseng-mem, whose number means nothing here */
    const char *single_threaded;  /* glibc's __libc_single_threaded: not 0 while no other thread was ever started */
    uint32_t process_chunk;
    uint32_t pid;
    volatile uint32_t serial; /* of this process in the session, or GUEST_UNREGISTERED, GUEST_OFF */
    _Atomic uint32_t registering;
    _Atomic uint32_t looking; /* a thread asks for a look */
    _Atomic uint32_t lending; /* a thread lends our words to libc, or takes them back: shell-hooks.c */
    uint32_t borrowers;
} __attribute__((aligned(WIRE_PAGE_BYTES)));
GUEST_HIDDEN extern struct guest guest;

#define GUEST_UNREGISTERED 0u
#define GUEST_OFF UINT32_MAX           /* this process records nothing */
#define GUEST_NOBODY (UINT32_MAX - 1u) /* a thread that never looked for its place */

/* A thread's place; valid while `serial` equals the process's, which in a forked child it does not. */
struct guest_self {
    struct wire_thread *slot; /* NULL: none was to be had */
    struct wire_ring *ring;   /* NULL: not looked for yet */
    struct events *events;    /* the state of its event stream (events.c), NULL: not looked for yet */
    void *last_block;         /* the last one counted; for operators that may or may not call malloc */
    uint32_t serial;
    bool ring_refused;
    bool events_refused;
    bool is_clockless;     /* this thread may not read the time-stamp counter itself; what it starts may not either */
    bool measures_release; /* between count_release_begin and _end */
};
GUEST_HIDDEN extern GUEST_TLS struct guest_self guest_self;

/* The program has put itself under a seccomp filter, which may kill for a system call that it does not know: none is
   made from now on. Set by stops_no_system_calls, kept over a fork. */
GUEST_HIDDEN extern volatile bool guest_sandboxed;

/* The program has forbidden a thread of its own to read the time-stamp counter, and so all that this thread starts. */
GUEST_HIDDEN extern volatile bool guest_clockless;

/* The time-stamp counter where a thread may be forbidden to read it: asked for, which a seccomp filter might not let
   pass; 0 then. */
GUEST_HIDDEN uint64_t guest_asked_ticks(void);

/* The time-stamp counter, 0 when it must not be read. */
static inline uint64_t guest_ticks(void)
{
    return guest_clockless ? guest_asked_ticks() : __builtin_ia32_rdtsc();
}

/* Our own activity in this thread: > 0 while a hook or handler of ours runs, so that what it calls is passed through
   uncounted. */
GUEST_HIDDEN extern GUEST_TLS int guest_depth;

/* Open the session named in the environment and register this process. Called once, by the first hook or the
   constructor, whichever comes first; resolves the real functions too. Returns whether there is a session. */
GUEST_HIDDEN bool guest_open(void);

/* The environment where the kernel put it, with NULL behind the last word, and the auxiliary vector behind that. */
GUEST_HIDDEN char **guest_start_words(void);

/* The value of an environment variable at start-up (before environment_take), NULL when it is not there or the program
   is set-user-ID (it then runs with rights that whoever set the variable does not have). */
GUEST_HIDDEN const char *guest_start_environment(const char *name);

/* This thread's slot, claimed at the first call; in a forked child, the process is registered anew first. NULL when the
   thread is not profiled. Async-signal-safe, keeps errno. */
GUEST_HIDDEN struct wire_thread *guest_thread(void);

/* This thread's ring, claimed and populated at the first call. NULL when none is to be had. Safe in a SIGTRAP handler.
 */
GUEST_HIDDEN struct wire_ring *guest_ring(struct wire_thread *thread);

/* Append a record to the ring, waiting for room if need be. If the collector is gone, recording stops for good; so it
   does when it is given up (reader.h), or does not move for 60 s: then WIRE_PROCESS_GAVE_UP is set, and further records
   are counted as lost. Every signal must be
   blocked, as it is in our SIGTRAP handler: a handler of the program that came in between could meet a line stop and
   write to the same place. */
GUEST_HIDDEN void guest_emit(struct wire_thread *thread, struct wire_ring *ring, const struct wire_record *record);

/* Wait until a ring of `capacity` places, of which `head` were ever used, has a free one: until its `tail` moves.
   Returns false when that will not be: see guest_emit. */
GUEST_HIDDEN bool guest_wait_for_room(const _Atomic uint64_t *tail, _Atomic uint32_t *producer_waits, uint64_t head,
                                      uint64_t capacity);

/* The same for callers that run with the program's own signal mask: blocks all signals meanwhile (two system calls). */
GUEST_HIDDEN void guest_emit_masked(struct wire_thread *thread, struct wire_ring *ring,
                                    const struct wire_record *record);

/* Claim a free chunk and populate its pages (they are added to own_bytes). NULL when the session is full. */
GUEST_HIDDEN void *guest_claim_chunk(uint32_t kind, uint32_t arg, uint32_t *index);

/* The same for any number of bytes, in as many chunks in a row as it takes; only these bytes are populated. That there
   is no room is not counted. */
GUEST_HIDDEN void *guest_claim_chunks(uint32_t kind, uint32_t arg, size_t bytes, uint32_t *index);
GUEST_HIDDEN void *guest_chunk(uint32_t index);

/* Count resident bytes that are ours in private memory, which a forked child has as well. */
GUEST_HIDDEN void guest_own(int64_t bytes);

/* Make a part of the session, or of another shared mapping, resident and count it as ours. A forked child has it only
   once it calls this again. Returns false when there is no memory: touching it would end the process. Reading shared
   pages without this would map their neighbours too, uncounted. */
GUEST_HIDDEN bool guest_own_shared(const void *start, size_t bytes);

/* Wake the collector if it sleeps. */
GUEST_HIDDEN void guest_wake_collector(void);

/* Called by guest.c in a forked child after it has registered. */
GUEST_HIDDEN void stops_after_fork(void);

#endif
