/* Leaving the process by the C library's functions.

   exit and quick_exit run handlers first, so that their look comes from the last of these, which are the first that
   were registered. Ours come before the loader's own, which runs all destructors: the constructor of a library that is
   linked with -z initfirst runs before the C library registers that. The stack that counts is that of the caller of
   exit: the frames below it are the C library's, over what earlier calls have left there. When the C library calls exit
   itself (return from main, err, the end of the last thread), no hook sees it, and the frame is found by a walk. */

#include "preload/exit-hooks.h"

#include <stdlib.h>
#include <sys/syscall.h>

#include "preload/events.h"
#include "preload/look.h"
#include "preload/real.h"
#include "preload/syscalls.h"
#include "preload/unwind.h"

/* How far into exit its call of the handlers can lie. */
#define EXIT_BYTES 64

/* From where the process is being left, once exit or quick_exit was called; in this thread. */
static GUEST_TLS uint64_t left_from;

extern int __cxa_atexit(void (*)(void *), void *, void *);
extern int __cxa_at_quick_exit(void (*)(void *), void *);

/* The stack of whoever called the function at `function`, 0 when the walk does not meet it. */
static __attribute__((noinline)) uint64_t caller_of(uint64_t function)
{
    uint32_t count;
    guest_depth++;
    const struct unwind_check *frames = function != 0 ? events_walk(EVENTS_FRAME, &count) : NULL;
    guest_depth--;
    for (uint32_t i = 1; frames != NULL && i < count; i++)
        if (frames[i].value - function <= EXIT_BYTES)
            return frames[i - 1].slot + 8;
    return 0;
}

static void look_after_handlers(uint64_t function)
{
    if (!look_is_possible() || !events_wanted())
        return;
    uint64_t sp = left_from != 0 ? left_from : caller_of(function);
    if (sp != 0)
        look_ask(sp, NULL, 0);
    else
        LOOK_FROM_HERE();
}

static void on_quick_exit(void *data)
{
    (void)data;
    look_after_handlers((uint64_t)real.quick_exit.call);
}

static void on_exit_handlers(void *data)
{
    (void)data;
    look_after_handlers((uint64_t)real.exit.call);
}

void exit_watch(void)
{
    if (!look_is_possible())
        return;
    __cxa_atexit(on_exit_handlers, NULL, NULL); /* of no library: not when ours is finished */
    __cxa_at_quick_exit(on_quick_exit, NULL);
}

void exit_by_system_call(bool ends_process)
{
    if (guest.wants_looks && (ends_process || *guest.single_threaded))
        LOOK_FROM_HERE();
}

static __attribute__((noreturn)) void end_process(int status)
{
    for (;;)
        raw_syscall3(SYS_exit_group, status, 0, 0);
}

/* The hook's frame stays: what the caller has in registers lies in it. */
#define LEAVE(function, status)                                                                                        \
    guest_open();                                                                                                      \
    left_from = LOOK_SP();                                                                                             \
    if (real.function.call != NULL)                                                                                    \
        real.function.call(status);                                                                                    \
    end_process(status)

GUEST_EXPORT void exit(int status)
{
    LEAVE(exit, status);
}

GUEST_EXPORT void quick_exit(int status)
{
    LEAVE(quick_exit, status);
}

GUEST_EXPORT void _exit(int status);

GUEST_EXPORT void _exit(int status)
{
    guest_open();
    LOOK_FROM_HERE();
    if (real._exit.call != NULL)
        real._exit.call(status);
    end_process(status);
}

GUEST_EXPORT void _Exit(int status)
{
    _exit(status);
}

/* The parent leaves in it, unseen. */
GUEST_EXPORT int daemon(int stays, int keeps_streams)
{
    guest_open();
    LOOK_FROM_HERE();
    int result = real.daemon.call(stays, keeps_streams);
    look_was_in_vain();
    return result;
}
