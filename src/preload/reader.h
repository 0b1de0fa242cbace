/* Whether syseng-mem still reads what is recorded, for those who wait for it. */

#ifndef PRELOAD_READER_H
#define PRELOAD_READER_H

#include "preload/guest.h"

/* Of somebody who waits; zeroed when the wait begins, and whenever syseng-mem has moved. */
struct reader_patience {
    uint64_t round_end_ns; /* CLOCK_MONOTONIC: a signal ends a sleep early, and with it no round */
    uint32_t rounds;
    uint32_t stopped_rounds; /* in a row, at whose beginning syseng-mem was stopped */
    uint32_t idle_rounds;    /* or had nothing to do: what is waited for will not come, whoever is to blame */
};

/* Called between sleeps of at most READER_ROUND_NS: is it worth waiting on? Not when the session is over, syseng-mem is
   gone, or somebody gave it up already; nor when it has had nothing to do for 10 s, though it was woken in every round,
   or has been stopped (SIGSTOP) for 5 s. The latter is given up for the whole session: no process of it waits again.
   `rounds` counts the rounds that have begun, whatever number of sleeps each took; how many are enough while syseng-mem
   runs is the caller's business. */
GUEST_HIDDEN bool reader_is_worth_waiting(struct reader_patience *patience);

/* Nobody waits for syseng-mem from now on, in no process of the session, and this one's report will say so. */
GUEST_HIDDEN void reader_give_up(void);

/* Nobody waits any more, and no further process begins to record. */
static inline bool reader_is_given_up(void)
{
    return atomic_load(&guest.session->closed) != 0 || atomic_load(&guest.session->abandoned) != 0;
}

#define READER_ROUND_NS 100000000L

#endif
