/* A session of findings, built piece by piece: stacks whose functions are made up, live blocks by window. */

#ifndef TESTS_UNIT_CHECK_SESSION_H
#define TESTS_UNIT_CHECK_SESSION_H

#include "report/check.h"

#define CHECK_SESSION_MOST 64

/* Stacks: index into check_session_stacks. */
enum check_session_stack {
    STACK_HEADER_DUP,      /* strdup < header_dup < handle < main */
    STACK_HEADER_DUP_DEEP, /* the same below another main */
    STACK_CACHE_FILL,      /* cache_fill < handle < main */
    STACK_STDIO,           /* _IO_file_doallocate < puts < main */
    STACK_LIBSTDCXX,       /* a constructor of libstdc++ below the loader */
    STACK_STRIPPED,        /* two addresses of a program without symbols */
    STACK_COUNT
};

struct check_session {
    struct session session;
    struct session_request requests[CHECK_SESSION_MOST];
    struct session_site sites[CHECK_SESSION_MOST];
    struct session_frame frames[CHECK_SESSION_MOST];
    char *modules[4];
    char targets[8][64];
};

/* `count` windows for each of `targets` (NULL-terminated; none: one whole run). */
void check_session_init(struct check_session *built, const char *const *targets, uint32_t count);

/* What `stack` left in window `window` (from 0): blocks that outlived it, and blocks that are live at the end. */
void check_session_add(struct check_session *built, enum check_session_stack stack, uint32_t window, uint64_t survived,
                       uint64_t live, uint64_t bytes);

/* The process was looked at: so many of the blocks added last are unreachable, and so many of those indirectly. */
void check_session_look(struct check_session *built, uint64_t lost, uint64_t indirect);

/* A report_lookup_fn. */
size_t check_session_look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out, size_t max);

/* Judge it, with nothing but defaults for what `options` leaves out. */
struct check_result *check_session_judge(const struct check_session *built, struct check_options options);

#endif
