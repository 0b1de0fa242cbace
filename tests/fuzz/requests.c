/* Request files (-f), and requests as words of the command line: two words up to newlines, of which the first may be a
   body, then the file. */

#include "fuzz.h"

#include <stdlib.h>

#include "cli/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    char *body = fuzz_take_text(&input, 1), *word = fuzz_take_text(&input, 1);
    const char *items[] = {word};
    struct options_requests options = {.file = fuzz_file(input.at, (size_t)(input.end - input.at)),
                                       .targets = {.items = items, .count = *word != '\0'},
                                       .data = *body != '\0' ? body : NULL};
    struct requests requests;
    struct err err;
    if (*body == '@') { /* a body from a file: only ours is read */
        free(body);
        if (asprintf(&body, "@%s", options.file) < 0)
            abort();
        options.data = body;
    }
    if (requests_read(&options, &requests, &err) == 0) {
        for (size_t i = 0; i < requests.count; i++)
            fprintf(fuzz_nowhere(), "%s %s", requests.items[i].method, requests.items[i].target);
        requests_fini(&requests);
    }
    free(body);
    free(word);
    return 0;
}
