/* The command line. One table says what options there are; from it come parsing, --help, the manual page's option list
   and the shells' completions, so that none of them can be out of step. */

#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* Commands, as bits, so that the table can say which take an option. */
enum options_command {
    OPTIONS_LINES = 1u << 0, /* the default form: syseng-mem PROGRAM [REQUEST ...] */
    OPTIONS_RUN = 1u << 1,
    OPTIONS_DOCTOR = 1u << 2,
    OPTIONS_CHECK = 1u << 3,
    OPTIONS_SNAPSHOT = 1u << 4,
    OPTIONS_REPORT = 1u << 5,
    OPTIONS_COMPARE = 1u << 6,
};
#define OPTIONS_LINE_REPORT (OPTIONS_LINES | OPTIONS_RUN)
#define OPTIONS_WATCHING (OPTIONS_LINE_REPORT | OPTIONS_SNAPSHOT)
#define OPTIONS_REQUESTING (OPTIONS_LINES | OPTIONS_CHECK | OPTIONS_SNAPSHOT)
#define OPTIONS_PROFILING (OPTIONS_LINES | OPTIONS_RUN | OPTIONS_CHECK | OPTIONS_SNAPSHOT)
#define OPTIONS_FORMATTING (OPTIONS_CHECK | OPTIONS_REPORT | OPTIONS_COMPARE)
#define OPTIONS_STORED (OPTIONS_SNAPSHOT | OPTIONS_REPORT | OPTIONS_COMPARE)
#define OPTIONS_ANY (OPTIONS_PROFILING | OPTIONS_DOCTOR | OPTIONS_REPORT | OPTIONS_COMPARE)

struct options_list {
    const char **items; /* pointers into argv */
    size_t count, capacity;
};

struct options_requests {
    struct options_list targets; /* as typed: "/path", "METHOD /path" */
    const char *file;            /* -f */
    struct options_list headers;
    const char *data;   /* --data as typed, "@FILE" included */
    const char *expect; /* --expect, checked by options_status_is_expected */
    uint64_t timeout_ns;
    long warmup, repeat;
    const char *url, *unix_socket;
    long port; /* 0: any */
};

struct options_report {
    const char *output; /* -o, or NULL: standard output */
    const char *style;
    const char *measure; /* --measure, or NULL */
    long precision;
    bool only_changed, no_source, json;
};

/* --as, of check, report and compare: at least one. */
struct options_formats {
    struct options_list names;
    struct options_list outputs; /* of each; NULL: standard output */
};

struct options_snapshot {
    const char *directory; /* --directory, of snapshots */
    long prune;            /* --prune: so many are kept; 0: all */
    bool no_time;          /* --no-time */
};

struct options_compare {
    const char *old, *new; /* as typed, or NULL */
    const char *fail_on;   /* --fail-on, or NULL */
};

struct options_check {
    struct options_list suppressions; /* --suppressions */
    const char *config;               /* --config, or NULL */
    bool still_live;                  /* --still-live */
};

struct options_watch {
    struct options_list functions; /* --function */
    bool no_children;
    bool every_instruction;
    const char *allocator;
    const char *stacks;     /* "auto", "on" or "off" */
    const char *debug_root; /* --debug-root, or NULL: /usr/lib/debug */
    bool debuginfod;
    long depth;        /* 0: no limit */
    long sample_bytes; /* 0: every allocation */
    bool time;         /* measure CPU time, and the time of lines */
};

struct options {
    enum options_command command;
    const char *program; /* of report: the stored profile, or NULL; of compare and snapshot --prune: NULL */
    char **arguments;    /* the program's own, NULL-terminated, part of argv */
    struct options_requests requests;
    struct options_report report;
    struct options_watch watch;
    struct options_check check;
    struct options_formats formats;
    struct options_snapshot snapshot;
    struct options_compare compare;
    const char *color;
    bool quiet, verbose, help, version;
    const char *print_options; /* "man", "bash", "zsh" or "fish" */
};

/* Parse the command line. What it fills in points into argv and, the lists, into memory that options_fini frees.
   Returns 0, -EINVAL with a sentence when the usage is wrong, -ENOMEM. With help, version or print_options set, the
   rest need not make sense and is not checked. */
int options_parse(int argc, char **argv, struct options *out, struct err *err);
void options_fini(struct options *options);

/* The text of --help; of one command, or of all when `command` is 0. */
void options_print_help(FILE *out, unsigned command);

/* --print-options: troff for the manual page, or a completion script. */
void options_print(FILE *out, const char *format);

/* Whether --expect's text is a list such as "200", "2xx" or "200,304"; and whether it lets `status` pass. */
bool options_is_expectation(const char *expect);
bool options_status_is_expected(const char *expect, int status);

/* "30s", "500ms", "2m", "1.5h"; without a unit, seconds. */
bool options_parse_duration(const char *text, uint64_t *out_ns);

#endif
