/* Signals that reach syseng-mem while a program runs: INT, TERM, HUP and QUIT, which are for the program as well, and
   CHLD. The handler only writes them into a pipe; program_attend decides. A signal that was ignored when we were
   started stays so, CHLD excepted. */

#ifndef HARNESS_SIGNALS_H
#define HARNESS_SIGNALS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct signal_event {
    int number;
    int code;   /* siginfo_t.si_code */
    pid_t from; /* who sent it, 0 for the kernel */
};

int signals_open(struct err *err);
void signals_close(void);

/* Readable when an event has come. */
int signals_fd(void);

bool signals_take(struct signal_event *out);

#endif
