/* Starting programs, where others than the hooks of exec come by. */

#ifndef PRELOAD_EXEC_HOOKS_H
#define PRELOAD_EXEC_HOOKS_H

#include "preload/guest.h"

/* How many places environment_fill needs for the program, and whether it can be profiled; 0: `words` can stay.
   `by_path`: the program is looked for as by execvp(3). Async-signal-safe, keeps errno. */
GUEST_HIDDEN size_t exec_room(const char *name, bool by_path, char *const *words, bool *suitable);

/* The program itself makes the system call; `sp` is LOOK_SP of the hook. Return what syscall(2) does. */
GUEST_HIDDEN long exec_system_call(uint64_t sp, const char *path, char *const argv[], char *const *words);
GUEST_HIDDEN long exec_system_call_at(uint64_t sp, int fd, const char *path, char *const argv[], char *const *words,
                                      int flags);

#endif
