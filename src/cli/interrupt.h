/* Signals that reach syseng-mem while the program runs. The terminal sends Ctrl-C to both; what is sent to us alone is
   passed on. Either way the program decides, and the report is still printed. */

#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <sys/types.h>

/* From now on catch INT, TERM, HUP and QUIT, unless they were ignored, and pass them on to `pid`. SIGPIPE is caught as
   well, so that a report nobody reads becomes an error message. Called again, only `pid` changes; 0: nobody to pass to. */
void interrupt_catch(pid_t pid);

/* The first signal caught so far, or 0. */
int interrupt_signal(void);

#endif
