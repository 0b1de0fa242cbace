/* PROGRAM: which file it is, and whether it can be profiled. Everything here happens before it is started. */

#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <stdbool.h>

#include "base/err.h"
#include "probes/probes.h"

struct program {
    const char *name; /* as typed */
    char *path;       /* the file to execute */
    struct inspect inspect;
    char *interpreter;                  /* of a script: the program that runs it, else NULL */
    struct inspect interpreter_inspect; /* valid when `interpreter` is not NULL and could be looked at */
};

/* Find the file: as it is when the name has a slash, else along PATH. Fills `out`, to be released by program_fini, or
   returns -ENOENT (not found), -EACCES (not executable, not a program) with a sentence that says what may have been
   meant. */
int program_find(const char *name, const char *debug_root, struct program *out, struct err *err);
void program_fini(struct program *program);

/* The file whose code will run: the interpreter of a script, else the program itself. */
const char *program_code_path(const struct program *program);
const struct inspect *program_code(const struct program *program);

/* Why the preload library cannot work in it: a sentence without its subject ("statically linked, ...; link it ..."), or
   NULL when it can. */
const char *program_obstacle(const struct program *program, struct err *text);

#endif
