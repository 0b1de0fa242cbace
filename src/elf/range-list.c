/* One DWARF 5 range list. */

#include "elf/range-list.h"

#include <string.h>

enum { /* DW_RLE_* */
       RANGE_END,
       RANGE_BASE_INDEX,
       RANGE_INDEX_INDEX,
       RANGE_INDEX_LENGTH,
       RANGE_OFFSETS,
       RANGE_BASE,
       RANGE_ADDRESSES,
       RANGE_ADDRESS_LENGTH,
};

struct cursor {
    const struct range_source *source;
    size_t at;
    bool failed;
};

static uint64_t read_leb128(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; cursor->at < cursor->source->section_bytes; shift += 7) {
        const uint8_t byte = cursor->source->section[cursor->at++];
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    cursor->failed = true;
    return 0;
}

static uint64_t read_address(struct cursor *cursor)
{
    uint64_t address = 0;
    if (cursor->source->section_bytes - cursor->at < sizeof address) {
        cursor->failed = true;
        return 0;
    }
    memcpy(&address, cursor->source->section + cursor->at, sizeof address);
    cursor->at += sizeof address;
    return address;
}

static uint64_t read_index(struct cursor *cursor)
{
    uint64_t address = 0;
    const uint64_t index = read_leb128(cursor);
    if (!cursor->failed && !cursor->source->address(index, &address, cursor->source->data))
        cursor->failed = true;
    return address;
}

bool range_list_offset(const struct range_source *source, uint64_t table, uint64_t index, uint64_t *offset)
{
    uint32_t entry;
    if (table > source->section_bytes || index >= (source->section_bytes - table) / sizeof entry)
        return false;
    memcpy(&entry, source->section + table + index * sizeof entry, sizeof entry);
    *offset = table + entry;
    return true;
}

int range_list_visit(const struct range_source *source, uint64_t offset, range_fn visit, void *data)
{
    struct cursor cursor = {source, (size_t)offset, offset >= source->section_bytes};
    uint64_t base = source->base;
    int code = 0;
    while (code == 0 && !cursor.failed && cursor.at < source->section_bytes) {
        uint64_t low = 0, high = 0;
        switch (source->section[cursor.at++]) {
        case RANGE_BASE_INDEX:
            base = read_index(&cursor);
            continue;
        case RANGE_BASE:
            base = read_address(&cursor);
            continue;
        case RANGE_INDEX_INDEX:
            low = read_index(&cursor);
            high = read_index(&cursor);
            break;
        case RANGE_INDEX_LENGTH:
            low = read_index(&cursor);
            high = low + read_leb128(&cursor);
            break;
        case RANGE_OFFSETS:
            low = base + read_leb128(&cursor);
            high = base + read_leb128(&cursor);
            break;
        case RANGE_ADDRESSES:
            low = read_address(&cursor);
            high = read_address(&cursor);
            break;
        case RANGE_ADDRESS_LENGTH:
            low = read_address(&cursor);
            high = low + read_leb128(&cursor);
            break;
        case RANGE_END:
        default:
            return 0;
        }
        if (!cursor.failed)
            code = visit(low, high, data);
    }
    return code;
}
