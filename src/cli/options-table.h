/* The table of options and commands: for options.c, which parses by it, and options-print.c, which shows it. */

#ifndef CLI_OPTIONS_TABLE_H
#define CLI_OPTIONS_TABLE_H

#include "cli/options.h"

enum option_kind {
    OPTION_FLAG,        /* bool */
    OPTION_TEXT,        /* const char * */
    OPTION_LIST,        /* struct options_list: may be repeated */
    OPTION_NUMBER,      /* long, low..high */
    OPTION_DURATION,    /* uint64_t, nanoseconds */
    OPTION_CHOICE,      /* const char *, one of `choices` */
    OPTION_EXPECTATION, /* const char * */
    OPTION_FORMAT,      /* struct options_formats: one more of `choices`; -o after it is its own */
    OPTION_OUTPUT,      /* const char *, or that of the last format */
};

enum option_group {
    OPTION_GROUP_REQUESTS,
    OPTION_GROUP_WATCH,
    OPTION_GROUP_CHECK,
    OPTION_GROUP_SNAPSHOT,
    OPTION_GROUP_REPORT,
    OPTION_GROUP_GENERAL,
    OPTION_GROUP_HIDDEN, /* works, but is shown nowhere */
    OPTION_GROUP_COUNT
};

enum option_completion { OPTION_COMPLETES_NOTHING, OPTION_COMPLETES_FILE };

struct option {
    const char *name; /* without "--" */
    char letter;      /* or '\0' */
    enum option_kind kind;
    enum option_group group;
    unsigned commands;          /* enum options_command bits that take it */
    size_t offset;              /* of the field in struct options */
    const char *argument;       /* its name in the help, or NULL */
    const char *help;           /* one sentence, no full stop, without troff or shell meta characters */
    const char *const *choices; /* NULL-terminated */
    long low, high;
    enum option_completion completes;
};
extern const struct option option_table[];
extern const size_t option_count;

extern const char *const option_group_titles[OPTION_GROUP_COUNT]; /* NULL for the hidden */

struct option_command {
    const char *name; /* NULL: the default form */
    enum options_command command;
    const char *synopsis; /* what follows "syseng-mem " */
    const char *help;
};
extern const struct option_command option_commands[];
extern const size_t option_command_count;

/* Which of the formats of --as a command has. */
struct option_formats {
    enum options_command command;
    const char *const *names; /* NULL-terminated */
};
extern const struct option_formats option_formats[];
extern const size_t option_formats_count;

#endif
