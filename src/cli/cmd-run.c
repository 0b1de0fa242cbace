/* One window over the whole run of a program. */

#include "cli/cmd.h"

#include <time.h>

#include "cli/message.h"
#include "cli/profile.h"

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int cmd_whole_run(const struct options *options, const struct profile_view *view)
{
    struct profile profile;
    int failure = 0, status = profile_init(&profile, options, view);
    if (status != 0)
        goto out;
    status = profile_begin_window(&profile, NULL, NULL);
    if (status != 0)
        goto out;
    uint64_t start_ns = now_ns();
    status = profile_start(&profile);
    if (status != 0)
        goto out;
    if (harness_wait(profile.harness, true, &profile.wait_status) < 0) {
        message(MESSAGE_ERROR, "%s: cannot wait for it", profile.program.name);
        failure = PROFILE_FAILED;
    }
    profile_end_window(&profile, 0, now_ns() - start_ns, true);
    status = profile_report(&profile, failure);
out:
    profile_fini(&profile);
    return status;
}

int cmd_run(const struct options *options)
{
    return cmd_whole_run(options, NULL);
}
