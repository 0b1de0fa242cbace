/* report: a stored profile in another format. */

#include "cli/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/formats.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "report/stored.h"
#include "snapshot/snapshot.h"

struct report_command {
    const struct options *options;
    struct snapshot *snapshot; /* NULL: only a profile was named */
    char **profiles;           /* paths */
    size_t count;
};

static int refuse(const struct err *err, int status)
{
    message(MESSAGE_ERROR, "%s", err->text);
    return status == -ENOMEM ? PROFILE_FAILED : PROFILE_USAGE;
}

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
    if (command->snapshot != NULL) {
        origin.time_s = command->snapshot->time_s;
        origin.commit = command->snapshot->commit;
        origin.subject = command->snapshot->subject;
    }
    options.origin = &origin;
    int status = stored_read(path, &stored, err);
    if (status < 0)
        return status;
    stored_serve(stored, &options);
    status = model_build(stored_session(stored), 0, options.lookup, options.lookup_data, &model);
    if (status < 0)
        err_set(err, status, "out of memory");
    else
        status = format->write(&(struct formats_input){stored_session(stored), &model, &options}, out, err);
    model_fini(&model);
    stored_free(stored);
    return status;
}

static int print_format(const struct report_command *command, const char *name, const char *file)
{
    const struct format *format = format_named(name);
    struct output output;
    struct err err;
    if (command->count > 1 && !format->takes_several) {
        message(MESSAGE_ERROR, "--as %s: there are %zu requests in %s; name one, such as %s/%s", name, command->count,
                command->snapshot->path, command->snapshot->path, command->snapshot->requests[0].folder);
        return PROFILE_USAGE;
    }
    int status = output_open(&output, file, &err);
    if (status == 0)
        status = output_begin(&output, &err);
    if (status < 0) {
        message(MESSAGE_ERROR, "%s", err.text);
        return PROFILE_FAILED;
    }
    for (size_t i = 0; i < command->count && status == 0; i++)
        status = print_one(command, format, command->profiles[i], output.stream, &err);
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

static int add_profile(struct report_command *command, const char *folder, const char *request)
{
    return asprintf(&command->profiles[command->count], "%s/%s%s" SNAPSHOT_PROFILE, folder,
                    request != NULL ? request : "", request != NULL ? "/" : "") >= 0
               ? (command->count++, 0)
               : -ENOMEM;
}

/* A folder with a profile is a request's, another one a snapshot. */
static int find_profiles(struct report_command *command, const char *path, struct err *err)
{
    char *profile;
    if (asprintf(&profile, "%s/" SNAPSHOT_PROFILE, path) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    bool is_request = access(profile, F_OK) == 0;
    free(profile);
    int status = snapshot_read(path, &command->snapshot, err);
    size_t count = is_request ? 1 : status == 0 ? command->snapshot->request_count : 0;
    if (status < 0 && !is_request)
        return status;
    status = 0;
    command->profiles = calloc(count + 1, sizeof *command->profiles);
    if (command->profiles == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count && status == 0; i++)
        status = add_profile(command, path, is_request ? NULL : command->snapshot->requests[i].folder);
    return status == 0 ? 0 : err_set(err, status, "out of memory");
}

int cmd_report(const struct options *options)
{
    struct report_command command = {.options = options};
    struct err err;
    char *path = NULL;
    int status = snapshot_resolve(options->snapshot.directory, options->program != NULL ? options->program : "latest",
                                  &path, &err);
    if (status == 0)
        status = find_profiles(&command, path, &err);
    if (status < 0)
        status = refuse(&err, status);
    for (size_t i = 0; i < options->formats.names.count && status == 0; i++)
        status = print_format(&command, options->formats.names.items[i], options->formats.outputs.items[i]);
    for (size_t i = 0; i < command.count; i++)
        free(command.profiles[i]);
    free(command.profiles);
    snapshot_free(command.snapshot);
    free(path);
    return status;
}
