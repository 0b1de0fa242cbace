/* speedscope's file format, https://github.com/jlfwong/speedscope: src/lib/file-format-spec.ts. Written piece by piece,
   for there may be more stacks than should be in memory twice, and without blanks: indented, it would be many times as
   long. */

#include <config.h>

#include "report/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/format-parts.h"
#include "report/json-build.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

static const struct {
    enum model_measure measure;
    const char *name, *unit;
} profiles[] = {
    {MODEL_ALLOC_BYTES, "bytes allocated", "bytes"},  {MODEL_ALLOC_COUNT, "allocations", "none"},
    {MODEL_LIVE_BYTES, "bytes not freed", "bytes"},   {MODEL_LIVE_COUNT, "blocks not freed", "none"},
    {MODEL_PEAK_BYTES, "bytes at the peak", "bytes"}, {MODEL_TEMPORARY_COUNT, "temporary allocations", "none"},
    {MODEL_TIME_NS, "CPU time", "nanoseconds"},
};

struct writer {
    const struct model *model;
    FILE *out;
    struct format_frames frames;
};

/* Write a value whose reference is taken. */
static int write_json(FILE *out, json_t *value)
{
    const bool is_written = value != NULL && json_dumpf(value, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0;
    json_decref(value);
    return is_written || ferror(out) ? 0 : -ENOMEM; /* of a failed write, format_finish tells */
}

static int write_function(const struct writer *writer, const struct model_function *function)
{
    json_t *object = json_object();
    struct json_build build = {.failed = object == NULL};
    build_put(&build, object, "name", build_string(function->name));
    if (function->file != NULL)
        build_put(&build, object, "file", build_string(function->file));
    if (function->file != NULL && function->line > 0)
        build_put(&build, object, "line", build_integer(function->line));
    if (build.failed) {
        json_decref(object);
        return -ENOMEM;
    }
    return write_json(writer->out, object);
}

static int write_functions(const struct writer *writer)
{
    int code = 0;
    fputs("\"shared\":{\"frames\":[", writer->out);
    for (size_t i = 0; i < writer->model->function_count && code == 0; i++) {
        fputs(i > 0 ? ",\n" : "\n", writer->out);
        code = write_function(writer, &writer->model->functions[i]);
    }
    fputs("]},\n", writer->out);
    return code;
}

/* Of one stack, from the root. */
static int write_sample(struct writer *writer, const struct model_stack *stack)
{
    if (format_frames_take(&writer->frames, writer->model, stack) != 0)
        return -ENOMEM;
    for (size_t i = writer->frames.count; i-- > 0;)
        fprintf(writer->out, "%s%" PRIu32, i + 1 == writer->frames.count ? "[" : ",",
                writer->model->frames[writer->frames.numbers[i]].function);
    putc(']', writer->out);
    return 0;
}

static int write_samples(struct writer *writer, enum model_measure measure)
{
    const struct model *model = writer->model;
    const char *before = "\n";
    int code = 0;
    fputs("\"samples\":[", writer->out);
    for (size_t i = 0; i < model->stack_count && code == 0; i++) {
        if (model->stacks[i].measures[measure] == 0)
            continue;
        fputs(before, writer->out);
        before = ",\n";
        code = write_sample(writer, &model->stacks[i]);
    }
    before = "";
    fputs("],\"weights\":[", writer->out);
    for (size_t i = 0; i < model->stack_count; i++) {
        if (model->stacks[i].measures[measure] == 0)
            continue;
        fprintf(writer->out, "%s%" PRIu64, before, model->stacks[i].measures[measure]);
        before = ",";
    }
    putc(']', writer->out);
    return code;
}

static int write_profiles(struct writer *writer)
{
    const char *before = "\n";
    int code = 0;
    fputs("\"profiles\":[", writer->out);
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles && code == 0; i++) {
        if (!format_has(writer->model, profiles[i].measure))
            continue;
        fprintf(writer->out,
                "%s{\"type\":\"sampled\",\"name\":\"%s\",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",",
                before, profiles[i].name, profiles[i].unit, writer->model->totals[profiles[i].measure]);
        before = ",\n";
        code = write_samples(writer, profiles[i].measure);
        putc('}', writer->out);
    }
    fputs("]}\n", writer->out);
    return code;
}

static int write_title(struct writer *writer)
{
    struct text title = TEXT_EMPTY;
    format_add_title(&title, writer->model);
    fputs("\"name\":", writer->out);
    return write_json(writer->out, build_take(&title));
}

int report_speedscope(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct writer writer = {.model = model, .out = out};
    int code = format_check(model, err);
    if (code != 0)
        return code;
    fputs("{\"$schema\":\"" SCHEMA "\",\n\"exporter\":\"" PACKAGE_NAME "@" PACKAGE_VERSION "\",\n", out);
    code = write_title(&writer);
    fputs(",\n\"activeProfileIndex\":0,\n", out);
    if (code == 0)
        code = write_functions(&writer);
    if (code == 0)
        code = write_profiles(&writer);
    format_frames_fini(&writer.frames);
    return format_finish(out, code, "speedscope profile", err);
}
