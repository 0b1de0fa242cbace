/* One function per command; each returns the exit status. */

#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/options.h"

int cmd_lines(const struct options *options);
int cmd_run(const struct options *options);
int cmd_check(const struct options *options);
int cmd_doctor(const struct options *options);
int cmd_compare(const struct options *options);
int cmd_report(const struct options *options);
int cmd_snapshot(const struct options *options, int argc, char **argv); /* the words are stored */

/* What cmd_lines and cmd_run do, with something else to say at the end; NULL: their own. */
struct profile_view;
int cmd_requests(const struct options *options, const struct profile_view *view);
int cmd_whole_run(const struct options *options, const struct profile_view *view);

#endif
