/* --function: shell patterns against function names, a quick rejection by symbol names, and the nearest miss. */

#ifndef PROBES_GLOBS_H
#define PROBES_GLOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/elf-file.h"

struct glob {
    const char *text; /* the caller's */
    bool has_matched;
    char *nearest; /* of the names that did not match, or NULL */
    size_t nearest_distance;
    char literal[128]; /* what the symbol of every match contains; "" when nothing is known */
    char mangled[136]; /* the same in a mangled name: "3run" for a whole identifier */
};

struct globs {
    struct glob *items;
    size_t count;
    bool needs_all;       /* some glob has no literal, or there is no symbol table: every function is asked */
    uint64_t *candidates; /* ascending: addresses of the symbols that contain a literal */
    size_t candidate_count, candidate_capacity;
};

int globs_init(struct globs *globs, const char *const *texts, size_t count);

/* Read the symbols of the debug file, or of the program itself when that has none: candidates and nearest misses. */
int globs_prepare(struct globs *globs, const struct elf_file *program, const struct elf_file *debug);
void globs_fini(struct globs *globs);

/* Whether [low, high) may hold a function that matches. */
bool globs_may_match(const struct globs *globs, uint64_t low, uint64_t high);

/* Whether a symbol matches a glob that has matched nothing else. */
bool globs_match_unmatched(struct globs *globs, const char *symbol);

/* Whether any glob matches; each that does is marked. Names may be NULL. Template arguments may be left out of a glob. */
bool globs_match(struct globs *globs, const char *name, const char *qualified, const char *linkage_name);

#endif
