/* The only pointer is what the kernel hands to the handler of a timer. */
#include "leaks.h"
#include <signal.h>
#include <time.h>

APART static void set(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec late = {.it_value.tv_sec = 1000};
    event.sigev_value.sival_ptr = malloc(77); /* KEPT */
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &late, NULL);
}

int main(void)
{
    set();
    scrub();
    return 0;
}
