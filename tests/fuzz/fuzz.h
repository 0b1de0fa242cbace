/* What the fuzz targets share. Each target is one file with LLVMFuzzerTestOneInput, which never fails by itself: the
   sanitizers, the time limit and the memory limit decide. Whatever a target allocates it frees: leaks are found too. */

#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input that is read piece by piece. Behind its end there are zeros. */
struct fuzz_input {
    const uint8_t *at, *end;
};

static inline struct fuzz_input fuzz_begin(const uint8_t *data, size_t size)
{
    return (struct fuzz_input){data, data + size};
}

/* The next number of so many bytes, 8 at most; the lowest byte comes first. */
uint64_t fuzz_take(struct fuzz_input *input, unsigned bytes);

/* The next `size` bytes, fewer at the end, in memory of just that size: the caller frees it. */
uint8_t *fuzz_take_bytes(struct fuzz_input *input, size_t size, size_t *got);

/* The text up to the next NUL, newline if `by_line`, or end, for the caller to free; the input goes on behind that. */
char *fuzz_take_text(struct fuzz_input *input, int by_line);

/* The path of a file that holds these bytes, until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* A stream that takes everything and keeps nothing. */
FILE *fuzz_nowhere(void);

#endif
