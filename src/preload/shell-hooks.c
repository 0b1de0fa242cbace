/* The hooks of functions by which the C library starts a shell, with the environment that `environ` names, past all
   other hooks. Meanwhile that is one with our two words.

   Nothing else will do: the functions do more than to start the shell (streams, signals, cancellation), and there is no
   telling from outside when it has been started. What other threads change in the environment meanwhile, against the
   rules, is kept. In a forked child the lock is free, as all of `guest` is empty. */

#include <unistd.h>

#include "preload/environment.h"
#include "preload/exec-hooks.h"
#include "preload/real.h"
#include "preload/syscalls.h"

#define SHELL "/bin/sh"
#define LENT_WORDS 1024 /* a larger environment is not lent: what the shell starts goes unnoticed */

/* Under the lock `guest.lending`. Never on a caller's stack: another thread may be about to start a shell with it. */
static struct {
    char **before;
    char *words[LENT_WORDS];
    char preload[ENVIRONMENT_PRELOAD_BYTES];
} lent;

static void lock(void)
{
    while (atomic_exchange_explicit(&guest.lending, 1, memory_order_acquire) != 0)
        raw_syscall3(SYS_sched_yield, 0, 0, 0);
}

static void unlock(void)
{
    atomic_store_explicit(&guest.lending, 0, memory_order_release);
}

/* Returns whether the caller has to take back. */
static bool lend(void)
{
    bool suitable = false;
    lock();
    bool joins = guest.borrowers > 0 && environ == lent.words;
    size_t room = joins ? 0 : exec_room(SHELL, false, environ, &suitable);
    bool begins = guest.borrowers == 0 && suitable && room > 0 && room <= LENT_WORDS;
    if (begins) {
        lent.before = environ;
        environment_fill(lent.words, lent.preload, environ, true);
        __atomic_store_n(&environ, lent.words, __ATOMIC_RELEASE);
    }
    guest.borrowers += joins || begins;
    unlock();
    return joins || begins;
}

/* The words of `from` that are not ours go to `to`, which has room for them and may be the same. */
static void copy_others(char **to, char *const *from)
{
    for (; *from != NULL; from++)
        if (!environment_is_channel(*from) && *from != lent.preload)
            *to++ = *from;
    *to = NULL;
}

static void take_back(void)
{
    lock();
    if (--guest.borrowers == 0) {
        if (environ != lent.words && environ != NULL) { /* a copy that setenv made */
            copy_others(environ, environ);
        } else if (environ == lent.words) {
            if (lent.before != NULL)
                copy_others(lent.before, lent.words);
            __atomic_store_n(&environ, lent.before, __ATOMIC_RELEASE);
        }
    }
    unlock();
}

#define LENDING(result, call)                                                                                          \
    bool borrows = lend();                                                                                             \
    result = call;                                                                                                     \
    if (borrows)                                                                                                       \
        take_back();                                                                                                   \
    return result

GUEST_EXPORT int system(const char *command);

GUEST_EXPORT int system(const char *command)
{
    int result;
    LENDING(result, real.system.call(command));
}

GUEST_EXPORT void *popen(const char *command, const char *type);

GUEST_EXPORT void *popen(const char *command, const char *type)
{
    void *result;
    LENDING(result, real.popen.call(command, type));
}

GUEST_EXPORT int wordexp(const char *words, void *out, int flags);

GUEST_EXPORT int wordexp(const char *words, void *out, int flags)
{
    int result;
    LENDING(result, real.wordexp.call(words, out, flags));
}
