/* The one way in which syseng-mem says something beside its report: a line on standard error, "syseng-mem: what: why;
   cure", and on a terminal a line of progress. */

#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stdbool.h>

enum message_level {
    MESSAGE_ERROR,   /* always shown */
    MESSAGE_WARNING, /* not with --quiet */
    MESSAGE_NOTE,    /* not with --quiet */
    MESSAGE_DETAIL,  /* only with --verbose */
};

struct message_options {
    bool quiet, verbose;
    bool color; /* decided for standard error */
};
void message_configure(const struct message_options *options);

/* Write one line with the prefix. Control characters, which file names and URLs may contain, become '?', so that one
   message stays one line. Thread-safe. */
void message(enum message_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a stream on file descriptor `fd` is to be coloured: `when` is "auto", "always" or "never"; auto asks for a
   terminal, NO_COLOR (no-color.org) and TERM. */
bool message_wants_color(const char *when, int fd);

/* From now on we wait for `what`. Once that has taken a second, it is shown on standard error, with the seconds so far,
   if that is a terminal; progress_end removes it. Not nested. */
void progress_begin(const char *what);
void progress_end(void);

#endif
