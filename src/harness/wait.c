/* Waiting for the program to end by itself. */

#include "harness/harness.h"

#include "harness/clock.h"
#include "harness/family.h"
#include "harness/program.h"

/* An end wakes us through SIGCHLD; this only bounds what a lost one would cost. */
#define LOOK_NS (100 * CLOCK_MS)

bool harness_has_ended(struct harness *harness, int *wait_status)
{
    program_attend(harness);
    if (harness->ended && wait_status != NULL)
        *wait_status = harness->wait_status;
    return harness->ended;
}

bool harness_is_gone(struct harness *harness)
{
    program_attend(harness);
    return family_is_gone(harness);
}

int harness_interrupted(const struct harness *harness)
{
    return harness->interrupted;
}

int harness_wait(struct harness *harness, bool family, int *wait_status)
{
    program_attend(harness);
    while (family ? !family_is_gone(harness) : !harness->ended)
        program_nap(harness, LOOK_NS);
    *wait_status = harness->wait_status;
    return 0;
}
