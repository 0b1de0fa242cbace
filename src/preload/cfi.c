/* A small interpreter of call frame information: only the frame address, the return address and rbp are followed, which
   is all that a walk needs. */

#include "preload/cfi.h"

#include <dlfcn.h>

#define DWARF_RBP 6
#define DWARF_RSP 7
#define DWARF_RA 16
#define STATES_REMEMBERED 16

enum { SAVED_SAME, SAVED_AT, SAVED_EXPRESSION, SAVED_OTHERWISE };
enum { RA_USUAL, RA_UNDEFINED, RA_OTHERWISE };

/* The row that is being built. */
struct row {
    bool cfa_is_expression;
    uint64_t cfa_register;
    int64_t cfa_offset;
    const uint8_t *cfa_expression; /* at its length */
    uint8_t bp;                    /* SAVED_* */
    int64_t bp_offset;
    const uint8_t *bp_expression;
    uint8_t ra; /* RA_* */
};

struct cie {
    uint64_t code_factor;
    int64_t data_factor;
    uint8_t pointer_encoding;
    bool is_signal;
    const uint8_t *program, *end;
};

static uint64_t read_unsigned(const uint8_t **at, unsigned bytes)
{
    uint64_t value = 0;
    __builtin_memcpy(&value, *at, bytes);
    *at += bytes;
    return value;
}

/* The bits of an LEB128 number (DWARF 5, section 7.6), and how many its bytes hold. */
static uint64_t read_leb(const uint8_t **at, unsigned *bits)
{
    uint64_t value = 0;
    uint8_t byte;
    *bits = 0;
    do {
        byte = *(*at)++;
        if (*bits < 64)
            value |= (uint64_t)(byte & 0x7f) << *bits;
        *bits += 7;
    } while (byte & 0x80);
    return value;
}

static uint64_t read_uleb(const uint8_t **at)
{
    unsigned bits;
    return read_leb(at, &bits);
}

static int64_t read_sleb(const uint8_t **at)
{
    unsigned bits;
    uint64_t value = read_leb(at, &bits);
    if (bits < 64 && (value >> (bits - 1) & 1) != 0)
        value |= ~UINT64_C(0) << bits;
    return (int64_t)value;
}

/* A pointer in one of the encodings of the LSB, "DWARF Exception Header Encoding". */
static uint64_t read_pointer(const uint8_t **at, uint8_t encoding, uint64_t data_base)
{
    uint64_t base = 0, value;
    if (encoding == 0xff)
        return 0;
    if ((encoding & 0x70) == 0x10)
        base = (uint64_t)*at;
    else if ((encoding & 0x70) == 0x30)
        base = data_base;
    switch (encoding & 0x0f) {
    case 0x1:
        value = read_uleb(at);
        break;
    case 0x9:
        value = (uint64_t)read_sleb(at);
        break;
    case 0x2:
        value = read_unsigned(at, 2);
        break;
    case 0xa:
        value = (uint64_t)(int64_t)(int16_t)read_unsigned(at, 2);
        break;
    case 0x3:
        value = read_unsigned(at, 4);
        break;
    case 0xb:
        value = (uint64_t)(int64_t)(int32_t)read_unsigned(at, 4);
        break;
    default:
        value = read_unsigned(at, 8);
    }
    if (value != 0)
        value += base;
    if ((encoding & 0x80) && value != 0)
        value = *(const uint64_t *)value;
    return value;
}

static bool parse_cie(const uint8_t *at, struct cie *cie)
{
    uint64_t length = read_unsigned(&at, 4);
    cie->end = at + length;
    at += 4; /* its id, 0 */
    uint8_t version = *at++;
    const char *augmentation = (const char *)at;
    while (*at++ != 0)
        ;
    *cie = (struct cie){.end = cie->end};
    cie->code_factor = read_uleb(&at);
    cie->data_factor = read_sleb(&at);
    if (version == 1)
        at++; /* the return address's register */
    else
        read_uleb(&at);
    if (augmentation[0] == 'z') {
        uint64_t bytes = read_uleb(&at);
        const uint8_t *behind = at + bytes;
        for (const char *c = augmentation + 1; *c != '\0'; c++) {
            if (*c == 'R') {
                cie->pointer_encoding = *at++;
            } else if (*c == 'L') {
                at++;
            } else if (*c == 'P') {
                uint8_t encoding = *at++;
                read_pointer(&at, encoding & 0x7f, 0);
            } else if (*c == 'S') {
                cie->is_signal = true;
            }
        }
        at = behind;
    } else if (augmentation[0] != '\0') {
        return false;
    }
    cie->program = at;
    return true;
}

static void set_saved(struct row *row, uint64_t reg, int64_t offset)
{
    if (reg == DWARF_RBP) {
        row->bp = SAVED_AT;
        row->bp_offset = offset;
    } else if (reg == DWARF_RA) {
        row->ra = offset == -8 ? RA_USUAL : RA_OTHERWISE;
    }
}

static void set_otherwise(struct row *row, uint64_t reg)
{
    if (reg == DWARF_RBP)
        row->bp = SAVED_OTHERWISE;
    else if (reg == DWARF_RA)
        row->ra = RA_OTHERWISE;
}

static void restore(struct row *row, uint64_t reg, const struct row *initial)
{
    if (reg == DWARF_RBP) {
        row->bp = initial->bp;
        row->bp_offset = initial->bp_offset;
        row->bp_expression = initial->bp_expression;
    } else if (reg == DWARF_RA) {
        row->ra = initial->ra;
    }
}

/* Skip a block behind its length; returns where its length stands. */
static const uint8_t *skip_block(const uint8_t **at)
{
    const uint8_t *block = *at;
    uint64_t bytes = read_uleb(at);
    *at += bytes;
    return block;
}

/* The instructions that change the row but not the place. Returns false for one that is not known. */
static bool change_row(uint8_t code, const uint8_t **at, const struct cie *cie, struct row *row,
                       const struct row *initial)
{
    uint64_t reg;
    switch (code) {
    case 0x00: /* nop */
    case 0x2d: /* GNU_window_save */
        return true;
    case 0x05: /* offset_extended */
        reg = read_uleb(at);
        set_saved(row, reg, (int64_t)read_uleb(at) * cie->data_factor);
        return true;
    case 0x06: /* restore_extended */
        restore(row, read_uleb(at), initial);
        return true;
    case 0x07: /* undefined */
        reg = read_uleb(at);
        if (reg == DWARF_RA)
            row->ra = RA_UNDEFINED;
        else if (reg == DWARF_RBP)
            row->bp = SAVED_SAME;
        return true;
    case 0x08: /* same_value */
        if (read_uleb(at) == DWARF_RBP)
            row->bp = SAVED_SAME;
        return true;
    case 0x09: /* register */
        set_otherwise(row, read_uleb(at));
        read_uleb(at);
        return true;
    case 0x0c: /* def_cfa */
        row->cfa_is_expression = false;
        row->cfa_register = read_uleb(at);
        row->cfa_offset = (int64_t)read_uleb(at);
        return true;
    case 0x0d: /* def_cfa_register */
        row->cfa_is_expression = false;
        row->cfa_register = read_uleb(at);
        return true;
    case 0x0e: /* def_cfa_offset */
        row->cfa_offset = (int64_t)read_uleb(at);
        return true;
    case 0x0f: /* def_cfa_expression */
        row->cfa_is_expression = true;
        row->cfa_expression = skip_block(at);
        return true;
    case 0x10: /* expression */
        reg = read_uleb(at);
        if (reg == DWARF_RBP) {
            row->bp = SAVED_EXPRESSION;
            row->bp_expression = *at;
        } else {
            set_otherwise(row, reg);
        }
        skip_block(at);
        return true;
    case 0x11: /* offset_extended_sf */
        reg = read_uleb(at);
        set_saved(row, reg, read_sleb(at) * cie->data_factor);
        return true;
    case 0x12: /* def_cfa_sf */
        row->cfa_is_expression = false;
        row->cfa_register = read_uleb(at);
        row->cfa_offset = read_sleb(at) * cie->data_factor;
        return true;
    case 0x13: /* def_cfa_offset_sf */
        row->cfa_offset = read_sleb(at) * cie->data_factor;
        return true;
    case 0x14: /* val_offset */
        set_otherwise(row, read_uleb(at));
        read_uleb(at);
        return true;
    case 0x15: /* val_offset_sf */
        set_otherwise(row, read_uleb(at));
        read_sleb(at);
        return true;
    case 0x16: /* val_expression */
        set_otherwise(row, read_uleb(at));
        skip_block(at);
        return true;
    case 0x2e: /* GNU_args_size */
        read_uleb(at);
        return true;
    }
    return false;
}

/* How far an advance instruction moves the place; false when `code` is none. */
static bool read_advance(uint8_t code, const uint8_t **at, const struct cie *cie, uint64_t *place)
{
    if ((code & 0xc0) == 0x40)
        *place += (code & 0x3f) * cie->code_factor;
    else if (code == 0x01)
        *place = read_pointer(at, cie->pointer_encoding, 0);
    else if (code == 0x02)
        *place += read_unsigned(at, 1) * cie->code_factor;
    else if (code == 0x03)
        *place += read_unsigned(at, 2) * cie->code_factor;
    else if (code == 0x04)
        *place += read_unsigned(at, 4) * cie->code_factor;
    else
        return false;
    return true;
}

/* Run instructions until the place is beyond `pc`. */
static bool run(const uint8_t *at, const uint8_t *end, const struct cie *cie, uint64_t place, uint64_t pc,
                struct row *row, const struct row *initial)
{
    struct row remembered[STATES_REMEMBERED];
    int depth = 0;
    while (at < end) {
        uint8_t code = *at++;
        if (read_advance(code, &at, cie, &place)) {
            if (place > pc)
                return true;
        } else if ((code & 0xc0) == 0x80) { /* offset */
            set_saved(row, code & 0x3f, (int64_t)read_uleb(&at) * cie->data_factor);
        } else if ((code & 0xc0) == 0xc0) { /* restore */
            restore(row, code & 0x3f, initial);
        } else if (code == 0x0a) { /* remember_state */
            if (depth == STATES_REMEMBERED)
                return false;
            remembered[depth++] = *row;
        } else if (code == 0x0b) { /* restore_state */
            if (depth == 0)
                return false;
            *row = remembered[--depth];
        } else if (!change_row(code, &at, cie, row, initial)) {
            return false;
        }
    }
    return true;
}

static bool starts_with(const uint8_t *bytes, const uint8_t *start, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != start[i])
            return false;
    return true;
}

/* The two expressions that compilers and linkers really write. */
static struct cfi_rule rule_of_expression(const struct row *row, uint64_t pc)
{
    static const uint8_t plt[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a}; /* breg7 8; breg16 0; lit15; and */
    struct cfi_rule rule = {.kind = CFI_UNKNOWN};
    const uint8_t *at = row->cfa_expression;
    uint64_t bytes = read_uleb(&at);
    const uint8_t *end = at + bytes;
    if (bytes >= 8 && starts_with(at, plt, sizeof plt) && at[7] == 0x2a) { /* ... litN; ge; lit3; shl; plus */
        rule.kind = CFI_SP;
        rule.cfa_offset = 8 + ((pc & 15) >= (uint64_t)(at[6] - 0x30) ? 8 : 0);
        return rule;
    }
    if (bytes < 3 || *at++ != 0x76) /* breg6 */
        return rule;
    int64_t offset = read_sleb(&at);
    if (at + 1 != end || *at != 0x06 || row->bp != SAVED_EXPRESSION) /* deref */
        return rule;
    at = row->bp_expression;
    bytes = read_uleb(&at);
    if (bytes < 2 || *at++ != 0x76)
        return rule;
    return (struct cfi_rule){
        .kind = CFI_ALIGNED, .restores_bp = true, .cfa_offset = (int32_t)offset, .bp_offset = (int32_t)read_sleb(&at)};
}

static struct cfi_rule rule_of(const struct row *row, const struct cie *cie, uint64_t pc)
{
    struct cfi_rule rule = {.kind = CFI_UNKNOWN};
    if (row->ra == RA_UNDEFINED)
        rule.kind = CFI_ROOT;
    else if (cie->is_signal)
        rule.kind = CFI_SIGNAL;
    if (rule.kind != CFI_UNKNOWN || row->ra != RA_USUAL)
        return rule;
    if (row->cfa_is_expression)
        return rule_of_expression(row, pc);
    if (row->bp != SAVED_SAME && row->bp != SAVED_AT)
        return rule;
    if (row->cfa_register != DWARF_RSP && row->cfa_register != DWARF_RBP)
        return rule;
    if (row->cfa_offset != (int32_t)row->cfa_offset || row->bp_offset != (int32_t)row->bp_offset)
        return rule;
    rule.kind = row->cfa_register == DWARF_RSP ? CFI_SP : CFI_BP;
    rule.restores_bp = row->bp == SAVED_AT;
    rule.cfa_offset = (int32_t)row->cfa_offset;
    rule.bp_offset = (int32_t)row->bp_offset;
    return rule;
}

static struct cfi_rule rule_of_fde(const uint8_t *fde, uint64_t pc, bool *covers)
{
    struct cfi_rule unknown = {.kind = CFI_UNKNOWN};
    *covers = true; /* for all that is known until its range has been read */
    struct cie cie;
    const uint8_t *at = fde;
    uint64_t length = read_unsigned(&at, 4);
    const uint8_t *end = at + length, *cie_field = at;
    uint64_t cie_distance = read_unsigned(&at, 4);
    if (length == 0xffffffff || cie_distance == 0 || !parse_cie(cie_field - cie_distance, &cie))
        return unknown;
    uint64_t start = read_pointer(&at, cie.pointer_encoding, 0);
    uint64_t range = read_pointer(&at, cie.pointer_encoding & 0x0f, 0);
    *covers = pc >= start && pc - start < range;
    if (!*covers)
        return unknown;
    skip_block(&at); /* augmentation data */
    struct row row = {0}, initial = {0};
    if (!run(cie.program, cie.end, &cie, 0, UINT64_MAX, &initial, &row))
        return unknown;
    row = initial;
    if (!run(at, end, &cie, start, pc, &row, &initial))
        return unknown;
    return rule_of(&row, &cie, pc);
}

/* A pair of the sorted table of .eh_frame_hdr: where code begins, where its entry lies, both from the header on. */
struct table_pair {
    int32_t code, fde;
};

/* The entry that may cover `pc`; `*ends` is whether the next one begins right behind `pc`. */
static const uint8_t *find_fde(const uint8_t *header, uint64_t pc, bool *ends)
{
    if (header[0] != 1 || header[3] != 0x3b) /* sdata4, relative to the header: what all linkers write */
        return NULL;
    const uint8_t *at = header + 4;
    read_pointer(&at, header[1], (uint64_t)header);
    uint64_t count = read_pointer(&at, header[2], (uint64_t)header);
    const struct table_pair *table = (const struct table_pair *)at;
    int64_t wanted = (int64_t)(pc - (uint64_t)header);
    if (count == 0 || wanted < table[0].code)
        return NULL;
    uint64_t low = 0, high = count;
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        if (table[middle].code <= wanted)
            low = middle;
        else
            high = middle;
    }
    *ends = low + 1 < count && table[low + 1].code == wanted + 1;
    return header + table[low].fde;
}

struct cfi_rule cfi_rule_at(uint64_t pc)
{
    struct dl_find_object object;
    if (_dl_find_object((void *)(uintptr_t)pc, &object) != 0 || object.dlfo_eh_frame == NULL)
        return (struct cfi_rule){.kind = CFI_UNKNOWN};
    bool ends = false, covers = true;
    const uint8_t *fde = find_fde(object.dlfo_eh_frame, pc, &ends);
    if (fde == NULL)
        return (struct cfi_rule){.kind = CFI_UNKNOWN};
    struct cfi_rule rule = rule_of_fde(fde, pc, &covers);
    /* Between two functions, right before the second: nobody was called from here, its address was put on the stack as
       the place to return to from the outermost function, as makecontext does. */
    if (ends && !covers)
        rule.kind = CFI_ROOT;
    return rule;
}
