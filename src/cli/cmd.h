/* One function per command; each returns the exit status. */

#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/options.h"

int cmd_lines(const struct options *options);
int cmd_run(const struct options *options);
int cmd_doctor(const struct options *options);

#endif
