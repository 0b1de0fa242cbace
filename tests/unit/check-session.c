/* Sessions for the tests of check. */

#include "check-session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MODULE_APP, MODULE_LIBC, MODULE_LIBSTDCXX, MODULE_LOADER };

static char get[] = "GET", app[] = "/srv/app", libc[] = "/lib/x86_64-linux-gnu/libc.so.6",
            libstdcxx[] = "/usr/lib/libstdc++.so.6", loader[] = "/lib64/ld-linux-x86-64.so.2";

/* Addresses are indices from 1. */
static const struct function {
    uint32_t module;
    struct symbols_frame frame;
} functions[] = {
    {MODULE_LIBC, {.function = "strdup"}},
    {MODULE_APP, {.function = "header_dup", .file = "source/app.c", .line = 20}},
    {MODULE_APP, {.function = "handle", .file = "source/app.c", .line = 37}},
    {MODULE_APP, {.function = "main", .file = "source/app.c", .line = 44}},
    {MODULE_LIBC, {.function = "__libc_start_main"}},
    {MODULE_APP, {.function = "cache_fill", .file = "source/missing & <odd>.c", .line = 5}},
    {MODULE_LIBC, {.function = "_IO_file_doallocate"}},
    {MODULE_LIBC, {.function = "puts"}},
    {MODULE_LIBSTDCXX, {.function = NULL}},
    {MODULE_LOADER, {.function = NULL}},
    {MODULE_APP, {.function = NULL}},
};

static const unsigned stacks[STACK_COUNT][8] = {
    [STACK_HEADER_DUP_DEEP] = {1, 2, 3, 3, 4, 5},
    [STACK_HEADER_DUP] = {1, 2, 3, 4, 5},
    [STACK_CACHE_FILL] = {6, 3, 4, 5},
    [STACK_STDIO] = {7, 8, 4, 5},
    [STACK_LIBSTDCXX] = {9, 10},
    [STACK_STRIPPED] = {11, 11, 5},
};

void check_session_init(struct check_session *built, const char *const *targets, uint32_t count)
{
    static char *argv[] = {app, NULL};
    *built = (struct check_session){.modules = {app, libc, libstdcxx, loader}};
    built->session = (struct session){
        .argv = argv,
        .requests = built->requests,
        .sites = built->sites,
        .frames = built->frames,
        .modules = built->modules,
        .module_count = 4,
        .has_sites = true,
        .ended_by_us = true,
    };
    struct session *session = &built->session;
    if (targets == NULL || targets[0] == NULL) {
        session->ended_by_us = false;
        built->requests[session->request_count++] =
            (struct session_request){.is_run = true, .ordinal = 1, .finished = true};
    }
    for (size_t i = 0; targets != NULL && targets[i] != NULL; i++) {
        snprintf(built->targets[i], sizeof built->targets[i], "%s", targets[i]);
        for (uint32_t j = 0; j < count; j++)
            built->requests[session->request_count++] = (struct session_request){
                .method = get, .target = built->targets[i], .status = 200, .elapsed_ns = 1500000, .finished = true};
    }
}

void check_session_add(struct check_session *built, enum check_session_stack stack, uint32_t window, uint64_t survived,
                       uint64_t live, uint64_t bytes)
{
    struct session *session = &built->session;
    struct session_site site = {.request = window, .frame_first = (uint32_t)session->frame_count};
    for (size_t i = 0; stacks[stack][i] != 0; i++, site.frame_count++)
        built->frames[session->frame_count++] =
            (struct session_frame){.module = functions[stacks[stack][i] - 1].module, .address = stacks[stack][i]};
    site.alloc_count = survived > live ? survived : live;
    site.survived_count = survived;
    site.window_live_count = site.live_count = live;
    site.window_live_bytes = site.live_bytes = bytes;
    site.unknown_count = live;
    site.unknown_bytes = bytes;
    built->sites[session->site_count++] = site;
}

void check_session_look(struct check_session *built, uint64_t lost, uint64_t indirect)
{
    struct session_site *site = &built->sites[built->session.site_count - 1];
    uint64_t each = site->live_count > 0 ? site->live_bytes / site->live_count : 0;
    site->unknown_count = site->unknown_bytes = 0;
    site->lost_count = lost;
    site->lost_bytes = lost * each;
    site->indirect_count = indirect;
    site->indirect_bytes = indirect * each;
    site->held_count = site->live_count - lost;
    site->held_bytes = site->live_bytes - lost * each;
}

size_t check_session_look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out, size_t max)
{
    *out = functions[address - 1].frame;
    return 1;
}

struct check_result *check_session_judge(const struct check_session *built, struct check_options options)
{
    struct check_result *result = NULL;
    struct err err;
    options.lookup = check_session_look_up;
    assert_int_equal(check_session(&built->session, &options, &result, &err), 0);
    return result;
}
