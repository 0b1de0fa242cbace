/* What the parts of hostile-process share: it does, by its first argument, one of the things that programs do with
   processes, descriptors, their environment and limits, and prints what they see. All of it is the same when they are
   watched. */

#ifndef HOSTILE_PROCESS_H
#define HOSTILE_PROCESS_H

#include <stdio.h>
#include <sys/types.h>

/* A case returns the exit status. `self` is the program's path, `arguments` what follows the case's name. */
struct hostile_case {
    const char *name;
    int (*run)(const char *self, char **arguments);
};
extern const struct hostile_case environment_cases[], children_cases[], limit_cases[];

/* Where everything is printed to; 1 unless a case gives that away. */
extern int hostile_out;
#define say(...) dprintf(hostile_out, __VA_ARGS__)

/* Print what the program sees of itself: descriptors, the first free one, threads, environment, mapped files. Keeps
 * errno. */
void see(const char *when);

/* Use the allocator: some blocks are left for the next call to free. */
void allocate(void);

/* The result of a system call, with errno when it failed. */
void say_result(const char *what, long result);

/* Wait for a child and print how it ended. Returns its exit status, -1 when it has none. */
int say_child(const char *what, pid_t pid);

#define NO_STATUS 99 /* of a case that this machine cannot run */

#endif
