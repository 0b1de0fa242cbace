/* The functions that our hooks stand in front of: for each, the next definition after ours in the order in which the
   loader searches, which is the program's own. */

#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

#include <link.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/types.h>
#include <time.h>

#include "preload/guest.h"

/* Every C function by its result, name and parameters. */
#define REAL_FUNCTIONS(F)                                                                                              \
    F(void *, malloc, (size_t))                                                                                        \
    F(void, free, (void *))                                                                                            \
    F(void *, calloc, (size_t, size_t))                                                                                \
    F(void *, realloc, (void *, size_t))                                                                               \
    F(void *, reallocarray, (void *, size_t, size_t))                                                                  \
    F(int, posix_memalign, (void **, size_t, size_t))                                                                  \
    F(void *, aligned_alloc, (size_t, size_t))                                                                         \
    F(void *, memalign, (size_t, size_t))                                                                              \
    F(void *, valloc, (size_t))                                                                                        \
    F(void *, pvalloc, (size_t))                                                                                       \
    F(void *, mmap, (void *, size_t, int, int, int, off_t))                                                            \
    F(void *, mmap64, (void *, size_t, int, int, int, off_t))                                                          \
    F(int, munmap, (void *, size_t))                                                                                   \
    F(void *, mremap, (void *, size_t, size_t, int, ...))                                                              \
    F(int, brk, (void *))                                                                                              \
    F(void *, sbrk, (intptr_t))                                                                                        \
    F(int, madvise, (void *, size_t, int))                                                                             \
    F(int, mprotect, (void *, size_t, int))                                                                            \
    F(int, listen, (int, int))                                                                                         \
    F(int, sigprocmask, (int, const sigset_t *, sigset_t *))                                                           \
    F(int, pthread_sigmask, (int, const sigset_t *, sigset_t *))                                                       \
    F(int, sigsuspend, (const sigset_t *))                                                                             \
    F(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))                                \
    F(int, __ppoll_chk, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t))                  \
    F(int, pselect, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))                    \
    F(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))                                       \
    F(int, epoll_pwait2, (int, struct epoll_event *, int, const struct timespec *, const sigset_t *))                  \
    F(int, pthread_attr_setsigmask_np, (pthread_attr_t *, const sigset_t *))                                           \
    F(int, timer_create, (clockid_t, const struct sigevent *, timer_t *))                                              \
    F(int, mq_notify, (mqd_t, const struct sigevent *))                                                                \
    F(void, longjmp, (void *, int))                                                                                    \
    F(void, _longjmp, (void *, int))                                                                                   \
    F(void, siglongjmp, (void *, int))                                                                                 \
    F(void, __longjmp_chk, (void *, int))                                                                              \
    F(int, __gxx_personality_v0, (int, int, uint64_t, void *, void *))                                                 \
    F(int, __gcc_personality_v0, (int, int, uint64_t, void *, void *))                                                 \
    F(uintptr_t, _Unwind_GetCFA, (void *))                                                                             \
    F(uintptr_t, _Unwind_GetIP, (void *))                                                                              \
    F(int, execve, (const char *, char *const *, char *const *))                                                       \
    F(int, execvpe, (const char *, char *const *, char *const *))                                                      \
    F(int, fexecve, (int, char *const *, char *const *))                                                               \
    F(int, posix_spawn, (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,         \
                         char *const *, char *const *))                                                                \
    F(int, posix_spawnp, (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,        \
                          char *const *, char *const *))                                                               \
    F(int, setrlimit, (int, const struct rlimit *))                                                                    \
    F(int, getrlimit, (int, struct rlimit *))                                                                          \
    F(int, prlimit, (pid_t, int, const struct rlimit *, struct rlimit *))                                              \
    F(void *, dlopen, (const char *, int))                                                                             \
    F(void *, dlmopen, (long, const char *, int))                                                                      \
    F(int, system, (const char *))                                                                                     \
    F(void *, popen, (const char *, const char *))                                                                     \
    F(int, wordexp, (const char *, void *, int))                                                                       \
    F(void, exit, (int))                                                                                               \
    F(void, _exit, (int))                                                                                              \
    F(void, quick_exit, (int))                                                                                         \
    F(int, daemon, (int, int))                                                                                         \
    F(int, prctl, (int, unsigned long, unsigned long, unsigned long, unsigned long))                                   \
    F(long, syscall, (long, long, long, long, long, long, long))

/* Those that are of use only when the allocator itself has them. */
#define REAL_OPTIONAL_FUNCTIONS(F)                                                                                     \
    F(size_t, malloc_usable_size, (void *))                                                                            \
    F(void, cfree, (void *))                                                                                           \
    F(void, free_sized, (void *, size_t))                                                                              \
    F(void, free_aligned_sized, (void *, size_t, size_t))                                                              \
    F(int, mallctl, (const char *, void *, size_t *, void *, size_t))

/* The C++ operators by their mangled names (Itanium C++ ABI, section 5.1.5). */
#define REAL_OPERATORS(F)                                                                                              \
    F(_Znwm)                                                                                                           \
    F(_Znam)                                                                                                           \
    F(_ZnwmRKSt9nothrow_t)                                                                                             \
    F(_ZnamRKSt9nothrow_t)                                                                                             \
    F(_ZnwmSt11align_val_t)                                                                                            \
    F(_ZnamSt11align_val_t)                                                                                            \
    F(_ZnwmSt11align_val_tRKSt9nothrow_t)                                                                              \
    F(_ZnamSt11align_val_tRKSt9nothrow_t)                                                                              \
    F(_ZdlPv)                                                                                                          \
    F(_ZdaPv)                                                                                                          \
    F(_ZdlPvm)                                                                                                         \
    F(_ZdaPvm)                                                                                                         \
    F(_ZdlPvRKSt9nothrow_t)                                                                                            \
    F(_ZdaPvRKSt9nothrow_t)                                                                                            \
    F(_ZdlPvSt11align_val_t)                                                                                           \
    F(_ZdaPvSt11align_val_t)                                                                                           \
    F(_ZdlPvmSt11align_val_t)                                                                                          \
    F(_ZdaPvmSt11align_val_t)                                                                                          \
    F(_ZdlPvSt11align_val_tRKSt9nothrow_t)                                                                             \
    F(_ZdaPvSt11align_val_tRKSt9nothrow_t)

/* A function and whether it comes from the object that provides malloc. Blocks of another object's functions are not the
   allocator's: they must not be handed to its malloc_usable_size. */
#define REAL_MEMBER(result, name, parameters)                                                                          \
    struct {                                                                                                           \
        result(*call) parameters;                                                                                      \
        bool is_allocators;                                                                                            \
    } name;
#define REAL_OPERATOR_MEMBER(name)                                                                                     \
    struct {                                                                                                           \
        void (*call)(void);                                                                                            \
        bool is_allocators;                                                                                            \
    } name;

struct real {
    REAL_FUNCTIONS(REAL_MEMBER)
    REAL_OPTIONAL_FUNCTIONS(REAL_MEMBER)
    REAL_OPERATORS(REAL_OPERATOR_MEMBER)
    /* The object that provides malloc: its run-time addresses, its file name (as the loader knows it). */
    uintptr_t allocator_start, allocator_end;
    const char *allocator_path;
    bool allocator_is_libc;
};
GUEST_HIDDEN extern struct real real;

/* Fill in `real`. A `call` stays NULL when nobody behind us defines the function. No lock, no malloc, no errno. */
GUEST_HIDDEN void real_resolve(void);

/* Call `visit` for each of our hooks that has a function of the C library, `libc`, right behind it: `hooked` is that
   one's symbol. */
typedef void real_visit(const struct link_map *libc, const ElfW(Sym) * hooked, const void *hook);
GUEST_HIDDEN void real_visit_hooked(real_visit *visit);

/* A C++ library's definition of `name` when it was loaded with dlopen, out of sight of the program's own search; NULL when
   there is none. May lock and allocate. */
GUEST_HIDDEN void *real_in_cxx_library(const char *name);

/* The usable size of a block that is about to be freed or resized, as the allocator tells it. The C library's looks at
   the next block too, wherever a broken size may lead, and would fault where free tells of the corruption: the size is
   taken from before the block as free does it (glibc's malloc/malloc.c, struct malloc_chunk). */
static inline size_t real_usable_size(void *block)
{
    enum { IS_MAPPED = 2, FLAGS = 7 };
    if (!real.allocator_is_libc)
        return real.malloc_usable_size.call(block);
    size_t size = ((const size_t *)block)[-1];
    return (size & ~(size_t)FLAGS) - (size & IS_MAPPED ? 2 : 1) * sizeof size;
}

/* Whether the code at `address` belongs to the allocator. */
static inline bool real_is_allocator_code(const void *address)
{
    return (uintptr_t)address - real.allocator_start < real.allocator_end - real.allocator_start;
}

#endif
