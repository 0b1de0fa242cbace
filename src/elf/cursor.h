/* Reading little-endian data that nobody vouches for, from one place to the next. */

#ifndef ELF_CURSOR_H
#define ELF_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *at, *end;
    bool failed; /* ran over the end: everything read since is 0 */
};

static inline void cursor_fail(struct cursor *cursor)
{
    cursor->failed = true;
    cursor->at = cursor->end;
}

/* A number of at most 8 bytes. */
static inline uint64_t cursor_fixed(struct cursor *cursor, size_t bytes)
{
    uint64_t value = 0;
    if ((size_t)(cursor->end - cursor->at) < bytes) {
        cursor_fail(cursor);
        return 0;
    }
    __builtin_memcpy(&value, cursor->at, bytes); /* both sides are little-endian */
    cursor->at += bytes;
    return value;
}

static inline void cursor_skip(struct cursor *cursor, uint64_t bytes)
{
    if ((uint64_t)(cursor->end - cursor->at) < bytes)
        cursor_fail(cursor);
    else
        cursor->at += bytes;
}

/* LEB128 (DWARF 5, section 7.6): the bits, and how many its bytes hold. */
static inline uint64_t cursor_leb(struct cursor *cursor, unsigned *bits)
{
    uint64_t value = 0;
    for (*bits = 0; cursor->at < cursor->end;) {
        const uint64_t byte = *cursor->at++;
        if (*bits < 64)
            value |= (byte & 0x7f) << *bits;
        *bits += 7;
        if ((byte & 0x80) == 0)
            return value;
    }
    cursor_fail(cursor);
    *bits = 64;
    return 0;
}

static inline uint64_t cursor_uleb(struct cursor *cursor)
{
    unsigned bits;
    return cursor_leb(cursor, &bits);
}

static inline int64_t cursor_sleb(struct cursor *cursor)
{
    unsigned bits;
    uint64_t value = cursor_leb(cursor, &bits);
    if (bits < 64 && (value >> (bits - 1) & 1) != 0)
        value |= ~UINT64_C(0) << bits;
    return (int64_t)value;
}

#endif
