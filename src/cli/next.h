/* The command that is worth typing next. */

#ifndef CLI_NEXT_H
#define CLI_NEXT_H

#include "cli/options.h"
#include "collector/session.h"

/* A command line with what it would show, or NULL when nothing suggests itself. malloc'ed. `function` is worth watching
   when nothing was; it may be NULL. */
char *next_command(const struct session *session, const struct options *options, const char *function);

#endif
