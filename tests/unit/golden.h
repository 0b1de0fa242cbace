/* Comparing what a report printed with a file of tests/golden, byte for byte. With UPDATE_GOLDEN=1 in the environment
   the file is rewritten instead; the diff is then reviewed like code. */

#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <stddef.h>

/* Fail the cmocka test, after printing the difference, unless tests/golden/`name` holds exactly `text`. */
void golden_compare(const char *name, const char *text, size_t length);

/* Take the project's version out of `text`, so that a new version changes no golden file. */
void golden_mask_version(char *text, size_t *length);

#endif
