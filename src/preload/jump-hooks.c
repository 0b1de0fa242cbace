/* Ways out of a function that no line stop sees: longjmp and C++ exceptions. A sample is taken when the jump begins, or
   before an exception's handler or a clean-up on its way runs, so that what happens there is not charged to the activations
   that were ended. */

#include "preload/displace.h"
#include "preload/real.h"
#include "preload/signals.h"
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
        signals_note_jump(environment);                                                                                \
        real.name.call(environment, value);                                                                            \
        __builtin_unreachable();                                                                                       \
    }

JUMP_HOOK(longjmp)
JUMP_HOOK(_longjmp)
JUMP_HOOK(siglongjmp)
JUMP_HOOK(__longjmp_chk)

/* The unwinder asks a frame's personality whether the frame has something to do for the exception. When it has (a handler,
   or a clean-up such as a destructor), all frames below are over before that begins. See the Itanium C++ ABI, "Exception
   Handling", section 1.6. */
#define URC_INSTALL_CONTEXT 7

typedef uintptr_t context_fn(void *context);

static void note_landing(void *context)
{
    if (real._Unwind_GetCFA.call == NULL || real._Unwind_GetIP.call == NULL) { /* a C program with a C++ module */
        real._Unwind_GetCFA.call = (context_fn *)real_in_cxx_library("_Unwind_GetCFA");
        real._Unwind_GetIP.call = (context_fn *)real_in_cxx_library("_Unwind_GetIP");
    }
    if (real._Unwind_GetCFA.call == NULL || real._Unwind_GetIP.call == NULL)
        return;
    struct wire_record record = {.kind = WIRE_RECORD_CATCH, .sp = real._Unwind_GetCFA.call(context)};
    struct displace_site line;
    uint64_t pc = real._Unwind_GetIP.call(context);
    if (displace_line_of(pc, &line) && line.base + line.site->offset != pc) { /* no stop will tell */
        record.plan = line.plan->plan_id;
        record.site = line.index;
    }
    stops_note(&record, true);
}

#define PERSONALITY_HOOK(name)                                                                                         \
    GUEST_EXPORT int name(int version, int actions, uint64_t class, void *exception, void *context);                   \
    GUEST_EXPORT int name(int version, int actions, uint64_t class, void *exception, void *context)                    \
    {                                                                                                                  \
        if (real.name.call == NULL)                                                                                    \
            real.name.call = (int (*)(int, int, uint64_t, void *, void *))real_in_cxx_library(#name);                  \
        int result = real.name.call(version, actions, class, exception, context);                                      \
        if (result == URC_INSTALL_CONTEXT)                                                                             \
            note_landing(context);                                                                                     \
        return result;                                                                                                 \
    }

PERSONALITY_HOOK(__gxx_personality_v0)
PERSONALITY_HOOK(__gcc_personality_v0)
