/* Compressed bytes to exactly as many as they are said to be. */

#ifndef ELF_UNPACK_H
#define ELF_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when they are damaged, or become more or fewer than `size_bytes`; `out` is then anything. */
bool unpack_zlib(const uint8_t *packed, size_t packed_bytes, uint8_t *out, size_t size_bytes);
bool unpack_zstd(const uint8_t *packed, size_t packed_bytes, uint8_t *out, size_t size_bytes);

/* Can they become so many? Asked before room is made. False without libzstd. */
bool unpack_zstd_is_plausible(const uint8_t *packed, size_t packed_bytes, size_t size_bytes);

#endif
