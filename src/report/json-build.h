/* Building JSON: failures are collected, so that a builder checks once, at the end. */

#ifndef REPORT_JSON_BUILD_H
#define REPORT_JSON_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

/* Make the next element of an array: `*position` is 0 at first, and what the function makes of it. NULL at the end. */
typedef json_t *build_next_fn(void *data, uint32_t number, size_t *position);

struct json_build {
    bool failed; /* no memory */
    struct build_stream *streams;
    size_t stream_count, stream_room;
};

/* Put `value`, whose reference is taken, under `key`, or at the end of an array. */
void build_put(struct json_build *build, json_t *object, const char *key, json_t *value);
void build_append(struct json_build *build, json_t *array, json_t *value);

/* A string of any bytes: what is not UTF-8 becomes U+FFFD; null for NULL. build_take also empties the text. */
json_t *build_string(const char *bytes);
json_t *build_bytes(const char *bytes, size_t length);
json_t *build_take(struct text *text);
json_t *build_integer(uint64_t value);

/* An array whose elements are made one by one while it is written: there may be more than memory should hold. `data`
   must be there until then. */
json_t *build_array_of(struct json_build *build, build_next_fn *next, void *data, uint32_t number);

/* Write `root`, whose reference is taken, indented by two. Releases what `build` holds. 0; -ENOMEM; the negative errno
   of the write. */
typedef int build_dump_fn(struct json_build *build, json_t *root, FILE *out, struct err *err);
build_dump_fn build_dump;

/* The same without blanks, in ASCII and without any "<": so that it can stand in an HTML script element. */
build_dump_fn build_dump_script;

#endif
