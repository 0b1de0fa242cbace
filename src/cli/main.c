/* syseng-mem: the command line. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/profile.h"

/* A descriptor among the first three that is closed would be taken by the next file we open, and our messages or the
   program's would go there. Until exec it is occupied by something that can be neither read nor written. */
static void occupy_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/", O_PATH | O_CLOEXEC);
}

/* --help and the like: text on standard output that may not arrive. */
static int print_text(const struct options *options)
{
    struct output output;
    struct err err;
    if (output_open(&output, NULL, &err) == 0) {
        if (options->print_options != NULL)
            options_print(output.stream, options->print_options);
        else if (options->version)
            fputs("syseng-mem " PACKAGE_VERSION "\n", output.stream);
        else
            options_print_help(output.stream, options->command == OPTIONS_LINES ? 0 : options->command);
    }
    if (output_close(&output, 0, &err) == 0)
        return 0;
    message(MESSAGE_ERROR, "%s", err.text);
    return PROFILE_FAILED;
}

static int run_command(const struct options *options, int argc, char **argv)
{
    switch (options->command) {
    case OPTIONS_LINES:
        return cmd_lines(options);
    case OPTIONS_RUN:
        return cmd_run(options);
    case OPTIONS_CHECK:
        return cmd_check(options);
    case OPTIONS_DOCTOR:
        return cmd_doctor(options);
    case OPTIONS_SNAPSHOT:
        return cmd_snapshot(options, argc, argv);
    case OPTIONS_REPORT:
        return cmd_report(options);
    case OPTIONS_COMPARE:
        return cmd_compare(options);
    }
    return PROFILE_FAILED;
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err = {""};
    /* Numbers keep the point as their decimal sign: reports are compared and parsed. */
    setlocale(LC_CTYPE, "");
    occupy_standard_descriptors();
    /* A report that nobody reads, or that is larger than a file may be, is an error to tell; the program starts without
       this. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int status = options_parse(argc, argv, &options, &err);
    if (status < 0) {
        message(MESSAGE_ERROR, "%s", err.text);
        return status == -ENOMEM ? PROFILE_FAILED : PROFILE_USAGE;
    }
    const struct message_options shown = {
        .quiet = options.quiet,
        .verbose = options.verbose,
        .color = message_wants_color(options.color, STDERR_FILENO),
    };
    message_configure(&shown);
    if (options.help || options.version || options.print_options != NULL)
        status = print_text(&options);
    else
        status = run_command(&options, argc, argv);
    options_fini(&options);
    return status;
}
