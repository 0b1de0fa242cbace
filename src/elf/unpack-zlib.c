/* By zlib. */

#include "elf/unpack.h"

#include <zlib.h>

bool unpack_zlib(const uint8_t *packed, size_t packed_bytes, uint8_t *out, size_t size_bytes)
{
    z_stream stream = {0};
    if (inflateInit(&stream) != Z_OK)
        return false;
    /* zlib counts in 32 bits. */
    size_t in_left = packed_bytes, out_left = size_bytes;
    stream.next_in = (Bytef *)(uintptr_t)packed;
    stream.next_out = out;
    int result = Z_OK;
    while (result == Z_OK && (stream.avail_out > 0 || out_left > 0)) {
        if (stream.avail_in == 0) {
            stream.avail_in = in_left < 1u << 30 ? (uInt)in_left : 1u << 30;
            in_left -= stream.avail_in;
        }
        if (stream.avail_out == 0) {
            stream.avail_out = out_left < 1u << 30 ? (uInt)out_left : 1u << 30;
            out_left -= stream.avail_out;
        }
        result = inflate(&stream, Z_NO_FLUSH);
    }
    const bool is_whole = stream.avail_out == 0 && out_left == 0 && (result == Z_OK || result == Z_STREAM_END);
    inflateEnd(&stream);
    return is_whole;
}
