/* References that a program has given to the kernel, to get them back with an event. */

#ifndef COLLECTOR_KERNEL_HELD_H
#define COLLECTOR_KERNEL_HELD_H

#include <sys/types.h>

#include "collector/address-space.h"

/* Hand over the data of what its epoll descriptors watch, and the values of its timers' signals. What cannot be read is
   passed over. */
void kernel_held_visit(pid_t pid, address_space_visit_fn *visit, void *data);

#endif
