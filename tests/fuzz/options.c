/* Command lines, a word per line; and the durations and statuses that options take. */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

#define WORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    char *words[WORDS + 1] = {strdup("syseng-mem")}, *kept[WORDS + 1];
    int count = 1;
    while (count < WORDS && input.at < input.end)
        words[count++] = fuzz_take_text(&input, 1);
    for (int i = 0; i <= WORDS; i++)
        kept[i] = words[i];
    struct options options;
    struct err err;
    if (options_parse(count, words, &options, &err) == 0) {
        if (options.help)
            options_print_help(fuzz_nowhere(), options.command == OPTIONS_LINES ? 0 : options.command);
        if (options.print_options != NULL)
            options_print(fuzz_nowhere(), options.print_options);
        if (options.requests.expect != NULL)
            options_status_is_expected(options.requests.expect, 204);
        options_fini(&options);
    }
    for (int i = 0; i < count; i++) {
        uint64_t ns;
        options_parse_duration(kept[i], &ns);
        if (options_is_expectation(kept[i]))
            options_status_is_expected(kept[i], 204);
        free(kept[i]);
    }
    return 0;
}
