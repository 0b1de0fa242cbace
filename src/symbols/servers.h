/* Debug information from debuginfod servers (https://sourceware.org/elfutils/Debuginfod.html), which the environment
   variable DEBUGINFOD_URLS names. The client library keeps what it fetched below ~/.cache/debuginfod_client. */

#ifndef SYMBOLS_SERVERS_H
#define SYMBOLS_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct servers;

/* 0 when servers can be asked; else a negative errno and why not: this build cannot, the client library is not
   installed, no server is named. */
int servers_check(struct err *err);

/* NULL when servers_check fails, or memory is out. */
struct servers *servers_new(void);
void servers_free(struct servers *servers);

/* Fetch the debug information of a build: an open file, which the caller closes, or a negative errno. It may take as
   long as the answer keeps coming; a server that is silent for as many seconds as DEBUGINFOD_TIMEOUT says (10) has
   failed. After a failure no server is asked again: a report is not to wait for each file in turn. */
int servers_fetch(struct servers *servers, const uint8_t *id, size_t id_bytes);

/* Why asking was given up, as a negative errno; 0 when it was not. */
int servers_failure(const struct servers *servers);

#endif
