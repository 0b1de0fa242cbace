/* Files of limits, .syseng-mem.conf: the text up to a NUL, then requests to ask them for, a method and a target each.
 */

#include "fuzz.h"

#include <stdlib.h>

#include "report/check-limits.h"

static void ask(struct limits *limits, struct fuzz_input *input)
{
    char *method = fuzz_take_text(input, 1), *target = fuzz_take_text(input, 1);
    struct limits_value value;
    for (int key = 0; key < LIMITS_KEY_COUNT; key++)
        if (limits_find(limits, method, target, (enum limits_key)key, &value))
            fprintf(fuzz_nowhere(), "%s %s %u", value.text, value.path, value.line);
    free(method);
    free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    struct limits *limits = limits_new();
    struct err err;
    char *file = fuzz_take_text(&input, 0);
    if (limits_parse(limits, "file", file, &err) == 0) {
        for (int i = 0; i < 4; i++)
            ask(limits, &input);
        const char *name, *path;
        uint32_t line;
        for (size_t at = 0; limits_next_unused(limits, &at, &name, &path, &line);)
            fprintf(fuzz_nowhere(), "%s %s %u", name, path, line);
    }
    uint64_t bytes;
    limits_parse_bytes(file, &bytes);
    limits_free(limits);
    free(file);
    return 0;
}
