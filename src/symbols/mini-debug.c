/* .gnu_debugdata: an ELF file compressed by xz. It is unpacked into a memory file, so that it is read like any other.
 */

#include "symbols/mini-debug.h"

#include <lzma.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP_BYTES 65536
#define MEMORY_BYTES_LIMIT (UINT64_C(128) << 20) /* of the decoder */
#define SIZE_BYTES_LIMIT ((size_t)256 << 20)

static bool write_all(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t written = write(fd, bytes, count);
        if (written <= 0)
            return false;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

static bool unpack(const uint8_t *bytes, size_t size_bytes, int fd)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, MEMORY_BYTES_LIMIT, 0) != LZMA_OK)
        return false;
    stream.next_in = bytes;
    stream.avail_in = size_bytes;
    lzma_ret result = LZMA_OK;
    while (result == LZMA_OK && stream.total_out < SIZE_BYTES_LIMIT) {
        uint8_t step[STEP_BYTES];
        stream.next_out = step;
        stream.avail_out = sizeof step;
        result = lzma_code(&stream, LZMA_FINISH);
        if (!write_all(fd, step, sizeof step - stream.avail_out))
            result = LZMA_PROG_ERROR;
    }
    lzma_end(&stream);
    return result == LZMA_STREAM_END;
}

bool mini_debug_open(const struct elf_file *file, struct elf_file *mini)
{
    const Elf64_Shdr *section = elf_file_section(file, ".gnu_debugdata");
    size_t size_bytes;
    const uint8_t *bytes = section != NULL ? elf_file_section_bytes(file, section, &size_bytes) : NULL;
    if (bytes == NULL)
        return false;
    const int fd = memfd_create("gnu_debugdata", MFD_CLOEXEC);
    if (fd < 0)
        return false;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const bool is_open = unpack(bytes, size_bytes, fd) && elf_file_open(mini, path, NULL) == 0;
    close(fd);
    if (!is_open)
        mini->fd = -1;
    return is_open;
}
