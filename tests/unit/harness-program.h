/* Test programs under the harness. */

#ifndef TESTS_UNIT_HARNESS_PROGRAM_H
#define TESTS_UNIT_HARNESS_PROGRAM_H

#include "harness/harness.h"

#define PROGRAM_SECOND UINT64_C(1000000000)
#define PROGRAM_PATIENCE (60 * PROGRAM_SECOND) /* never waited for when all is well */
#define PROGRAM_WORDS 8

/* What the program prints goes here, not among the test's own lines. */
struct program {
    struct harness *harness;
    char *path;
    char *words[PROGRAM_WORDS + 1];
    int output_fd;
    bool keep_stdin_open;
};

/* Start tests/targets/NAME, or NAME as it is when it is an absolute path, with the further words as its arguments. The
   last one is NULL. A failure fails the test. */
void program_start(struct program *program, const char *name, ...) __attribute__((sentinel));

/* Stop it, if it still runs, and check that nothing of its family is left. Returns its wait status. */
int program_end(struct program *program, bool *by_us);

/* Wait until it listens; fails the test when it does not. */
void program_find(struct program *program, struct harness_endpoint *endpoint);

/* GET `target`, and return the status; fails the test when no complete answer comes. */
int program_get(struct program *program, const struct harness_endpoint *endpoint, const char *target);

/* What it has printed so far. The caller frees it. */
char *program_output(const struct program *program);

/* Has our process no child at all? */
bool program_is_childless(void);

#endif
