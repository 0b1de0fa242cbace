/* Logins and terminals, and a timer that is deleted. */
#include "leaks.h"
#include <pthread.h>
#include <signal.h>
#include <time.h>

static void expired(union sigval value)
{
    (void)value;
}

int main(void)
{
    used(getlogin());
    used(ttyname(0));
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = expired};
    timer_create(CLOCK_MONOTONIC, &event, &timer); /* KEPT */
    timer_delete(timer);
    scrub();
    return 0;
}
