/* Building JSON. */

#include "report/check-build.h"

#include <errno.h>
#include <string.h>

#include "report/check-print.h"

void check_put(struct check_build *build, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        build->failed = true;
}

void check_append(struct check_build *build, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        build->failed = true;
}

json_t *check_string(const char *bytes)
{
    struct text text = TEXT_EMPTY;
    if (bytes == NULL)
        return json_null();
    text_add_utf8(&text, bytes, strlen(bytes));
    return check_take(&text);
}

json_t *check_take(struct text *text)
{
    json_t *value = text->failed ? NULL : json_stringn(text_get(text), text->length);
    if (value == NULL && !text->failed) { /* a file's name need not be UTF-8 */
        struct text clean = TEXT_EMPTY;
        text_add_utf8(&clean, text_get(text), text->length);
        value = clean.failed ? NULL : json_stringn(text_get(&clean), clean.length);
        text_fini(&clean);
    }
    text_fini(text);
    return value;
}

json_t *check_integer(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

int check_dump(struct check_build *build, json_t *root, FILE *out, struct err *err)
{
    int status = 0;
    errno = 0;
    if (build->failed || root == NULL)
        status = err_set(err, -ENOMEM, "out of memory");
    else if (json_dumpf(root, out, JSON_INDENT(2)) != 0 || fputc('\n', out) == EOF)
        status = errno != 0 ? -errno : -EIO;
    json_decref(root);
    return status;
}
