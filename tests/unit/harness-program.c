/* Test programs under the harness. */

#include "harness-program.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char *find_path(const char *name)
{
    char *path;
    const char *build = getenv("top_builddir");
    int length = *name == '/' ? asprintf(&path, "%s", name)
                              : asprintf(&path, "%s/tests/targets/%s", build != NULL ? build : ".", name);
    assert_true(length > 0);
    return path;
}

/* Start it with its output in a file without a name. */
static int start(struct program *program, struct err *err)
{
    struct harness_start how = {
        .path = program->path,
        .argv = program->words,
        .keep_stdin_open = program->keep_stdin_open,
    };
    fflush(stdout);
    int ours = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(ours >= 0 && dup2(program->output_fd, STDOUT_FILENO) >= 0);
    int code = harness_start(&how, &program->harness, err);
    assert_true(dup2(ours, STDOUT_FILENO) >= 0);
    close(ours);
    return code;
}

void program_start(struct program *program, const char *name, ...)
{
    va_list args;
    size_t count = 1;
    program->path = find_path(name);
    program->words[0] = program->path;
    va_start(args, name);
    while (count < PROGRAM_WORDS && (program->words[count] = va_arg(args, char *)) != NULL)
        count++;
    va_end(args);
    program->output_fd = memfd_create("output", MFD_CLOEXEC);
    assert_true(program->output_fd >= 0);
    struct err err = {{0}};
    if (start(program, &err) != 0)
        fail_msg("%s", err.text);
}

bool program_is_childless(void)
{
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

int program_end(struct program *program, bool *by_us)
{
    int status;
    bool still_ran;
    assert_int_equal(harness_stop(program->harness, PROGRAM_PATIENCE, &status, &still_ran), 0);
    if (by_us != NULL)
        *by_us = still_ran;
    harness_free(program->harness);
    close(program->output_fd);
    free(program->path);
    assert_true(program_is_childless());
    return status;
}

void program_find(struct program *program, struct harness_endpoint *endpoint)
{
    struct err err;
    struct harness_find find = {.timeout_ns = PROGRAM_PATIENCE};
    if (harness_find_endpoint(program->harness, &find, endpoint, &err) != 0)
        fail_msg("%s", err.text);
}

int program_get(struct program *program, const struct harness_endpoint *endpoint, const char *target)
{
    struct err err;
    struct harness_request request = {.method = "GET", .target = target, .timeout_ns = PROGRAM_PATIENCE};
    struct harness_response response;
    if (harness_fire(program->harness, endpoint, &request, &response, &err) != 0)
        fail_msg("%s: %s", target, err.text);
    assert_true(response.finished);
    return response.status;
}

char *program_output(const struct program *program)
{
    struct stat status;
    assert_int_equal(fstat(program->output_fd, &status), 0);
    char *text = calloc(1, (size_t)status.st_size + 1);
    assert_non_null(text);
    assert_true(pread(program->output_fd, text, (size_t)status.st_size, 0) == status.st_size);
    return text;
}
