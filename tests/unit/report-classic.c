/* report_lines --style memory_profiler against what memory_profiler 0.31 printed, byte for byte. The golden files come
   from memory_profiler itself and are never rewritten by this program. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "golden.h"
#include "report/report.h"

#define PAGES(n) ((n)*INT64_C(4096))

#define LINE(number, visits, pages, change)                                                                            \
    {                                                                                                                  \
        .line = (number), .occurrences = (visits), .has_rss = true, .rss_bytes = PAGES(pages),                         \
        .increment_bytes = PAGES(change)                                                                               \
    }

static char *render(struct session_function *functions, size_t count)
{
    struct session_request run = {.is_run = true, .finished = true, .functions = functions, .function_count = count};
    struct session session = {.requests = &run, .request_count = 1};
    struct report_options options = {.style = REPORT_STYLE_MEMORY_PROFILER, .precision = 3, .source = true};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    struct err err;
    assert_int_equal(report_lines(&session, &options, out, &err), 0);
    fclose(out);
    return text;
}

static void compare(const char *golden, char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    golden_compare(golden, text, length);
    free(text);
}

static void the_original_example_is_equal_to_the_byte(void **state)
{
    struct session_line memory[] = {LINE(24, 1, 3974, 0), LINE(27, 1, 3975, 1), LINE(28, 1, 4496, 521),
                                    LINE(30, 1, 4496, 0)};
    struct session_line profiling[] = {LINE(3, 1, 3880, 0), {.line = 5}};
    char app[] = "app.py", memory_profile[] = "memory_profile.py", xrange[] = "xrange_vs_range", name[] = "profiling";
    struct session_function functions[] = {
        {.name = xrange,
         .file = app,
         .line = 24,
         .last_line = 30,
         .annotated = true,
         .calls = 1,
         .has_rss = true,
         .entry_rss_bytes = PAGES(3974),
         .lines = memory,
         .line_count = 4},
        {.name = name,
         .file = memory_profile,
         .line = 3,
         .last_line = 5,
         .annotated = true,
         .calls = 1,
         .has_rss = true,
         .entry_rss_bytes = PAGES(3880),
         .lines = profiling,
         .line_count = 2},
    };
    /* The page that shows the original has one empty line at its end; the program printed two, as after every block. */
    compare("memory-profiler-original.txt", render(functions, 2));
}

static void loops_are_equal_to_the_byte(void **state)
{
    struct session_line lines[] = {LINE(1, 1, 4234, 0),   LINE(3, 1, 4234, 0),    LINE(4, 5, 5262, 1028),
                                   LINE(5, 4, 5262, 0),   LINE(6, 3, 5262, 0),    LINE(7, 2, 5005, -257),
                                   LINE(8, 4, 5511, 506), LINE(9, 1, 4516, -995), LINE(10, 1, 4516, 0),
                                   {.line = 11},          LINE(12, 1, 4516, 0)};
    char file[] = "loops.py", name[] = "loop";
    struct session_function function = {.name = name,
                                        .file = file,
                                        .line = 1,
                                        .last_line = 12,
                                        .annotated = true,
                                        .calls = 1,
                                        .has_rss = true,
                                        .entry_rss_bytes = PAGES(4234),
                                        .lines = lines,
                                        .line_count = 11};
    compare("memory-profiler-loops.txt", render(&function, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_example_is_equal_to_the_byte),
        cmocka_unit_test(loops_are_equal_to_the_byte),
    };
    unsetenv("UPDATE_GOLDEN");
    if (chdir(TEST_SRCDIR "/golden/source") != 0)
        return 99;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
