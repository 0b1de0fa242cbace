/* Where the loader enters and leaves us. The library is linked with -z initfirst: this constructor comes before all
   others, so that they can be stopped at too. */

#include "preload/allocator.h"
#include "preload/environment.h"
#include "preload/exit-hooks.h"
#include "preload/guest.h"
#include "preload/stops.h"

static __attribute__((constructor)) void start(void)
{
    bool has_session = guest_open() && guest_thread() != NULL;
    environment_take();
    if (!has_session)
        return;
    guest_depth++;
    allocator_open();
    guest_depth--;
    stops_start();
    exit_watch();
}

static __attribute__((destructor)) void end(void)
{
    if (guest_thread() == NULL)
        return;
    stops_end();
    guest_depth++;
    allocator_close();
    guest_depth--;
    atomic_store(&guest.process->state, WIRE_PROCESS_EXITING);
    guest_wake_collector();
}
