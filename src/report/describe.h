/* Words for what the session holds, shared by the reports. */

#ifndef REPORT_DESCRIBE_H
#define REPORT_DESCRIBE_H

#include "base/text.h"
#include "collector/session.h"
#include "symbols/symbols.h"

/* "GET /memory -> 200", "GET /memory #2 -> no answer", "GET /memory, 10 times -> 200", "run: exit status 0",
   "run: killed by SIGSEGV". */
void describe_request(struct text *out, const struct session_request *request, const struct session *session);

/* ", estimated from one allocation in 512.0 KiB", when not every allocation was recorded; else nothing. */
void describe_estimate(struct text *out, const struct session *session);

/* "exit status 0", "killed by SIGSEGV", "ended by syseng-mem", "still running". */
void describe_exit(struct text *out, const struct session *session);

/* "login (src/auth.c:40)" */
void describe_function(struct text *out, const struct session_function *function);

/* "worker (pid 812)" */
void describe_process(struct text *out, const struct session_process *process);

/* "glibc", "jemalloc", "tcmalloc", "mimalloc", or the name of the file that provides malloc; with `file`, that in
   brackets behind all but the first. The process must have one. */
void describe_allocator(struct text *out, const struct session_process *process, bool file);

/* The names of a process's flags in JSON. */
struct describe_flag {
    uint32_t flag; /* WIRE_PROCESS_* */
    const char *name;
};
extern const struct describe_flag describe_flags[];
extern const size_t describe_flag_count;

/* Where the names of an address come from, in JSON; NULL for SYMBOLS_NONE. What is not DWARF knows neither lines nor
   inlined calls. */
extern const char *const describe_named_by[SYMBOLS_NONE + 1];

/* "SIGSEGV"; "signal 64" for one without a name. */
void describe_signal(struct text *out, int signal);

#endif
