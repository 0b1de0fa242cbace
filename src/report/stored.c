/* Opening what was stored, and answering from it. */

#include "report/stored.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/json-read.h"
#include "base/text.h"
#include "report/stored-parts.h"

#define FORMAT "syseng-mem-report"
#define VERSION 1
#define READ_BYTES 65536
#define TEXT_ALWAYS_BYTES (UINT64_C(64) << 20) /* see text_limit */
#define TEXT_FACTOR 200
/* Of all sources together, up to the last line of each that is there: whoever shows sources counts up to it. */
#define SOURCE_LINES_MAX (8u << 20)

int stored_refuse(const struct stored_reader *reader, const char *what)
{
    return err_set(reader->err, -EINVAL, "%s: damaged: %s", reader->path, what);
}

int stored_run_out(const struct stored_reader *reader)
{
    return err_set(reader->err, -ENOMEM, "%s: out of memory", reader->path);
}

static int check_format(const struct stored_reader *reader)
{
    const json_t *root = reader->stored->root;
    const char *format = json_read_text(root, "format");
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return err_set(reader->err, -EINVAL, "%s: this is no report of syseng-mem", reader->path);
    int64_t version = json_read_signed(root, "version");
    if (version != VERSION)
        return err_set(reader->err, -EINVAL, "%s: format %lld, and this syseng-mem reads format %d; %s", reader->path,
                       (long long)version, VERSION,
                       version > VERSION ? "use a newer syseng-mem" : "make the snapshot anew");
    return 0;
}

struct unpacked {
    gzFile file;
    uint64_t left; /* bytes of text that may still come */
};

static size_t read_bytes(void *buffer, size_t length, void *data)
{
    struct unpacked *unpacked = data;
    int got = gzread(unpacked->file, buffer, length < READ_BYTES ? (unsigned)length : READ_BYTES);
    if (got < 0 || (uint64_t)got > unpacked->left)
        return (size_t)-1;
    unpacked->left -= (uint64_t)got;
    return (size_t)got;
}

/* What text a file may unpack to. gzip can make a thousandth of it; of profiles it makes a tenth, a thirtieth when
   their stacks are alike. */
static uint64_t text_limit(const char *path)
{
    struct stat status;
    uint64_t bytes = stat(path, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
    return TEXT_ALWAYS_BYTES + bytes * TEXT_FACTOR;
}

static int parse_file(struct stored_reader *reader)
{
    json_error_t error;
    errno = 0;
    gzFile file = gzopen(reader->path, "rbe");
    if (file == NULL) {
        int code = errno != 0 ? -errno : -ENOMEM;
        return err_set(reader->err, code, "%s: %s", reader->path, strerror(-code));
    }
    struct unpacked unpacked = {.file = file, .left = text_limit(reader->path)};
    reader->stored->root = json_load_callback(read_bytes, &unpacked, JSON_REJECT_DUPLICATES, &error);
    gzclose(file);
    if (reader->stored->root == NULL)
        return err_set(reader->err, -EINVAL, "%s: damaged, or no report of syseng-mem: %s", reader->path, error.text);
    return 0;
}

/* The number of the last line that is there of a source. */
static uint32_t last_line(const json_t *source)
{
    const json_t *lines = json_object_get(source, "lines");
    uint32_t last = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        uint32_t line = stored_line(json_read(json_array_get(lines, i), "line"));
        last = line > last ? line : last;
    }
    return last;
}

static int check_sources(const struct stored_reader *reader)
{
    const json_t *sources = json_object_get(reader->stored->root, "sources");
    uint64_t count = 0;
    for (size_t i = 0; i < json_array_size(sources); i++)
        count += last_line(json_array_get(sources, i));
    return count <= SOURCE_LINES_MAX ? 0 : stored_refuse(reader, "its sources have more lines than any program's");
}

int stored_read(const char *path, struct stored **out, struct err *err)
{
    struct stored *stored = calloc(1, sizeof *stored);
    struct stored_reader reader = {.stored = stored, .path = path, .err = err};
    if (stored == NULL)
        return stored_run_out(&reader);
    stored->session = calloc(1, sizeof *stored->session);
    int code = stored->session != NULL ? parse_file(&reader) : stored_run_out(&reader);
    if (code == 0)
        code = check_format(&reader);
    if (code == 0)
        code = check_sources(&reader);
    if (code == 0)
        code = stored_read_session(&reader);
    if (code != 0) {
        stored_free(stored);
        return code;
    }
    *out = stored;
    return 0;
}

void stored_free(struct stored *stored)
{
    if (stored == NULL)
        return;
    session_free(stored->session);
    for (size_t i = 0; i < stored->place_count; i++)
        free(stored->places[i].chain);
    free(stored->places);
    free(stored->slots);
    json_decref(stored->root);
    free(stored);
}

const struct session *stored_session(const struct stored *stored)
{
    return stored->session;
}

/* A report_lookup_fn. */
static size_t look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                      size_t max)
{
    const struct stored *stored = data;
    struct session_frame frame = {.module = stored_find_module(stored->session, path), .address = address};
    (void)wants_lines; /* what was not wanted then is not there */
    for (size_t at = stored_home(stored, &frame); stored->slots[at] != 0; at = (at + 1) & (stored->slot_count - 1)) {
        const struct stored_place *place = &stored->places[stored->slots[at] - 1];
        if (place->frame.address != frame.address || place->frame.module != frame.module)
            continue;
        size_t count = place->chain_count < max ? place->chain_count : max;
        memcpy(out, place->chain, count * sizeof *out);
        return place->chain_count;
    }
    return 0;
}

static void add_newlines(struct text *text, uint32_t count)
{
    char newlines[256];
    memset(newlines, '\n', sizeof newlines);
    for (; count > sizeof newlines; count -= (uint32_t)sizeof newlines)
        text_add_bytes(text, newlines, sizeof newlines);
    text_add_bytes(text, newlines, count);
}

/* A report_source_fn: the lines that were stored, each where it was in the file, with nothing between them. */
static char *read_source(void *data, const char *path, size_t *length)
{
    const struct stored *stored = data;
    const json_t *sources = json_object_get(stored->root, "sources"), *lines = NULL;
    for (size_t i = 0; i < json_array_size(sources) && lines == NULL; i++) {
        const char *file = json_read_text(json_array_get(sources, i), "file");
        if (file != NULL && strcmp(file, path) == 0)
            lines = json_object_get(json_array_get(sources, i), "lines");
    }
    struct text text = TEXT_EMPTY;
    uint32_t at = 1; /* the line that is being written */
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *object = json_array_get(lines, i);
        uint32_t line = stored_line(json_read(object, "line"));
        if (line < at)
            continue;
        add_newlines(&text, line - at);
        at = line;
        if (json_read_text(object, "text") != NULL)
            text_add(&text, json_read_text(object, "text"));
    }
    char *copy = lines != NULL && !text.failed ? strdup(text_get(&text)) : NULL;
    *length = copy != NULL ? strlen(copy) : 0;
    text_fini(&text);
    return copy;
}

void stored_serve(struct stored *stored, struct report_options *options)
{
    options->lookup = look_up;
    options->lookup_data = stored;
    options->read_source = read_source;
    options->source_data = stored;
}
