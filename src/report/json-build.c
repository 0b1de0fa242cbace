/* Building JSON. */

#include "report/json-build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

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

struct build_stream {
    const json_t *array; /* stands for it in the tree, empty */
    build_next_fn *next;
    void *data;
    uint32_t number;
};

json_t *build_array_of(struct json_build *build, build_next_fn *next, void *data, uint32_t number)
{
    json_t *array = json_array();
    struct build_stream *streams =
        array_grow(build->streams, &build->stream_room, build->stream_count + 1, sizeof *streams);
    if (array == NULL || streams == NULL) {
        build->failed = true;
        return array;
    }
    build->streams = streams;
    streams[build->stream_count++] = (struct build_stream){array, next, data, number};
    return array;
}

struct writer {
    struct json_build *build;
    FILE *out;
    bool is_script; /* without blanks, and fit for an HTML script element */
};

static void write_value(struct writer *writer, json_t *value, int depth);

static void begin_line(struct writer *writer, bool is_first, int depth)
{
    if (!is_first)
        putc(',', writer->out);
    if (!writer->is_script)
        fprintf(writer->out, "\n%*s", 2 * depth, "");
}

static void end_lines(struct writer *writer, bool is_empty, int depth)
{
    if (!is_empty && !writer->is_script)
        fprintf(writer->out, "\n%*s", 2 * depth, "");
}

static void write_object(struct writer *writer, json_t *object, int depth)
{
    const char *key;
    json_t *value;
    bool is_first = true;
    putc('{', writer->out);
    json_object_foreach(object, key, value)
    {
        begin_line(writer, is_first, depth + 1);
        fprintf(writer->out, writer->is_script ? "\"%s\":" : "\"%s\": ", key); /* ours, nothing to escape in it */
        write_value(writer, value, depth + 1);
        is_first = false;
    }
    end_lines(writer, is_first, depth);
    putc('}', writer->out);
}

static json_t *next_element(struct writer *writer, const json_t *array, const struct build_stream *stream,
                            size_t *position)
{
    if (stream != NULL)
        return writer->build->failed || ferror(writer->out) ? NULL
                                                            : stream->next(stream->data, stream->number, position);
    return json_incref(json_array_get(array, (*position)++));
}

static void write_array(struct writer *writer, json_t *array, int depth)
{
    const struct build_stream *stream = NULL;
    for (size_t i = 0; i < writer->build->stream_count; i++)
        if (writer->build->streams[i].array == array)
            stream = &writer->build->streams[i];
    size_t position = 0;
    bool is_first = true;
    putc('[', writer->out);
    for (json_t *value; (value = next_element(writer, array, stream, &position)) != NULL; json_decref(value)) {
        begin_line(writer, is_first, depth + 1);
        write_value(writer, value, depth + 1);
        is_first = false;
    }
    end_lines(writer, is_first, depth);
    putc(']', writer->out);
}

/* "<" occurs in strings alone, where it may be told by its number. */
static int write_without_tags(const char *bytes, size_t length, void *data)
{
    FILE *out = data;
    for (size_t i = 0; i < length; i++)
        if (bytes[i] == '<')
            fputs("\\u003c", out);
        else
            putc(bytes[i], out);
    return 0;
}

static int write_scalar(const struct writer *writer, json_t *value)
{
    if (writer->is_script)
        return json_dump_callback(value, write_without_tags, writer->out, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    return json_dumpf(value, writer->out, JSON_ENCODE_ANY);
}

/* As json_dumpf with JSON_INDENT(2) does it, or JSON_COMPACT. */
static void write_value(struct writer *writer, json_t *value, int depth)
{
    if (json_is_object(value))
        write_object(writer, value, depth);
    else if (json_is_array(value))
        write_array(writer, value, depth);
    else if (json_is_integer(value))
        fprintf(writer->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (write_scalar(writer, value) != 0)
        writer->build->failed = true;
}

/* Whether everything arrived. */
static int check_written(const struct json_build *build, FILE *out)
{
    if (fflush(out) != 0 || ferror(out))
        return errno != 0 ? -errno : -EIO;
    return build->failed ? -ENOMEM : 0;
}

/* Releases what `build` holds. */
static int dump(struct json_build *build, json_t *root, bool is_script, FILE *out, struct err *err)
{
    int code = root == NULL || build->failed ? -ENOMEM : 0;
    struct writer writer = {build, out, is_script};
    errno = 0;
    if (code == 0) {
        write_value(&writer, root, 0);
        if (!is_script)
            putc('\n', out);
        code = check_written(build, out);
    }
    json_decref(root);
    free(build->streams);
    return code == 0 ? 0 : err_set(err, code, "JSON report: %s", strerror(-code));
}

int build_dump(struct json_build *build, json_t *root, FILE *out, struct err *err)
{
    return dump(build, root, false, out, err);
}

int build_dump_script(struct json_build *build, json_t *root, FILE *out, struct err *err)
{
    return dump(build, root, true, out, err);
}
