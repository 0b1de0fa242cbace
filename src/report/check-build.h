/* Building JSON: failures are collected, so that a builder checks once, at the end. */

#ifndef REPORT_CHECK_BUILD_H
#define REPORT_CHECK_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

struct check_build {
    bool failed; /* no memory */
};

/* Put `value`, whose reference is taken, under `key`, or at the end of an array. */
void check_put(struct check_build *build, json_t *object, const char *key, json_t *value);
void check_append(struct check_build *build, json_t *array, json_t *value);

/* A string of any bytes; null for NULL. check_take also empties the text. */
json_t *check_string(const char *bytes);
json_t *check_take(struct text *text);
json_t *check_integer(uint64_t value);

/* Write `root`, whose reference is taken. */
int check_dump(struct check_build *build, json_t *root, FILE *out, struct err *err);

#endif
