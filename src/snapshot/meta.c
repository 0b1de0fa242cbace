/* meta.json, written and read. Fields are only ever added. */

#include "snapshot/meta.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-read.h"

#define FORMAT "syseng-mem-snapshot"
#define VERSION 1
#define FILE_MAX_BYTES (64u << 20)

/* --- Writing --- */

static json_t *text_or_null(const char *text)
{
    struct text clean = TEXT_EMPTY;
    if (text == NULL)
        return json_null();
    text_add_utf8(&clean, text, strlen(text));
    json_t *value = json_string(text_get(&clean));
    text_fini(&clean);
    return value;
}

static json_t *number_if(bool known, uint64_t value)
{
    return known ? json_integer(value <= INT64_MAX ? (json_int_t)value : INT64_MAX) : json_null();
}

static json_t *request_object(const struct snapshot_request *request)
{
    json_t *object = json_object();
    json_object_set_new(object, "folder", text_or_null(request->folder));
    json_object_set_new(object, "method", text_or_null(request->method));
    json_object_set_new(object, "target", text_or_null(request->target));
    json_object_set_new(object, "status", number_if(request->status > 0, (uint64_t)request->status));
    json_object_set_new(object, "ordinal", json_integer(request->ordinal));
    json_object_set_new(object, "repeat_count", json_integer(request->repeat_count));
    json_object_set_new(object, "elapsed_ns", number_if(true, request->elapsed_ns));
    json_object_set_new(object, "alloc_bytes", number_if(request->has_heap, request->alloc_bytes));
    json_object_set_new(object, "alloc_count", number_if(request->has_heap, request->alloc_count));
    json_object_set_new(object, "not_freed_bytes", number_if(request->has_heap, request->not_freed_bytes));
    json_object_set_new(object, "not_freed_count", number_if(request->has_heap, request->not_freed_count));
    json_object_set_new(object, "peak_bytes", number_if(request->has_heap, request->peak_bytes));
    json_object_set_new(object, "rss_bytes", request->has_rss ? json_integer(request->rss_bytes) : json_null());
    json_object_set_new(object, "cpu_ns", number_if(request->has_cpu, request->cpu_ns));
    return object;
}

static json_t *command_array(char *const *command)
{
    json_t *array = json_array();
    for (; command != NULL && *command != NULL; command++)
        json_array_append_new(array, text_or_null(*command));
    return array;
}

void meta_add(struct text *out, const struct snapshot *snapshot, const struct snapshot_request *request)
{
    json_t *root = json_object();
    json_object_set_new(root, "format", json_string(FORMAT));
    json_object_set_new(root, "version", json_integer(VERSION));
    json_object_set_new(root, "tool", text_or_null(snapshot->tool));
    json_object_set_new(root, "time", json_integer(snapshot->time_s));
    json_object_set_new(root, "commit", text_or_null(snapshot->commit));
    json_object_set_new(root, "dirty", snapshot->commit != NULL ? json_boolean(snapshot->is_dirty) : json_null());
    json_object_set_new(root, "branch", text_or_null(snapshot->branch));
    json_object_set_new(root, "subject", text_or_null(snapshot->subject));
    json_object_set_new(root, "program", text_or_null(snapshot->program));
    json_object_set_new(root, "build_id", text_or_null(snapshot->build_id));
    json_object_set_new(root, "compiler", text_or_null(snapshot->compiler));
    json_object_set_new(root, "host", text_or_null(snapshot->host));
    json_object_set_new(root, "kernel", text_or_null(snapshot->kernel));
    json_object_set_new(root, "command", command_array(snapshot->command));
    if (request != NULL) {
        json_object_set_new(root, "request", request_object(request));
    } else {
        json_t *array = json_array();
        for (size_t i = 0; i < snapshot->request_count; i++)
            json_array_append_new(array, request_object(&snapshot->requests[i]));
        json_object_set_new(root, "requests", array);
    }
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    out->failed |= text == NULL;
    text_add(out, text != NULL ? text : "");
    text_add(out, "\n");
    free(text);
}

/* --- Reading --- */

static void read_request(const json_t *object, struct snapshot_request *out, bool *failed)
{
    *out = (struct snapshot_request){
        .folder = json_copy_text(object, "folder", failed),
        .method = json_copy_text(object, "method", failed),
        .target = json_copy_text(object, "target", failed),
        .status = (int)json_read_small(object, "status"),
        .ordinal = json_read_small(object, "ordinal"),
        .repeat_count = json_read_small(object, "repeat_count"),
        .elapsed_ns = json_read(object, "elapsed_ns"),
        .has_heap = json_has_number(object, "alloc_bytes"),
        .alloc_bytes = json_read(object, "alloc_bytes"),
        .alloc_count = json_read(object, "alloc_count"),
        .not_freed_bytes = json_read(object, "not_freed_bytes"),
        .not_freed_count = json_read(object, "not_freed_count"),
        .peak_bytes = json_read(object, "peak_bytes"),
        .has_rss = json_has_number(object, "rss_bytes"),
        .rss_bytes = json_read_signed(object, "rss_bytes"),
        .has_cpu = json_has_number(object, "cpu_ns"),
        .cpu_ns = json_read(object, "cpu_ns"),
    };
    if (out->repeat_count == 0)
        out->repeat_count = 1;
}

/* A folder's name in the file is followed by readers: nothing but a name is taken. */
static bool is_folder_name(const char *name)
{
    return name != NULL && *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* A snapshot's own meta.json has all requests, that in a request's folder only one. */
static int read_requests(const json_t *root, struct snapshot *out, bool *failed)
{
    const json_t *array = json_object_get(root, "requests"), *single = json_object_get(root, "request");
    size_t count = single != NULL ? 1 : json_array_size(array);
    out->requests = calloc(count + 1, sizeof *out->requests);
    if (out->requests == NULL)
        return -ENOMEM;
    while (out->request_count < count) {
        struct snapshot_request *request = &out->requests[out->request_count];
        read_request(single != NULL ? single : json_array_get(array, out->request_count), request, failed);
        out->request_count++;
        if (!is_folder_name(request->folder) || request->target == NULL)
            return -EINVAL;
    }
    return 0;
}

static int read_command(const json_t *array, struct snapshot *out)
{
    out->command = calloc(json_array_size(array) + 1, sizeof *out->command);
    if (out->command == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *word = json_string_value(json_array_get(array, i));
        out->command[i] = strdup(word != NULL ? word : "");
        if (out->command[i] == NULL)
            return -ENOMEM;
    }
    return 0;
}

static int read_root(const json_t *root, struct snapshot *out)
{
    bool has_failed = false, *failed = &has_failed;
    out->tool = json_copy_text(root, "tool", failed);
    out->time_s = json_read_signed(root, "time");
    out->commit = json_copy_text(root, "commit", failed);
    out->is_dirty = json_read_bool(root, "dirty");
    out->branch = json_copy_text(root, "branch", failed);
    out->subject = json_copy_text(root, "subject", failed);
    out->program = json_copy_text(root, "program", failed);
    out->build_id = json_copy_text(root, "build_id", failed);
    out->compiler = json_copy_text(root, "compiler", failed);
    out->host = json_copy_text(root, "host", failed);
    out->kernel = json_copy_text(root, "kernel", failed);
    int code = read_command(json_object_get(root, "command"), out);
    if (code == 0)
        code = read_requests(root, out, failed);
    return has_failed ? -ENOMEM : code;
}

static int check_format(const json_t *root, const char *path, struct err *err)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    json_int_t version = json_integer_value(json_object_get(root, "version"));
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return err_set(err, -EINVAL, "%s: this is no snapshot of syseng-mem", path);
    if (version != VERSION)
        return err_set(err, -EINVAL, "%s: a snapshot of format %lld, and this syseng-mem reads format %d; %s", path,
                       (long long)version, VERSION,
                       version > VERSION ? "use a newer syseng-mem" : "make the snapshot anew");
    return 0;
}

static int parse(const char *path, const struct text *text, struct snapshot *out, struct err *err)
{
    json_error_t error;
    json_t *root = json_loadb(text_get(text), text->length, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        return err_set(err, -EINVAL, "%s: damaged: %s", path, error.text);
    int code = check_format(root, path, err);
    if (code == 0) {
        code = read_root(root, out);
        if (code != 0)
            err_set(err, code, "%s: %s", path, code == -ENOMEM ? "out of memory" : "damaged: a request has no folder");
    }
    json_decref(root);
    return code;
}

/* The last part of a path, without slashes at its end. */
static char *last_part(const char *path)
{
    size_t end = strlen(path), begin;
    while (end > 1 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
        ;
    return strndup(path + begin, end - begin);
}

int snapshot_read(const char *path, struct snapshot **out, struct err *err)
{
    struct text file = TEXT_EMPTY, name = TEXT_EMPTY;
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    text_addf(&name, "%s/" SNAPSHOT_META, path);
    int code = text_add_file(&file, text_get(&name), FILE_MAX_BYTES);
    if (code == 0)
        code = parse(text_get(&name), &file, snapshot, err);
    else if (code == -ENOENT || code == -ENOTDIR)
        err_set(err, code, "%s: no snapshot: there is no " SNAPSHOT_META " in it", path);
    else
        err_set(err, code, "%s: %s", text_get(&name), strerror(-code));
    snapshot->path = strdup(path);
    snapshot->name = last_part(path);
    if (code == 0 && (snapshot->path == NULL || snapshot->name == NULL))
        code = err_set(err, -ENOMEM, "out of memory");
    text_fini(&file);
    text_fini(&name);
    if (code != 0)
        snapshot_free(snapshot);
    else
        *out = snapshot;
    return code;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    for (size_t i = 0; i < snapshot->request_count; i++) {
        free(snapshot->requests[i].folder);
        free(snapshot->requests[i].method);
        free(snapshot->requests[i].target);
    }
    free(snapshot->requests);
    for (char **word = snapshot->command; word != NULL && *word != NULL; word++)
        free(*word);
    free(snapshot->command);
    free(snapshot->path);
    free(snapshot->name);
    free(snapshot->commit);
    free(snapshot->branch);
    free(snapshot->subject);
    free(snapshot->program);
    free(snapshot->compiler);
    free(snapshot->build_id);
    free(snapshot->tool);
    free(snapshot->host);
    free(snapshot->kernel);
    free(snapshot);
}
