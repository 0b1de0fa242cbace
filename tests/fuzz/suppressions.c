/* Suppression files, and what they match. The text of a file up to a NUL, then a stack: function, file and module of
   each frame. */

#include "fuzz.h"

#include <stdlib.h>

#include "report/check-suppressions.h"

#define NAMED 8
#define FRAMES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    struct suppressions *suppressions = suppressions_new();
    struct err err;
    char *file = fuzz_take_text(&input, 0);
    char *texts[3 * NAMED];
    struct check_frame frames[FRAMES];
    for (size_t i = 0; i < FRAMES; i++) {
        char **of = &texts[3 * (i % NAMED)];
        for (size_t k = 0; k < 3 && i < NAMED; k++)
            of[k] = fuzz_take_text(&input, 1);
        frames[i] = (struct check_frame){.function = of[0], .file = of[1], .module = of[2], .line = (uint32_t)i};
    }
    if (suppressions_parse(suppressions, "file", file, &err) == 0) {
        suppressions_match(suppressions, frames, FRAMES);
        const char *text, *path;
        uint32_t line;
        for (size_t at = 0; suppressions_next_unused(suppressions, &at, &text, &path, &line);)
            fprintf(fuzz_nowhere(), "%s %s %u", text, path, line);
    }
    suppressions_is_runtime(frames, FRAMES);
    suppressions_free(suppressions);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(file);
    return 0;
}
