/* By zstd (RFC 8878). */

#include "elf/unpack.h"

#include <zstd.h>

/* The first frame tells its size; several follow one another when they were made by threads. */
bool unpack_zstd_is_plausible(const uint8_t *packed, size_t packed_bytes, size_t size_bytes)
{
    enum { MOST_A_BYTE_MAKES = 65536 }; /* a block of at most 128 KiB takes three bytes and what it repeats */
    const unsigned long long said = ZSTD_getFrameContentSize(packed, packed_bytes);
    return said != ZSTD_CONTENTSIZE_ERROR && (said == ZSTD_CONTENTSIZE_UNKNOWN || said <= size_bytes) &&
           size_bytes / MOST_A_BYTE_MAKES <= packed_bytes;
}

bool unpack_zstd(const uint8_t *packed, size_t packed_bytes, uint8_t *out, size_t size_bytes)
{
    return ZSTD_decompress(out, size_bytes, packed, packed_bytes) == size_bytes;
}
