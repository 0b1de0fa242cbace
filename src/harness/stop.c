/* Ending the program.

   SIGTERM goes to the first process, and to whoever of the family has lost its parent: these are the ones in charge,
   and they end their children in their own way. Children that become orphans by that get theirs next. At half of the
   grace time everyone gets it who did not yet, for some parents wait for their children (a shell with a trap), and at
   its end SIGKILL. */

#include "harness/harness.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/family.h"
#include "harness/program.h"

#define LOOK_NS (20 * CLOCK_MS)
#define IMPATIENCE 2
#define KILLED_NS (5 * CLOCK_SECOND) /* a killed process ends as soon as its system call can; on a dead disk, never */

/* Ask those to end that were not asked yet. A stopped process takes the signal when it goes on. */
static void terminate(const struct pids *pids, struct pids *asked)
{
    for (size_t i = 0; i < pids->count; i++) {
        if (pids_has(asked, pids->items[i]) || pids_add(asked, pids->items[i]) != 0)
            continue;
        kill(pids->items[i], SIGTERM);
        kill(pids->items[i], SIGCONT);
    }
}

static void ask_to_end(const struct harness *harness, bool everyone, struct pids *asked)
{
    struct pids pids = {0};
    if (everyone)
        family_list(harness, &pids);
    else
        family_roots(harness, &pids);
    terminate(&pids, asked);
    pids_fini(&pids);
}

static void kill_all(const struct harness *harness)
{
    struct pids family = {0};
    family_list(harness, &family);
    for (size_t i = 0; i < family.count; i++)
        kill(family.items[i], SIGKILL);
    pids_fini(&family);
}

/* Returns whether the whole family ended in time. Signals for us while we wait end our patience: two, for one may be
   the program's own to its process group, passed on by whoever runs us. */
static bool end_politely(struct harness *harness, uint64_t grace_ns)
{
    uint64_t half = clock_after(grace_ns / 2), deadline = clock_after(grace_ns);
    struct pids asked = {0};
    unsigned last = harness->interruptions + IMPATIENCE;
    bool gone;
    while (!(gone = family_is_gone(harness)) && clock_left(deadline) > 0 && harness->interruptions < last) {
        ask_to_end(harness, clock_left(half) == 0, &asked);
        uint64_t left = clock_left(deadline);
        program_nap(harness, left < LOOK_NS ? left : LOOK_NS);
    }
    pids_fini(&asked);
    return gone;
}

int harness_stop(struct harness *harness, uint64_t grace_ns, int *wait_status, bool *by_us)
{
    program_attend(harness);
    *by_us = !family_is_gone(harness);
    if (harness->stdin_fd >= 0) {
        close(harness->stdin_fd);
        harness->stdin_fd = -1;
    }
    if (*by_us && !end_politely(harness, grace_ns)) {
        uint64_t deadline = clock_after(KILLED_NS);
        while (!family_is_gone(harness) && clock_left(deadline) > 0) {
            kill_all(harness); /* again and again: it may fork */
            program_nap(harness, LOOK_NS);
        }
    }
    *wait_status = harness->wait_status;
    return family_is_gone(harness) ? 0 : -ETIMEDOUT;
}
