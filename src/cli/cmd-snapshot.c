/* snapshot: requests are fired as in the default form; what they did is stored. */

#include <config.h>

#include "cli/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/message.h"
#include "cli/profile.h"
#include "cli/snapshot-files.h"
#include "cli/snapshot-index.h"
#include "snapshot/snapshot.h"

struct snapshot_command {
    const struct options *options;
    int argc;
    char **argv;
    int64_t time_s;
    struct snapshot_writer *writer;
    char *path; /* of the snapshot, once it is there */
};

static int refuse(const struct err *err)
{
    message(MESSAGE_ERROR, "%s", err->text);
    return PROFILE_FAILED;
}

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

/* A word of the command, without what may be a secret: a header's value, which is in a word of its own behind -H or
   behind
   "-H" or "--header=", and a body that is not in a file. */
static char *copy_word(const char *word, const char *before)
{
    bool is_header = strcmp(before, "-H") == 0 || strcmp(before, "--header") == 0 || strncmp(word, "-H", 2) == 0 ||
                     strncmp(word, "--header=", 9) == 0;
    bool is_data = strcmp(before, "--data") == 0 || strncmp(word, "--data=", 7) == 0;
    size_t begin = is_data && strncmp(word, "--data=", 7) == 0 ? 7 : 0;
    const char *colon = is_header ? strchr(word, ':') : NULL;
    char *masked;
    if (colon != NULL)
        return asprintf(&masked, "%.*s: ...", (int)(colon - word), word) >= 0 ? masked : NULL;
    if (is_data && word[begin] != '@')
        return asprintf(&masked, "%.*s...", (int)begin, word) >= 0 ? masked : NULL;
    return strdup(word);
}

/* The words after "syseng-mem". */
static char **copy_command(const struct snapshot_command *command)
{
    char **words = calloc((size_t)command->argc + 1, sizeof *words);
    for (int i = 0; words != NULL && i < command->argc; i++)
        words[i] = i == 0 ? strdup("syseng-mem") : copy_word(command->argv[i], command->argv[i - 1]);
    return words;
}

/* What is known of the program and the machine. Gaps that are left for want of memory are told as unknown. */
static struct snapshot *describe(const struct snapshot_command *command, const struct profile *profile)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    struct snapshot_version version;
    struct utsname machine;
    if (snapshot == NULL)
        return NULL;
    snapshot_find_version(&version);
    snapshot->time_s = command->time_s;
    snapshot->commit = version.commit;
    snapshot->branch = version.branch;
    snapshot->subject = version.subject;
    snapshot->is_dirty = version.is_dirty;
    snapshot->program = copy(profile->program.name);
    snapshot->build_id = symbols_build_id(program_code_path(&profile->program));
    snapshot->compiler = copy(program_code(&profile->program)->producer);
    snapshot->tool = strdup(PACKAGE_STRING);
    snapshot->command = copy_command(command);
    if (uname(&machine) == 0) {
        snapshot->host = strdup(machine.nodename);
        snapshot->kernel = strdup(machine.release);
    }
    return snapshot;
}

static int write_requests(struct snapshot_command *command, const struct session *session,
                          const struct report_options *options, struct snapshot *snapshot, struct err *err)
{
    struct text path = TEXT_EMPTY;
    text_addf(&path, "%s/%s", command->options->snapshot.directory, snapshot_final_name(command->writer));
    struct snapshot_files files = {session, options, snapshot, text_get(&path), false};
    int status = 0;
    snapshot->requests = calloc(session->request_count + 1, sizeof *snapshot->requests);
    if (snapshot->requests == NULL)
        status = err_set(err, -ENOMEM, "out of memory");
    for (uint32_t i = 0; i < session->request_count && status == 0; i++) {
        struct text name = TEXT_EMPTY;
        snapshot_files_add_name(&name, session, i);
        const char *folder = snapshot_add_request(command->writer, text_get(&name), err);
        text_fini(&name);
        status = folder != NULL ? snapshot_files_write(&files, i, folder, &snapshot->requests[i], err) : -EIO;
        snapshot->request_count++;
    }
    text_fini(&path);
    return status;
}

static void say_line(const char *line, void *data)
{
    message(MESSAGE_NOTE, "%s", line);
}

/* Remove what is too much, and bring the index up to date. */
static int tidy(const struct options_snapshot *options)
{
    size_t removed = 0;
    struct err err;
    int status = options->prune > 0 ? snapshot_prune(options->directory, (size_t)options->prune, &removed, &err) : 0;
    if (status == 0 && access(options->directory, F_OK) == 0)
        status = snapshot_index_write_all(options->directory, &err);
    if (removed > 0)
        message(MESSAGE_NOTE, "%s: %zu old %s removed", options->directory, removed,
                removed == 1 ? "snapshot" : "snapshots");
    return status < 0 ? refuse(&err) : 0;
}

static void say_next(const struct snapshot_command *command)
{
    struct snapshot_names names;
    if (snapshot_list(command->options->snapshot.directory, &names, NULL) != 0)
        return;
    if (names.count > 1)
        message(MESSAGE_NOTE, "next: syseng-mem compare   (what changed since the snapshot before)");
    else
        message(MESSAGE_NOTE, "next: change the program, make another snapshot, then: syseng-mem compare");
    snapshot_names_free(&names);
}

static int store(struct profile *profile, struct session *session, void *data)
{
    struct snapshot_command *command = data;
    const struct report_options options = profile_report_options(profile);
    struct err err = {"out of memory"};
    struct snapshot *snapshot = describe(command, profile);
    progress_begin("writing the snapshot");
    int status = snapshot != NULL ? write_requests(command, session, &options, snapshot, &err) : -ENOMEM;
    if (status == 0)
        status = snapshot_write_meta(command->writer, snapshot, &err);
    if (status == 0)
        status = snapshot_index_write(snapshot, snapshot_final_name(command->writer),
                                      snapshot_temporary_path(command->writer), &err);
    if (status == 0)
        status = snapshot_commit(command->writer, &command->path, &err);
    progress_end();
    snapshot_free(snapshot);
    report_summary(session, say_line, NULL);
    return status < 0 ? refuse(&err) : 0;
}

/* The path is all that goes to standard output: for scripts. */
static int print_path(const char *path)
{
    struct output output;
    struct err err;
    int status = output_open(&output, NULL, &err);
    if (status == 0 && fprintf(output.stream, "%s\n", path) < 0)
        status = -errno;
    return output_close(&output, status, &err) < 0 ? refuse(&err) : 0;
}

static int take_snapshot(struct snapshot_command *command)
{
    const struct options *options = command->options;
    const struct profile_view view = {.judge = store, .data = command, .obstacle = "no snapshot", .has_lines = true};
    bool has_requests = options->requests.targets.count > 0 || options->requests.file != NULL;
    struct err err;
    if (snapshot_begin(options->snapshot.directory, command->time_s, &command->writer, &err) < 0)
        return refuse(&err);
    int status = has_requests ? cmd_requests(options, &view) : cmd_whole_run(options, &view);
    snapshot_end(command->writer);
    if (command->path == NULL)
        return status != 0 ? status : PROFILE_FAILED;
    int failure = tidy(&options->snapshot);
    if (failure == 0)
        failure = print_path(command->path);
    say_next(command);
    free(command->path);
    return status != 0 ? status : failure;
}

int cmd_snapshot(const struct options *options, int argc, char **argv)
{
    struct snapshot_command command = {.options = options, .argc = argc, .argv = argv, .time_s = (int64_t)time(NULL)};
    return options->program != NULL ? take_snapshot(&command) : tidy(&options->snapshot);
}
