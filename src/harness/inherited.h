/* What syseng-mem got from whoever started it, so that the program gets the same: descriptors, ignored signals, the
   signal mask. It is recorded before main, by a constructor: nothing of ours can have changed it by then. */

#ifndef HARNESS_INHERITED_H
#define HARNESS_INHERITED_H

/* Give it to the calling process, a forked child about to call execve: descriptors that were not inherited become
   close-on-exec, whoever opened them. Async-signal-safe. */
void inherited_restore(void);

#endif
