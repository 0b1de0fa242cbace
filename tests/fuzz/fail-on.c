/* Lists of --fail-on, held against comparisons. */

#include "fuzz.h"

#include <stdlib.h>

#include "profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_profile sides[COMPARE_SIDES];
    static struct compare_input inputs[COMPARE_SIDES];
    static struct compare_result result;
    struct fuzz_input input = fuzz_begin(data, size);
    struct compare_limits limits;
    struct err err;
    if (sides[COMPARE_OLD].stored == NULL) {
        fuzz_profile_read_golden(&sides[COMPARE_OLD], "heap.json");
        fuzz_profile_read_golden(&sides[COMPARE_NEW], "heap.json");
        fuzz_profile_compare(&sides[COMPARE_OLD], &sides[COMPARE_NEW], inputs, &result);
    }
    char *text = fuzz_take_text(&input, 0);
    if (compare_limits_parse(text, &limits, &err) == 0) {
        compare_is_worse(&result, &limits);
        for (size_t i = 0; i < limits.count; i++)
            fprintf(fuzz_nowhere(), "%.*s", limits.items[i].text_length, limits.items[i].text);
    }
    free(text);
    return 0;
}
