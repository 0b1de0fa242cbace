/* Words for what the session holds, shared by the reports. */

#ifndef REPORT_DESCRIBE_H
#define REPORT_DESCRIBE_H

#include "base/text.h"
#include "collector/session.h"

/* "GET /memory -> 200", "GET /memory #2 -> no answer", "GET /memory, 10 times -> 200", "run: exit status 0",
   "run: killed by SIGSEGV". */
void describe_request(struct text *out, const struct session_request *request, const struct session *session);

/* "exit status 0", "killed by SIGSEGV", "ended by syseng-mem", "still running". */
void describe_exit(struct text *out, const struct session *session);

/* "login (src/auth.c:40)" */
void describe_function(struct text *out, const struct session_function *function);

/* "worker (pid 812)" */
void describe_process(struct text *out, const struct session_process *process);

/* "glibc", "jemalloc", "tcmalloc", "mimalloc", or the name of the file that provides malloc; with `file`, that in
   brackets behind all but the first. The process must have one. */
void describe_allocator(struct text *out, const struct session_process *process, bool file);

/* "SIGSEGV"; "signal 64" for one without a name. */
void describe_signal(struct text *out, int signal);

#endif
