/* Fields of JSON objects by their names. What is missing, null or of another kind is 0, false or NULL: a reader checks
   what it cannot do without. */

#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline int64_t json_read_signed(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* A number below 0 is taken for 0. */
static inline uint64_t json_read(const json_t *object, const char *key)
{
    int64_t value = json_read_signed(object, key);
    return value > 0 ? (uint64_t)value : 0;
}

static inline uint32_t json_read_small(const json_t *object, const char *key)
{
    uint64_t value = json_read(object, key);
    return value <= UINT32_MAX ? (uint32_t)value : 0;
}

static inline bool json_read_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static inline bool json_has_number(const json_t *object, const char *key)
{
    return json_is_integer(json_object_get(object, key));
}

/* Belongs to the object. */
static inline const char *json_read_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* A copy for the caller to free, or NULL when there is no such text; `*failed` is set when memory is out. */
static inline char *json_copy_text(const json_t *object, const char *key, bool *failed)
{
    const char *text = json_read_text(object, key);
    char *copy = text != NULL ? strdup(text) : NULL;
    *failed |= text != NULL && copy == NULL;
    return copy;
}

#endif
