/* Building JSON: failures are collected, so that a builder checks once, at the end. */

#ifndef REPORT_JSON_BUILD_H
#define REPORT_JSON_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

struct json_build {
    bool failed; /* no memory */
};

/* Put `value`, whose reference is taken, under `key`, or at the end of an array. */
void build_put(struct json_build *build, json_t *object, const char *key, json_t *value);
void build_append(struct json_build *build, json_t *array, json_t *value);

/* A string of any bytes: what is not UTF-8 becomes U+FFFD; null for NULL. build_take also empties the text. */
json_t *build_string(const char *bytes);
json_t *build_bytes(const char *bytes, size_t length);
json_t *build_take(struct text *text);
json_t *build_integer(uint64_t value);

/* Write `root`, whose reference is taken. */
int build_dump(struct json_build *build, json_t *root, FILE *out, struct err *err);

#endif
