/* "Did you mean": the nearest of several names. */

#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* How many insertions, removals, replacements and swaps of neighbours turn `a` into `b` (optimal string alignment).
   Names longer than 63 bytes count as far from everything. */
size_t suggest_distance(const char *a, const char *b);

/* Looking for the name nearest to `wanted`: start with {.wanted = ...}, offer candidates, read `best`. */
struct suggest {
    const char *wanted;
    char best[256]; /* "" while nothing offered was near enough: at most a third of the letters differ */
    size_t distance;
};
void suggest_offer(struct suggest *suggest, const char *candidate);

#endif
