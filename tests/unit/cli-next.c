/* cli/next: the command that is suggested, ready to be pasted into a shell. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/next.h"

/* What is suggested after the command line `words` and one request that kept `not_freed_bytes`. */
static void assert_next_for(const char *const *words, int64_t not_freed_bytes, size_t line_count, const char *worth,
                            const char *expected)
{
    char *argv[16];
    int argc = 0;
    struct options options;
    for (; words[argc] != NULL; argc++)
        argv[argc] = strdup(words[argc]);
    argv[argc] = NULL;
    assert_int_equal(options_parse(argc, argv, &options, NULL), 0);
    struct session_function function = {.line_count = line_count};
    struct session_request request = {.functions = &function, .function_count = 1};
    struct session session = {.requests = &request, .request_count = 1};
    request.totals.not_freed_bytes = not_freed_bytes;
    char *command = next_command(&session, &options, worth);
    assert_non_null(command);
    char *remark = strstr(command, "   (");
    if (remark != NULL)
        *remark = '\0';
    assert_string_equal(command, expected);
    free(command);
    options_fini(&options);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
}

static void assert_next(const char *const *words, int64_t not_freed_bytes, size_t line_count, const char *expected)
{
    assert_next_for(words, not_freed_bytes, line_count, NULL, expected);
}

static void kept_memory_suggests_to_repeat_the_request(void **state)
{
    const char *const words[] = {"syseng-mem", "./app", "/memory", NULL};
    assert_next(words, 16, 5, "syseng-mem --warmup 1 --repeat 10 ./app /memory");
}

static void options_and_arguments_are_kept_and_quoted(void **state)
{
    const char *const words[] = {"syseng-mem",  "-H", "K: it's", "-o", "x", "./a b",
                                 "POST /x?y=1", "--", "-c",      "",   NULL};
    assert_next(words, 16, 5, "syseng-mem --warmup 1 --repeat 10 -H 'K: it'\\''s' './a b' 'POST /x?y=1' -- -c ''");
}

static void a_long_report_suggests_a_shorter_one(void **state)
{
    const char *const words[] = {"syseng-mem", "run", "--function", "f*", "./tool", "-v", NULL};
    assert_next(words, 0, 500, "syseng-mem run --only-changed --function 'f*' ./tool -v");
}

static void no_rows_at_all_suggest_the_doctor(void **state)
{
    const char *const words[] = {"syseng-mem", "run", "./tool", NULL};
    assert_next(words, 0, 0, "syseng-mem doctor ./tool");
}

static void a_function_that_allocates_is_suggested_when_none_was_watched(void **state)
{
    const char *const words[] = {"syseng-mem", "run", "--stacks=on", "./tool", NULL};
    assert_next_for(words, 0, 0, "grow", "syseng-mem run --function grow --stacks on ./tool");
    assert_next_for(words, 0, 0, "list<int>::add", "syseng-mem run --function 'list<int>::add' --stacks on ./tool");
}

static void what_may_be_a_secret_is_left_out(void **state)
{
    const char *const words[] = {
        "syseng-mem", "-H",    "X-Api-Key: 1234", "-H", "authorization: Bearer x", "-H", "Accept: key/value", "--data",
        "name=x",     "./app", "POST /x",         NULL};
    assert_next(words, 16, 5,
                "syseng-mem --warmup 1 --repeat 10 -H 'X-Api-Key: ...' -H 'authorization: ...' -H 'Accept: key/value' "
                "--data ... ./app 'POST /x'");
}

static void a_file_of_data_is_named(void **state)
{
    const char *const words[] = {"syseng-mem", "--data", "@body", "./app", "POST /x", NULL};
    assert_next(words, 16, 5, "syseng-mem --warmup 1 --repeat 10 --data @body ./app 'POST /x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_a_secret_is_left_out),
        cmocka_unit_test(a_file_of_data_is_named),
        cmocka_unit_test(kept_memory_suggests_to_repeat_the_request),
        cmocka_unit_test(options_and_arguments_are_kept_and_quoted),
        cmocka_unit_test(a_long_report_suggests_a_shorter_one),
        cmocka_unit_test(no_rows_at_all_suggest_the_doctor),
        cmocka_unit_test(a_function_that_allocates_is_suggested_when_none_was_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
