/* report: a stored profile in another format. */

#include "cli/cmd.h"

#include <errno.h>
#include <stdio.h>

#include "cli/formats.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "cli/stored-profiles.h"
#include "report/stored.h"

struct report_command {
    const struct options *options;
    struct stored_profiles profiles;
};

static int print_one(const struct report_command *command, const struct format *format, const char *path, FILE *out,
                     struct err *err)
{
    struct stored *stored;
    struct model model = {0};
    const struct options_report *wanted = &command->options->report;
    struct report_options options = {.style = REPORT_STYLE_SYSENG,
                                     .precision = (int)wanted->precision,
                                     .source = !wanted->no_source,
                                     .color = message_wants_color(command->options->color, fileno(out))};
    struct report_origin origin = {.path = path};
    if (command->profiles.snapshot != NULL) {
        origin.time_s = command->profiles.snapshot->time_s;
        origin.commit = command->profiles.snapshot->commit;
        origin.subject = command->profiles.snapshot->subject;
    }
    options.origin = &origin;
    int status = stored_read(path, &stored, err);
    if (status < 0)
        return status;
    stored_serve(stored, &options);
    options.time = stored_session(stored)->has_times || stored_session(stored)->no_times_reason != NULL;
    status = model_build(stored_session(stored), 0, options.lookup, options.lookup_data, &model);
    if (status < 0)
        err_set(err, status, "out of memory");
    else
        status = format->write(&(struct formats_input){stored_session(stored), &model, &options, wanted->measure, NULL},
                               out, err);
    model_fini(&model);
    stored_free(stored);
    return status;
}

static int print_format(const struct report_command *command, const char *name, const char *file)
{
    const struct format *format = format_named(name);
    struct output output;
    struct err err;
    if (command->profiles.count > 1 && !format->takes_several) {
        message(MESSAGE_ERROR, "--as %s: there are %zu requests in %s; name one, such as %s/%s", name,
                command->profiles.count, command->profiles.snapshot->path, command->profiles.snapshot->path,
                command->profiles.snapshot->requests[0].folder);
        return PROFILE_USAGE;
    }
    int status = output_open(&output, file, &err);
    if (status == 0)
        status = output_begin(&output, &err);
    if (status < 0) {
        message(MESSAGE_ERROR, "%s", err.text);
        return PROFILE_FAILED;
    }
    for (size_t i = 0; i < command->profiles.count && status == 0; i++)
        status = print_one(command, format, command->profiles.files[i], output.stream, &err);
    bool is_unreadable = status == -EINVAL || status == -ENOENT;
    if (is_unreadable)
        output_close(&output, 0, NULL);
    else
        status = output_close(&output, status, &err);
    if (status == 0)
        return 0;
    message(MESSAGE_ERROR, "%s", err.text);
    return is_unreadable ? PROFILE_USAGE : PROFILE_FAILED;
}

int cmd_report(const struct options *options)
{
    struct report_command command = {.options = options};
    struct err err;
    int status = stored_profiles_find(options->snapshot.directory,
                                      options->program != NULL ? options->program : "latest", &command.profiles, &err);
    if (status < 0)
        status = profile_refuse(&err, status);
    for (size_t i = 0; i < options->formats.names.count && status == 0; i++)
        status = print_format(&command, options->formats.names.items[i], options->formats.outputs.items[i]);
    stored_profiles_fini(&command.profiles);
    return status;
}
