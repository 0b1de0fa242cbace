/* Building JSON. */

#include "report/json-build.h"

#include <errno.h>
#include <string.h>

void build_put(struct json_build *build, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        build->failed = true;
}

void build_append(struct json_build *build, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        build->failed = true;
}

json_t *build_bytes(const char *bytes, size_t length)
{
    json_t *value = json_stringn(bytes, length);
    if (value != NULL)
        return value;
    struct text clean = TEXT_EMPTY;
    text_add_utf8(&clean, bytes, length);
    value = clean.failed ? NULL : json_stringn(text_get(&clean), clean.length);
    text_fini(&clean);
    return value;
}

json_t *build_string(const char *bytes)
{
    return bytes != NULL ? build_bytes(bytes, strlen(bytes)) : json_null();
}

json_t *build_take(struct text *text)
{
    json_t *value = text->failed ? NULL : build_bytes(text_get(text), text->length);
    text_fini(text);
    return value;
}

json_t *build_integer(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

int build_dump(struct json_build *build, json_t *root, FILE *out, struct err *err)
{
    int code = 0;
    errno = 0;
    if (root == NULL || build->failed)
        code = -ENOMEM;
    else if (json_dumpf(root, out, JSON_INDENT(2)) != 0 || putc('\n', out) == EOF || fflush(out) != 0)
        code = errno != 0 ? -errno : -EIO;
    json_decref(root);
    return code == 0 ? 0 : err_set(err, code, "JSON report: %s", strerror(-code));
}
