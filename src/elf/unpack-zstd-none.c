/* Without libzstd. */

#include "elf/unpack.h"

bool unpack_zstd_is_plausible(const uint8_t *packed, size_t packed_bytes, size_t size_bytes)
{
    (void)packed, (void)packed_bytes, (void)size_bytes;
    return false;
}

bool unpack_zstd(const uint8_t *packed, size_t packed_bytes, uint8_t *out, size_t size_bytes)
{
    (void)packed, (void)packed_bytes, (void)out, (void)size_bytes;
    return false;
}
