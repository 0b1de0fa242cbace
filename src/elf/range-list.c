/* One DWARF 5 range list. */

#include "elf/range-list.h"

#include <string.h>

#include "elf/cursor.h"

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

/* The address that an index stands for. */
static uint64_t read_index(struct cursor *cursor, const struct range_source *source)
{
    uint64_t address = 0;
    const uint64_t index = cursor_uleb(cursor);
    if (!cursor->failed && !source->address(index, &address, source->data))
        cursor_fail(cursor);
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
    if (offset >= source->section_bytes)
        return 0;
    struct cursor cursor = {source->section + offset, source->section + source->section_bytes, false};
    uint64_t base = source->base;
    int code = 0;
    while (code == 0 && !cursor.failed && cursor.at < cursor.end) {
        uint64_t low = 0, high = 0;
        switch ((uint8_t)cursor_fixed(&cursor, 1)) {
        case RANGE_BASE_INDEX:
            base = read_index(&cursor, source);
            continue;
        case RANGE_BASE:
            base = cursor_fixed(&cursor, 8);
            continue;
        case RANGE_INDEX_INDEX:
            low = read_index(&cursor, source);
            high = read_index(&cursor, source);
            break;
        case RANGE_INDEX_LENGTH:
            low = read_index(&cursor, source);
            high = low + cursor_uleb(&cursor);
            break;
        case RANGE_OFFSETS:
            low = base + cursor_uleb(&cursor);
            high = base + cursor_uleb(&cursor);
            break;
        case RANGE_ADDRESSES:
            low = cursor_fixed(&cursor, 8);
            high = cursor_fixed(&cursor, 8);
            break;
        case RANGE_ADDRESS_LENGTH:
            low = cursor_fixed(&cursor, 8);
            high = low + cursor_uleb(&cursor);
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
