/* formats-dump: profile a program as syseng-mem does, and write each window in every format: for tests and for a look
   at one format's details.

   usage: formats-dump DIRECTORY run|check OPERAND...
     the operands and options of that command of syseng-mem; window N goes to DIRECTORY/N/, which is made, with the
   report of the same session beside it, DIRECTORY/report.json */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "report/formats.h"
#include "report/model.h"
#include "report/report.h"

typedef int write_fn(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

static int write_live(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    return report_folded_of(model, MODEL_LIVE_BYTES, options, out, err);
}

static int write_peak(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    return report_folded_of(model, MODEL_PEAK_BYTES, options, out, err);
}

static const struct {
    const char *name;
    write_fn *write;
} formats[] = {
    {"callstack.txt", report_callstack},  {"profile.prof", report_pprof},
    {"profile.kgrind", report_callgrind}, {"dot.dot", report_dot},
    {"profile.folded", report_folded},    {"live.folded", write_live},
    {"peak.folded", write_peak},          {"profile.speedscope.json", report_speedscope},
    {"massif.out", report_massif},
};

static FILE *open_file(const char *directory, const char *name)
{
    struct text path = TEXT_EMPTY;
    text_addf(&path, "%s/%s", directory, name);
    FILE *file = fopen(text_get(&path), "w");
    if (file == NULL)
        message(MESSAGE_ERROR, "%s: cannot be written", text_get(&path));
    text_fini(&path);
    return file;
}

static int fail(const struct err *err)
{
    message(MESSAGE_ERROR, "%s", err->text);
    return PROFILE_FAILED;
}

/* dot.png, when graphviz is there. */
static void draw(const char *directory)
{
    struct err err;
    struct text dot = TEXT_EMPTY, png = TEXT_EMPTY;
    text_addf(&dot, "%s/dot.dot", directory);
    text_addf(&png, "%s/dot.png", directory);
    if (report_dot_render(text_get(&dot), text_get(&png), "png", &err) != 0)
        message(MESSAGE_WARNING, "%s", err.text);
    text_fini(&dot);
    text_fini(&png);
}

static int dump_model(const struct model *model, const struct report_options *options, const char *directory)
{
    struct err err;
    mkdir(directory, 0777);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        FILE *file = open_file(directory, formats[i].name);
        if (file == NULL)
            return PROFILE_FAILED;
        const int code = formats[i].write(model, options, file, &err);
        fclose(file);
        if (code != 0)
            return fail(&err);
    }
    draw(directory);
    return 0;
}

static int dump_window(const struct session *session, const struct report_options *options, const char *directory,
                       uint32_t number)
{
    struct model model;
    struct text path = TEXT_EMPTY;
    int status = PROFILE_FAILED;
    text_addf(&path, "%s/%u", directory, number);
    if (model_build(session, number, options->lookup, options->lookup_data, &model) == 0) {
        status = dump_model(&model, options, text_get(&path));
        model_fini(&model);
    }
    text_fini(&path);
    return status;
}

static int dump(struct profile *profile, struct session *session, void *data)
{
    const char *directory = data;
    const struct report_origin origin = {.path = directory, .time_s = time(NULL)};
    const struct report_options options = {.source = true,
                                           .lookup = profile->symbols != NULL ? profile_look_up : NULL,
                                           .lookup_data = profile->symbols,
                                           .origin = &origin};
    struct err err;
    mkdir(directory, 0777);
    FILE *file = open_file(directory, "report.json");
    if (file == NULL)
        return PROFILE_FAILED;
    const int code = report_json(session, &options, file, &err);
    fclose(file);
    int status = code != 0 ? fail(&err) : 0;
    for (uint32_t i = 0; i < session->request_count && status == 0; i++)
        status = dump_window(session, &options, directory, i);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err = {""};
    if (argc < 4 || options_parse(argc - 1, argv + 1, &options, &err) < 0) {
        fprintf(stderr, "usage: formats-dump DIRECTORY run|check OPERAND...\n%s\n", err.text);
        return PROFILE_USAGE;
    }
    const struct profile_view view = {.judge = dump, .data = argv[1]};
    options.requests.repeat = 1;
    const int status =
        options.requests.targets.count > 0 ? cmd_requests(&options, &view) : cmd_whole_run(&options, &view);
    options_fini(&options);
    return status;
}
