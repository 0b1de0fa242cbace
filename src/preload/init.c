/* Where the loader enters and leaves us. The library is linked with -z initfirst: this constructor comes before all
   others, so that they can be stopped at too. */

#include "preload/guest.h"
#include "preload/stops.h"

/* Not linked in yet in a build without line stops. */
#pragma weak stops_start
#pragma weak stops_end

static __attribute__((constructor)) void start(void)
{
    if (guest_open() && guest_thread() != NULL && stops_start != NULL)
        stops_start();
}

static __attribute__((destructor)) void end(void)
{
    if (guest_thread() == NULL)
        return;
    if (stops_end != NULL)
        stops_end();
    atomic_store(&guest.process->state, WIRE_PROCESS_EXITING);
    guest_wake_collector();
}
