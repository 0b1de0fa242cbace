/* A fast look through the DIEs of one unit. An abbreviation says once what all DIEs of its kind consist of; those that
   have nothing to tell here and always the same length are stepped over in one go. */

#include "elf/die-scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/cursor.h"
#include "elf/dwarf-api.h"
#include "elf/ranges.h"

#define DEPTH_LIMIT 256
#define CODE_LIMIT 65536 /* of abbreviations; compilers count them from 1 */

struct attribute {
    uint16_t name, form;  /* `name` 0: several that do not matter, and together always have the same length */
    uint32_t fixed_bytes; /* of these */
};

struct abbreviation {
    uint32_t first, count; /* in `attributes` */
    uint16_t tag;
    bool is_known, has_children;
};

struct scan {
    const struct die_unit *unit;
    struct abbreviation *kinds; /* by code */
    size_t kind_count;
    struct attribute *attributes;
    size_t attribute_count, attribute_capacity;
    struct cursor cursor;
    uint64_t begin; /* of the unit's header, to which references are relative */
    unsigned version, offset_bytes, address_bytes;
};

/* The length of a value of this form, when it is always the same; -1 when it is not. */
static int fixed_bytes_of(const struct scan *scan, unsigned form)
{
    switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
        return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
        return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
        return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
        return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
        return 4;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
        return 8;
    case DW_FORM_data16:
        return 16;
    case DW_FORM_addr:
        return (int)scan->address_bytes;
    case DW_FORM_ref_addr:
        return (int)(scan->version == 2 ? scan->address_bytes : scan->offset_bytes);
    case DW_FORM_strp:
    case DW_FORM_sec_offset:
    case DW_FORM_strp_sup:
    case DW_FORM_line_strp:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
        return (int)scan->offset_bytes;
    default:
        return -1;
    }
}

/* Read a value that is a number, or step over one that is none. */
static uint64_t read_value(struct scan *scan, unsigned form)
{
    struct cursor *cursor = &scan->cursor;
    if (form == DW_FORM_indirect)
        form = (unsigned)cursor_uleb(cursor);
    const int fixed = fixed_bytes_of(scan, form);
    if (fixed >= 0 && fixed <= 8)
        return cursor_fixed(cursor, (size_t)fixed);
    switch (form) {
    case DW_FORM_data16:
        cursor_skip(cursor, 16);
        return 0;
    case DW_FORM_sdata: /* of a length or an index it is never negative */
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_loclistx:
    case DW_FORM_rnglistx:
    case DW_FORM_GNU_addr_index:
    case DW_FORM_GNU_str_index:
        return cursor_uleb(cursor);
    case DW_FORM_block1:
        cursor_skip(cursor, cursor_fixed(cursor, 1));
        return 0;
    case DW_FORM_block2:
        cursor_skip(cursor, cursor_fixed(cursor, 2));
        return 0;
    case DW_FORM_block4:
        cursor_skip(cursor, cursor_fixed(cursor, 4));
        return 0;
    case DW_FORM_block:
    case DW_FORM_exprloc:
        cursor_skip(cursor, cursor_uleb(cursor));
        return 0;
    case DW_FORM_string: {
        const uint8_t *end = memchr(cursor->at, '\0', (size_t)(cursor->end - cursor->at));
        cursor_skip(cursor, end != NULL ? (uint64_t)(end - cursor->at) + 1 : UINT64_MAX);
        return 0;
    }
    default:
        cursor->failed = true;
        return 0;
    }
}

static bool is_index(unsigned form)
{
    return form == DW_FORM_GNU_addr_index || form == DW_FORM_addrx ||
           (form >= DW_FORM_addrx1 && form <= DW_FORM_addrx4);
}

static bool matters(unsigned name)
{
    return name == DW_AT_sibling || name == DW_AT_low_pc || name == DW_AT_high_pc || name == DW_AT_ranges;
}

static int add_attribute(struct scan *scan, const struct abbreviation *kind, unsigned name, unsigned form)
{
    const int fixed_bytes = matters(name) ? -1 : fixed_bytes_of(scan, form);
    struct attribute *last = scan->attribute_count > kind->first ? &scan->attributes[scan->attribute_count - 1] : NULL;
    if (fixed_bytes >= 0 && last != NULL && last->name == 0) {
        last->fixed_bytes += (uint32_t)fixed_bytes;
        return 0;
    }
    struct attribute *attributes =
        array_reserve(scan->attributes, scan->attribute_count, &scan->attribute_capacity, sizeof *attributes);
    if (attributes == NULL)
        return -ENOMEM;
    scan->attributes = attributes;
    attributes[scan->attribute_count++] = fixed_bytes >= 0 ? (struct attribute){0, 0, (uint32_t)fixed_bytes}
                                                           : (struct attribute){(uint16_t)name, (uint16_t)form, 0};
    return 0;
}

static int read_attributes(struct scan *scan, struct cursor *cursor, struct abbreviation *kind)
{
    for (;;) {
        const uint64_t name = cursor_uleb(cursor), form = cursor_uleb(cursor);
        if (form == DW_FORM_implicit_const) /* the value is here */
            cursor_uleb(cursor);
        if (cursor->failed || (name == 0 && form == 0))
            break;
        if (name == 0 || name > UINT16_MAX || form > UINT16_MAX) {
            cursor->failed = true;
            break;
        }
        if (add_attribute(scan, kind, (unsigned)name, (unsigned)form) != 0)
            return -ENOMEM;
    }
    kind->count = (uint32_t)scan->attribute_count - kind->first;
    return 0;
}

static struct abbreviation *kind_of(struct scan *scan, uint64_t code)
{
    if (code >= scan->kind_count) {
        size_t count = scan->kind_count == 0 ? 256 : scan->kind_count;
        while (count <= code)
            count *= 2;
        struct abbreviation *kinds = reallocarray(scan->kinds, count, sizeof *kinds);
        if (kinds == NULL)
            return NULL;
        memset(kinds + scan->kind_count, 0, (count - scan->kind_count) * sizeof *kinds);
        scan->kinds = kinds;
        scan->kind_count = count;
    }
    return &scan->kinds[code];
}

static int read_abbreviations(struct scan *scan, uint64_t offset)
{
    const struct die_unit *unit = scan->unit;
    if (offset >= unit->abbreviations_bytes)
        return 0;
    struct cursor cursor = {unit->abbreviations + offset, unit->abbreviations + unit->abbreviations_bytes, false};
    for (;;) {
        const uint64_t code = cursor_uleb(&cursor);
        if (cursor.failed || code == 0 || code >= CODE_LIMIT)
            return 0;
        const uint64_t tag = cursor_uleb(&cursor);
        struct abbreviation *kind = kind_of(scan, code);
        if (kind == NULL)
            return -ENOMEM;
        *kind = (struct abbreviation){.first = (uint32_t)scan->attribute_count,
                                      .tag = tag <= UINT16_MAX ? (uint16_t)tag : 0,
                                      .has_children = cursor_fixed(&cursor, 1) != 0};
        if (read_attributes(scan, &cursor, kind) != 0)
            return -ENOMEM;
        kind->is_known = !cursor.failed;
    }
}

/* Read the unit's header and abbreviations; the cursor is then at its first DIE. */
static int begin(struct scan *scan, const struct die_unit *unit)
{
    *scan = (struct scan){.unit = unit, .begin = unit->header, .offset_bytes = 4};
    struct cursor *cursor = &scan->cursor;
    if (unit->header >= unit->info_bytes)
        return 0;
    *cursor = (struct cursor){unit->info + unit->header, unit->info + unit->info_bytes, false};
    uint64_t length = cursor_fixed(cursor, 4), abbreviations = 0;
    if (length == UINT32_MAX) {
        scan->offset_bytes = 8;
        length = cursor_fixed(cursor, 8);
    }
    if (length < (uint64_t)(cursor->end - cursor->at))
        cursor->end = cursor->at + length;
    scan->version = (unsigned)cursor_fixed(cursor, 2);
    if (scan->version < 5) {
        abbreviations = cursor_fixed(cursor, scan->offset_bytes);
        scan->address_bytes = (unsigned)cursor_fixed(cursor, 1);
    } else {
        const uint64_t type = cursor_fixed(cursor, 1);
        scan->address_bytes = (unsigned)cursor_fixed(cursor, 1);
        abbreviations = cursor_fixed(cursor, scan->offset_bytes);
        if (type == DW_UT_skeleton || type == DW_UT_split_compile)
            cursor_skip(cursor, 8);
        else if (type == DW_UT_type || type == DW_UT_split_type)
            cursor_skip(cursor, 8 + scan->offset_bytes);
    }
    if (cursor->failed || scan->version < 2 || scan->version > 5 || scan->address_bytes != 8) {
        cursor->at = cursor->end;
        return 0;
    }
    return read_abbreviations(scan, abbreviations);
}

static void end(struct scan *scan)
{
    free(scan->kinds);
    free(scan->attributes);
}

struct die {
    const struct abbreviation *kind; /* NULL: the end of somebody's children */
    uint64_t sibling;                /* 0: it does not tell */
    bool has_low, has_high;
    struct die_function function;
};

static void read_attribute(struct scan *scan, const struct attribute *attribute, struct die *die)
{
    const uint64_t value = read_value(scan, attribute->form);
    switch (attribute->name) {
    case DW_AT_sibling:
        if (attribute->form == DW_FORM_ref1 || attribute->form == DW_FORM_ref2 || attribute->form == DW_FORM_ref4 ||
            attribute->form == DW_FORM_ref8 || attribute->form == DW_FORM_ref_udata)
            die->sibling = scan->begin + value;
        break;
    case DW_AT_low_pc:
        die->has_low = true;
        die->function.low = value;
        die->function.low_is_index = is_index(attribute->form);
        break;
    case DW_AT_high_pc:
        die->has_high = true;
        die->function.high = value;
        die->function.high_is_length = attribute->form != DW_FORM_addr && !is_index(attribute->form);
        break;
    case DW_AT_ranges:
        die->function.has_ranges = true;
        break;
    default:
        break;
    }
}

/* Read the DIE under the cursor. False at the end, or when it cannot be. */
static bool read_die(struct scan *scan, struct die *die)
{
    struct cursor *cursor = &scan->cursor;
    if (cursor->failed || cursor->at >= cursor->end)
        return false;
    *die = (struct die){.function.offset = (uint64_t)(cursor->at - scan->unit->info)};
    const uint64_t code = cursor_uleb(cursor);
    if (code == 0)
        return !cursor->failed;
    if (code >= scan->kind_count || !scan->kinds[code].is_known)
        return false;
    const struct abbreviation *kind = die->kind = &scan->kinds[code];
    const struct attribute *attribute = &scan->attributes[kind->first], *behind = attribute + kind->count;
    for (; attribute < behind; attribute++)
        if (attribute->name == 0)
            cursor_skip(cursor, attribute->fixed_bytes);
        else
            read_attribute(scan, attribute, die);
    return !cursor->failed;
}

static bool encloses_functions(unsigned tag)
{
    switch (tag) {
    case DW_TAG_compile_unit:
    case DW_TAG_partial_unit:
    case DW_TAG_subprogram: /* GNU C's nested functions, methods of local classes */
    case DW_TAG_inlined_subroutine:
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        return true;
    default:
        return false;
    }
}

static void go_to(struct scan *scan, uint64_t offset)
{
    const uint8_t *to = scan->unit->info + offset;
    if (to > scan->cursor.at && to <= scan->cursor.end)
        scan->cursor.at = to;
}

static bool has_code(const struct die *die)
{
    return die->function.has_ranges || (die->has_low && die->has_high);
}

int die_scan_functions(const struct die_unit *unit, die_function_fn visit, void *data)
{
    struct scan scan;
    struct die die;
    int code = begin(&scan, unit);
    while (code == 0 && read_die(&scan, &die)) {
        if (die.kind == NULL)
            continue;
        if (die.kind->tag == DW_TAG_subprogram && has_code(&die))
            code = visit(&die.function, data);
        if (die.kind->has_children && die.sibling > die.function.offset && !encloses_functions(die.kind->tag))
            go_to(&scan, die.sibling);
    }
    end(&scan);
    return code;
}

int die_scan_inlined(const struct die_unit *unit, uint64_t offset, die_function_fn visit, void *data)
{
    struct scan scan;
    struct die die;
    uint32_t depth = 0;
    int code = begin(&scan, unit);
    go_to(&scan, offset);
    while (code == 0 && read_die(&scan, &die)) {
        if (die.kind == NULL) {
            if (depth <= 1)
                break;
            depth--;
            continue;
        }
        die.function.depth = depth;
        if (die.kind->tag == DW_TAG_inlined_subroutine && has_code(&die))
            code = visit(&die.function, data);
        if (die.kind->has_children && depth > 0 && die.sibling > die.function.offset &&
            (die.kind->tag == DW_TAG_subprogram || !encloses_functions(die.kind->tag)))
            go_to(&scan, die.sibling);
        else if (die.kind->has_children)
            depth++;
        else if (depth == 0)
            break;
    }
    end(&scan);
    return code;
}

size_t die_scan_parents(const struct die_unit *unit, uint64_t offset, uint64_t *parents, size_t max)
{
    struct scan scan;
    struct die die;
    uint64_t path[DEPTH_LIMIT] = {0};
    size_t depth = 0, found = 0;
    int code = begin(&scan, unit);
    while (code == 0 && read_die(&scan, &die)) {
        if (die.kind == NULL) {
            if (depth == 0 || --depth == 0)
                break;
            continue;
        }
        if (die.function.offset >= offset) {
            found = die.function.offset == offset ? depth : 0;
            break;
        }
        if (!die.kind->has_children)
            continue;
        if (die.sibling > die.function.offset && die.sibling <= offset) {
            go_to(&scan, die.sibling);
            continue;
        }
        if (depth == DEPTH_LIMIT)
            break;
        path[depth++] = die.function.offset;
    }
    end(&scan);
    if (found > max)
        found = max;
    memcpy(parents, path, found * sizeof *path);
    return found;
}
