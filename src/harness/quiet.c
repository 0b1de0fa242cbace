/* Has the program done all that a request made it do? */

#include "harness/harness.h"

#include "harness/clock.h"
#include "harness/family.h"
#include "harness/program.h"

#define LOOKS 8 /* in the time that has to be quiet */
#define LOOK_LEAST_NS (CLOCK_MS / 2)
#define LOOK_MOST_NS (10 * CLOCK_MS)

bool harness_wait_quiet(struct harness *harness, harness_activity_fn *activity, void *data, uint64_t quiet_ns,
                        uint64_t timeout_ns)
{
    uint64_t deadline = clock_after(timeout_ns), pause = quiet_ns / LOOKS;
    pause = pause < LOOK_LEAST_NS ? LOOK_LEAST_NS : pause > LOOK_MOST_NS ? LOOK_MOST_NS : pause;
    uint64_t last = activity != NULL ? activity(data) : 0, since = clock_now();
    while (harness->interrupted == 0) {
        bool busy = family_is_busy(harness);
        uint64_t value = activity != NULL ? activity(data) : 0, now = clock_now();
        if (busy || value != last)
            since = now;
        else if (now - since >= quiet_ns)
            return true;
        last = value;
        if (now >= deadline)
            return false;
        program_nap(harness, pause);
    }
    return false;
}
