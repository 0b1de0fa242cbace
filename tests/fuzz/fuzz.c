/* Inputs in pieces and in files. */

#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

uint64_t fuzz_take(struct fuzz_input *input, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && input->at < input->end; i++)
        value |= (uint64_t)*input->at++ << 8 * i;
    return value;
}

uint8_t *fuzz_take_bytes(struct fuzz_input *input, size_t size, size_t *got)
{
    size_t left = (size_t)(input->end - input->at);
    *got = size < left ? size : left;
    uint8_t *bytes = malloc(*got);
    if (bytes == NULL)
        abort();
    if (*got > 0)
        memcpy(bytes, input->at, *got);
    input->at += *got;
    return bytes;
}

char *fuzz_take_text(struct fuzz_input *input, int by_line)
{
    const uint8_t *start = input->at;
    while (input->at < input->end && *input->at != '\0' && (!by_line || *input->at != '\n'))
        input->at++;
    size_t length = (size_t)(input->at - start);
    char *text = malloc(length + 1);
    if (text == NULL)
        abort();
    if (length > 0)
        memcpy(text, start, length);
    text[length] = '\0';
    input->at += input->at < input->end;
    return text;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

FILE *fuzz_nowhere(void)
{
    static FILE *stream;
    if (stream == NULL)
        stream = fopen("/dev/null", "we");
    if (stream == NULL)
        abort();
    return stream;
}

/* Linked in place of the C library's: there is nobody to wait for. */
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    return 0;
}
