/* compare: what changed between two snapshots. Status 1 when something is worse than --fail-on allows. */

#include "cli/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cli/stored-profiles.h"
#include "report/compare.h"
#include "report/stored.h"

#define COMPARE_FOUND 1

/* A request that was read back. */
struct loaded {
    struct stored *stored;
    struct report_options options;
    struct model model;
};

struct side {
    struct stored_profiles profiles;
    struct loaded *loaded;
    struct compare_input *inputs;
    size_t count; /* of both */
};

struct compare_command {
    const struct options *options;
    struct compare_limits limits;
    struct side sides[COMPARE_SIDES];
    struct compare_result result;
};

static int load_one(struct side *side, const char *file, const char *folder, struct err *err)
{
    struct loaded *loaded = &side->loaded[side->count];
    *loaded = (struct loaded){.options = {.style = REPORT_STYLE_SYSENG, .source = true}};
    int status = stored_read(file, &loaded->stored, err);
    if (status < 0)
        return status;
    stored_serve(loaded->stored, &loaded->options);
    status = model_build(stored_session(loaded->stored), 0, loaded->options.lookup, loaded->options.lookup_data,
                         &loaded->model);
    if (status < 0) {
        stored_free(loaded->stored);
        return status;
    }
    side->inputs[side->count++] =
        (struct compare_input){.model = &loaded->model, .options = &loaded->options, .folder = folder};
    return 0;
}

static int load(const char *directory, const char *word, struct side *side, struct err *err)
{
    int status = stored_profiles_find(directory, word, &side->profiles, err);
    if (status < 0)
        return status;
    side->loaded = calloc(side->profiles.count + 1, sizeof *side->loaded);
    side->inputs = calloc(side->profiles.count + 1, sizeof *side->inputs);
    status = side->loaded != NULL && side->inputs != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; i < side->profiles.count && status == 0; i++)
        status = load_one(side, side->profiles.files[i], side->profiles.folders[i], err);
    return status == -ENOMEM ? err_set(err, status, "out of memory") : status;
}

static void unload(struct side *side)
{
    for (size_t i = 0; i < side->count; i++) {
        model_fini(&side->loaded[i].model);
        stored_free(side->loaded[i].stored);
    }
    free(side->loaded);
    free(side->inputs);
    stored_profiles_fini(&side->profiles);
}

/* What is told of a side; a profile without a snapshot has only its path. */
static struct compare_snapshot describe(const struct side *side)
{
    const struct snapshot *snapshot = side->profiles.snapshot;
    struct compare_snapshot out = {.name = side->profiles.path, .inputs = side->inputs, .input_count = side->count};
    if (snapshot == NULL)
        return out;
    out.name = snapshot->name;
    out.time_s = snapshot->time_s;
    out.commit = snapshot->commit;
    out.subject = snapshot->subject;
    out.is_dirty = snapshot->is_dirty;
    out.compiler = snapshot->compiler;
    return out;
}

/* "GET /", the first request of a side, for the sentence that none is in common. */
static void add_first(struct text *out, const struct compare_result *result, int side)
{
    for (size_t i = 0; i < result->request_count; i++) {
        if (result->requests[i].inputs[side] == NULL)
            continue;
        text_add_printable(out, result->requests[i].name);
        text_add(out, result->sides[side].input_count > 1 ? " and others" : "");
        return;
    }
    text_add(out, "none");
}

static int compare(struct compare_command *command, struct err *err)
{
    const struct compare_snapshot snapshots[COMPARE_SIDES] = {describe(&command->sides[COMPARE_OLD]),
                                                              describe(&command->sides[COMPARE_NEW])};
    int status = compare_build(snapshots, &command->result, err);
    if (status < 0 || command->result.common_count > 0)
        return status;
    struct text old = TEXT_EMPTY, new = TEXT_EMPTY;
    add_first(&old, &command->result, COMPARE_OLD);
    add_first(&new, &command->result, COMPARE_NEW);
    err_set(err, -EINVAL, "%s, %s: no request in common: old has %s, new has %s; snapshot the same requests",
            command->sides[COMPARE_OLD].profiles.path, command->sides[COMPARE_NEW].profiles.path, text_get(&old),
            text_get(&new));
    text_fini(&old);
    text_fini(&new);
    return -EINVAL;
}

static compare_print_fn *format_of(const char *name)
{
    static const struct {
        const char *name;
        compare_print_fn *print;
    } formats[] = {{"text", compare_text},
                   {"md", compare_markdown},
                   {"json", compare_json},
                   {"html", compare_html},
                   {"folded", compare_folded}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(name, formats[i].name) == 0)
            return formats[i].print;
    return compare_text;
}

static int print_format(const struct compare_command *command, const char *name, const char *file, struct err *err)
{
    const struct options *options = command->options;
    struct output output;
    int status = output_open(&output, file, err);
    if (status == 0)
        status = output_begin(&output, err);
    if (status < 0)
        return status;
    const struct compare_print print = {
        .limits = &command->limits,
        .color = message_wants_color(options->color, fileno(output.stream)),
        .source = !options->report.no_source,
    };
    return output_close(&output, format_of(name)(&command->result, &print, output.stream, err), err);
}

static int print_all(const struct compare_command *command)
{
    const struct options_formats *formats = &command->options->formats;
    struct err err;
    int failure = 0;
    for (size_t i = 0; i < formats->names.count; i++) {
        if (print_format(command, formats->names.items[i], formats->outputs.items[i], &err) == 0)
            continue;
        message(MESSAGE_ERROR, "%s", err.text);
        failure = PROFILE_FAILED;
    }
    return failure;
}

static void warn(const struct compare_command *command)
{
    struct text builds = TEXT_EMPTY;
    if (compare_add_builds(&builds, &command->result))
        message(MESSAGE_WARNING, "%s", text_get(&builds));
    if (command->result.looks_swapped)
        message(MESSAGE_WARNING, "old is newer than new: the arguments look swapped; the order is: compare OLD NEW");
    text_fini(&builds);
}

/* Without words the last two; OLD alone is compared with the last. */
static int load_sides(struct compare_command *command, struct err *err)
{
    const struct options *options = command->options;
    const char *const words[COMPARE_SIDES] = {options->compare.old != NULL ? options->compare.old : "latest~1",
                                              options->compare.new != NULL ? options->compare.new : "latest"};
    int status = 0;
    for (int side = 0; side < COMPARE_SIDES && status == 0; side++)
        status = load(options->snapshot.directory, words[side], &command->sides[side], err);
    return status;
}

int cmd_compare(const struct options *options)
{
    struct compare_command command = {.options = options};
    struct err err;
    const char *spec = options->compare.fail_on != NULL ? options->compare.fail_on : COMPARE_LIMITS_DEFAULT;
    int status = compare_limits_parse(spec, &command.limits, &err);
    if (status < 0)
        err_prefix(&err, status, "--fail-on");
    if (status == 0)
        status = load_sides(&command, &err);
    if (status == 0)
        status = compare(&command, &err);
    if (status < 0) {
        status = profile_refuse(&err, status);
    } else {
        warn(&command);
        status = print_all(&command);
        if (status == 0 && compare_is_worse(&command.result, &command.limits))
            status = COMPARE_FOUND;
    }
    compare_fini(&command.result);
    for (int side = 0; side < COMPARE_SIDES; side++)
        unload(&command.sides[side]);
    return status;
}
