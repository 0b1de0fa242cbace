/* Ways out of a function that no line stop sees: longjmp and C++ exceptions. A sample is taken when the jump begins, or
   when the exception is caught, so that what happens after it is not charged to the activations that it ended. */

#include "preload/real.h"
#include "preload/stops.h"

static void note_jump(void)
{
    struct wire_record record = {.kind = WIRE_RECORD_JUMP};
    stops_note(&record, true);
}

#define JUMP_HOOK(name)                                                                                                \
    GUEST_EXPORT __attribute__((noreturn)) void name(void *environment, int value);                                    \
    GUEST_EXPORT void name(void *environment, int value)                                                               \
    {                                                                                                                  \
        note_jump();                                                                                                   \
        real.name.call(environment, value);                                                                            \
        __builtin_unreachable();                                                                                       \
    }

JUMP_HOOK(longjmp)
JUMP_HOOK(_longjmp)
JUMP_HOOK(siglongjmp)
JUMP_HOOK(__longjmp_chk)

GUEST_EXPORT void *__cxa_begin_catch(void *exception);

/* The catching frame's stack pointer is what ours was before the call: our frame's own address plus its return address.
 */
GUEST_EXPORT void *__cxa_begin_catch(void *exception)
{
    struct wire_record record = {.kind = WIRE_RECORD_CATCH, .sp = (uint64_t)__builtin_frame_address(0) + 16};
    stops_note(&record, true);
    if (real.__cxa_begin_catch.call == NULL) /* a C program that has loaded a C++ module */
        real.__cxa_begin_catch.call = (void *(*)(void *))real_in_cxx_library("__cxa_begin_catch");
    return real.__cxa_begin_catch.call(exception);
}
