/* A small interpreter of call frame information: only the frame address, the return address and rbp are followed, which
   is all that a walk needs. */

#include "cfi/cfi.h"

#include "elf/cursor.h"

#define DWARF_RBP 6
#define DWARF_RSP 7
#define DWARF_RA 16
#define DWARF_REGISTERS 16
#define STATES_REMEMBERED 4 /* one inside the other: compilers need 1 or 2; this may run on a tiny stack */

enum { SAVED_SAME, SAVED_AT, SAVED_EXPRESSION, SAVED_OTHERWISE };
enum { RA_USUAL, RA_UNDEFINED, RA_OTHERWISE };

/* A place to read from, and what to add to it to get the address of what lies there. */
struct reader {
    struct cursor in;
    uint64_t bias;
};

/* From `address` to the end of its area; false when it lies outside. */
static bool reader_init(struct reader *reader, const struct cfi_area *area, uint64_t address)
{
    uint64_t offset = address - area->address;
    if (offset >= area->size_bytes)
        return false;
    reader->in = (struct cursor){.at = area->bytes + offset, .end = area->bytes + area->size_bytes};
    reader->bias = area->address - (uint64_t)area->bytes;
    return true;
}

static uint64_t address_of(const struct reader *reader)
{
    return (uint64_t)reader->in.at + reader->bias;
}

/* Nothing of this entry lies behind the next `bytes`. */
static void limit(struct reader *reader, uint64_t bytes)
{
    if (bytes > (uint64_t)(reader->in.end - reader->in.at))
        cursor_fail(&reader->in);
    else
        reader->in.end = reader->in.at + bytes;
}

/* The row that is being built. */
struct row {
    bool cfa_is_expression;
    uint64_t cfa_register;
    int64_t cfa_offset;
    struct cursor cfa_expression;
    uint8_t bp; /* SAVED_* */
    int64_t bp_offset;
    struct cursor bp_expression;
    uint8_t ra; /* RA_* */
};

struct cie {
    uint64_t code_factor;
    int64_t data_factor;
    uint8_t pointer_encoding;
    bool is_signal;
    struct reader program;
};

/* A pointer in one of the encodings of the LSB, "DWARF Exception Header Encoding"; what it points to is not followed.
 */
static uint64_t read_pointer(struct reader *reader, uint8_t encoding, uint64_t data_base)
{
    uint64_t base = 0, value;
    if (encoding == 0xff)
        return 0;
    if ((encoding & 0x70) == 0x10)
        base = address_of(reader);
    else if ((encoding & 0x70) == 0x30)
        base = data_base;
    switch (encoding & 0x0f) {
    case 0x1:
        value = cursor_uleb(&reader->in);
        break;
    case 0x9:
        value = (uint64_t)cursor_sleb(&reader->in);
        break;
    case 0x2:
        value = cursor_fixed(&reader->in, 2);
        break;
    case 0xa:
        value = (uint64_t)(int64_t)(int16_t)cursor_fixed(&reader->in, 2);
        break;
    case 0x3:
        value = cursor_fixed(&reader->in, 4);
        break;
    case 0xb:
        value = (uint64_t)(int64_t)(int32_t)cursor_fixed(&reader->in, 4);
        break;
    default:
        value = cursor_fixed(&reader->in, 8);
    }
    return value != 0 ? value + base : 0;
}

/* A block behind its length. */
static struct reader read_block(struct reader *reader)
{
    uint64_t bytes = cursor_uleb(&reader->in);
    struct reader block = *reader;
    limit(&block, bytes);
    cursor_skip(&reader->in, bytes);
    return block;
}

/* What the letters of the augmentation, which end at `end`, stand for. */
static void read_augmentation(struct reader data, const uint8_t *letter, const uint8_t *end, struct cie *cie)
{
    for (; letter < end; letter++) {
        if (*letter == 'R') {
            cie->pointer_encoding = (uint8_t)cursor_fixed(&data.in, 1);
        } else if (*letter == 'L') {
            cursor_skip(&data.in, 1);
        } else if (*letter == 'P') {
            uint8_t encoding = (uint8_t)cursor_fixed(&data.in, 1);
            read_pointer(&data, encoding, 0);
        } else if (*letter == 'S') {
            cie->is_signal = true;
        }
    }
}

static bool parse_cie(const struct cfi_area *area, uint64_t address, struct cie *cie)
{
    struct reader reader;
    *cie = (struct cie){0};
    if (!reader_init(&reader, area, address))
        return false;
    limit(&reader, cursor_fixed(&reader.in, 4));
    if (cursor_fixed(&reader.in, 4) != 0) /* its id */
        return false;
    uint8_t version = (uint8_t)cursor_fixed(&reader.in, 1);
    const uint8_t *letters = reader.in.at;
    while (cursor_fixed(&reader.in, 1) != 0)
        ;
    const uint8_t *letters_end = reader.in.at;
    cie->code_factor = cursor_uleb(&reader.in);
    cie->data_factor = cursor_sleb(&reader.in);
    if (version == 1)
        cursor_skip(&reader.in, 1); /* the return address's register */
    else
        cursor_uleb(&reader.in);
    if (reader.in.failed)
        return false;
    if (letters[0] == 'z')
        read_augmentation(read_block(&reader), letters + 1, letters_end - 1, cie);
    else if (letters[0] != '\0')
        return false;
    cie->program = reader;
    return !reader.in.failed;
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

/* The instructions that change the row but not the place. Returns false for one that is not known. */
static bool change_row(uint8_t code, struct reader *reader, const struct cie *cie, struct row *row,
                       const struct row *initial)
{
    uint64_t reg;
    switch (code) {
    case 0x00: /* nop */
    case 0x2d: /* GNU_window_save */
        return true;
    case 0x05: /* offset_extended */
        reg = cursor_uleb(&reader->in);
        set_saved(row, reg, (int64_t)(cursor_uleb(&reader->in) * (uint64_t)cie->data_factor));
        return true;
    case 0x06: /* restore_extended */
        restore(row, cursor_uleb(&reader->in), initial);
        return true;
    case 0x07: /* undefined */
        reg = cursor_uleb(&reader->in);
        if (reg == DWARF_RA)
            row->ra = RA_UNDEFINED;
        else if (reg == DWARF_RBP)
            row->bp = SAVED_SAME;
        return true;
    case 0x08: /* same_value */
        if (cursor_uleb(&reader->in) == DWARF_RBP)
            row->bp = SAVED_SAME;
        return true;
    case 0x09: /* register */
        set_otherwise(row, cursor_uleb(&reader->in));
        cursor_uleb(&reader->in);
        return true;
    case 0x0c: /* def_cfa */
        row->cfa_is_expression = false;
        row->cfa_register = cursor_uleb(&reader->in);
        row->cfa_offset = (int64_t)cursor_uleb(&reader->in);
        return true;
    case 0x0d: /* def_cfa_register */
        row->cfa_is_expression = false;
        row->cfa_register = cursor_uleb(&reader->in);
        return true;
    case 0x0e: /* def_cfa_offset */
        row->cfa_offset = (int64_t)cursor_uleb(&reader->in);
        return true;
    case 0x0f: /* def_cfa_expression */
        row->cfa_is_expression = true;
        row->cfa_expression = read_block(reader).in;
        return true;
    case 0x10: /* expression */
        reg = cursor_uleb(&reader->in);
        if (reg == DWARF_RBP) {
            row->bp = SAVED_EXPRESSION;
            row->bp_expression = read_block(reader).in;
        } else {
            set_otherwise(row, reg);
            read_block(reader);
        }
        return true;
    case 0x11: /* offset_extended_sf */
        reg = cursor_uleb(&reader->in);
        set_saved(row, reg, (int64_t)((uint64_t)cursor_sleb(&reader->in) * (uint64_t)cie->data_factor));
        return true;
    case 0x12: /* def_cfa_sf */
        row->cfa_is_expression = false;
        row->cfa_register = cursor_uleb(&reader->in);
        row->cfa_offset = (int64_t)((uint64_t)cursor_sleb(&reader->in) * (uint64_t)cie->data_factor);
        return true;
    case 0x13: /* def_cfa_offset_sf */
        row->cfa_offset = (int64_t)((uint64_t)cursor_sleb(&reader->in) * (uint64_t)cie->data_factor);
        return true;
    case 0x14: /* val_offset */
        set_otherwise(row, cursor_uleb(&reader->in));
        cursor_uleb(&reader->in);
        return true;
    case 0x15: /* val_offset_sf */
        set_otherwise(row, cursor_uleb(&reader->in));
        cursor_sleb(&reader->in);
        return true;
    case 0x16: /* val_expression */
        set_otherwise(row, cursor_uleb(&reader->in));
        read_block(reader);
        return true;
    case 0x2e: /* GNU_args_size */
        cursor_uleb(&reader->in);
        return true;
    }
    return false;
}

/* How far an advance instruction moves the place; false when `code` is none. */
static bool read_advance(uint8_t code, struct reader *reader, const struct cie *cie, uint64_t *place)
{
    if ((code & 0xc0) == 0x40)
        *place += (code & 0x3f) * cie->code_factor;
    else if (code == 0x01)
        *place = read_pointer(reader, cie->pointer_encoding, 0);
    else if (code == 0x02)
        *place += cursor_fixed(&reader->in, 1) * cie->code_factor;
    else if (code == 0x03)
        *place += cursor_fixed(&reader->in, 2) * cie->code_factor;
    else if (code == 0x04)
        *place += cursor_fixed(&reader->in, 4) * cie->code_factor;
    else
        return false;
    return true;
}

/* Run instructions until the place is beyond `pc`. */
static bool run(struct reader reader, const struct cie *cie, uint64_t place, uint64_t pc, struct row *row,
                const struct row *initial)
{
    struct row remembered[STATES_REMEMBERED];
    int depth = 0;
    while (reader.in.at < reader.in.end) {
        uint8_t code = (uint8_t)cursor_fixed(&reader.in, 1);
        if (read_advance(code, &reader, cie, &place)) {
            if (place > pc)
                return !reader.in.failed;
        } else if ((code & 0xc0) == 0x80) { /* offset */
            set_saved(row, code & 0x3f, (int64_t)(cursor_uleb(&reader.in) * (uint64_t)cie->data_factor));
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
        } else if (!change_row(code, &reader, cie, row, initial)) {
            return false;
        }
    }
    return !reader.in.failed;
}

static bool starts_with(const uint8_t *bytes, const uint8_t *start, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != start[i])
            return false;
    return true;
}

static bool fits(int64_t offset)
{
    return offset == (int32_t)offset;
}

/* breg7 N; deref; plus_uconst M: the old stack pointer was put away on the stack. */
static struct cfi_rule rule_of_stored(const struct row *row)
{
    struct cursor cfa = row->cfa_expression;
    cursor_skip(&cfa, 1);
    int64_t holder = cursor_sleb(&cfa);
    bool is_stored = cursor_fixed(&cfa, 1) == 0x06 && cursor_fixed(&cfa, 1) == 0x23;
    uint64_t offset = cursor_uleb(&cfa);
    struct cfi_rule rule = {.kind = CFI_UNKNOWN};
    if (!is_stored || cfa.failed || cfa.at != cfa.end || !fits(holder) || offset > INT32_MAX || !fits(row->bp_offset) ||
        (row->bp != SAVED_SAME && row->bp != SAVED_AT))
        return rule;
    return (struct cfi_rule){.kind = CFI_STORED,
                             .restores_bp = row->bp == SAVED_AT,
                             .cfa_offset = (int32_t)offset,
                             .bp_offset = (int32_t)row->bp_offset,
                             .holder_offset = (int32_t)holder};
}

/* The expressions that compilers, linkers and assembler programmers really write. */
static struct cfi_rule rule_of_expression(const struct row *row, uint64_t pc)
{
    static const uint8_t plt[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a}; /* breg7 8; breg16 0; lit15; and */
    struct cfi_rule rule = {.kind = CFI_UNKNOWN};
    struct cursor cfa = row->cfa_expression, bp = row->bp_expression;
    const uint8_t *at = cfa.at;
    if (cfa.end - at >= 8 && starts_with(at, plt, sizeof plt) && at[7] == 0x2a) { /* ... litN; ge; lit3; shl; plus */
        rule.kind = CFI_SP;
        rule.cfa_offset = 8 + ((pc & 15) >= (uint64_t)(at[6] - 0x30) ? 8 : 0);
        return rule;
    }
    uint64_t first = cursor_fixed(&cfa, 1);
    if (first == 0x77) /* breg7 */
        return rule_of_stored(row);
    if (first != 0x76) /* breg6 */
        return rule;
    int64_t offset = cursor_sleb(&cfa);
    if (cursor_fixed(&cfa, 1) != 0x06 || cfa.failed || cfa.at != cfa.end || row->bp != SAVED_EXPRESSION) /* deref */
        return rule;
    if (cursor_fixed(&bp, 1) != 0x76)
        return rule;
    const struct cfi_rule aligned = {.kind = CFI_ALIGNED,
                                     .restores_bp = true,
                                     .cfa_offset = (int32_t)offset,
                                     .bp_offset = (int32_t)cursor_sleb(&bp)};
    return bp.failed ? rule : aligned;
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
    if (row->cfa_register >= DWARF_REGISTERS || !fits(row->cfa_offset) || !fits(row->bp_offset))
        return rule;
    rule.kind = row->cfa_register == DWARF_RSP ? CFI_SP : row->cfa_register == DWARF_RBP ? CFI_BP : CFI_REGISTER;
    rule.cfa_register = (uint8_t)row->cfa_register;
    rule.restores_bp = row->bp == SAVED_AT;
    rule.cfa_offset = (int32_t)row->cfa_offset;
    rule.bp_offset = (int32_t)row->bp_offset;
    return rule;
}

/* The rule of the entry at `address`; *covers: `pc` is in its range, for all that is known. */
static struct cfi_rule rule_of_fde(const struct cfi_area *area, uint64_t address, uint64_t pc, bool *covers)
{
    const struct cfi_rule unknown = {.kind = CFI_UNKNOWN};
    struct cie cie;
    struct reader reader;
    *covers = true;
    if (!reader_init(&reader, area, address))
        return unknown;
    uint64_t length = cursor_fixed(&reader.in, 4);
    limit(&reader, length);
    uint64_t cie_field = address_of(&reader), cie_distance = cursor_fixed(&reader.in, 4);
    if (length == 0xffffffff || cie_distance == 0 || !parse_cie(area, cie_field - cie_distance, &cie))
        return unknown;
    uint64_t start = read_pointer(&reader, cie.pointer_encoding, 0);
    uint64_t range = read_pointer(&reader, cie.pointer_encoding & 0x0f, 0);
    if (reader.in.failed)
        return unknown;
    *covers = pc >= start && pc - start < range;
    if (!*covers)
        return unknown;
    read_block(&reader); /* augmentation data */
    struct row row = {0}, initial = {0};
    if (!run(cie.program, &cie, 0, UINT64_MAX, &initial, &row))
        return unknown;
    row = initial;
    if (!run(reader, &cie, start, pc, &row, &initial))
        return unknown;
    return rule_of(&row, &cie, pc);
}

/* The sorted table of .eh_frame_hdr: pairs of where code begins and where its entry lies, both from the header on. */
struct table {
    struct reader pairs;
    uint64_t count;
};
#define TABLE_PAIR_BYTES 8

static int32_t table_at(const struct table *table, uint64_t index, unsigned half)
{
    int32_t value;
    __builtin_memcpy(&value, table->pairs.in.at + index * TABLE_PAIR_BYTES + half * sizeof value, sizeof value);
    return value;
}

static bool find_table(const struct cfi_module *module, struct table *table)
{
    struct reader reader;
    uint64_t base = module->header_address;
    if (!reader_init(&reader, &module->header, base))
        return false;
    uint8_t version = (uint8_t)cursor_fixed(&reader.in, 1), frames = (uint8_t)cursor_fixed(&reader.in, 1),
            count = (uint8_t)cursor_fixed(&reader.in, 1), encoding = (uint8_t)cursor_fixed(&reader.in, 1);
    if (version != 1 || encoding != 0x3b) /* sdata4, relative to the header: what all linkers write */
        return false;
    read_pointer(&reader, frames, base);
    table->count = read_pointer(&reader, count, base);
    table->pairs = reader;
    return !reader.in.failed && table->count > 0 &&
           table->count <= (uint64_t)(reader.in.end - reader.in.at) / TABLE_PAIR_BYTES;
}

/* The address of the entry that may cover `pc`, 0 when there is none; `*ends` is whether the next one begins right
   behind `pc`. */
static uint64_t find_fde(const struct cfi_module *module, uint64_t pc, bool *ends)
{
    struct table table;
    int64_t wanted = (int64_t)(pc - module->header_address);
    if (!find_table(module, &table) || wanted < table_at(&table, 0, 0))
        return 0;
    uint64_t low = 0, high = table.count;
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        if (table_at(&table, middle, 0) <= wanted)
            low = middle;
        else
            high = middle;
    }
    *ends = low + 1 < table.count && table_at(&table, low + 1, 0) == wanted + 1;
    return module->header_address + (uint64_t)(int64_t)table_at(&table, low, 1);
}

struct cfi_rule cfi_evaluate(const struct cfi_module *module, uint64_t pc)
{
    bool ends = false, covers = true;
    uint64_t fde = find_fde(module, pc, &ends);
    if (fde == 0)
        return (struct cfi_rule){.kind = CFI_UNKNOWN};
    struct cfi_rule rule = rule_of_fde(&module->frames, fde, pc, &covers);
    /* Between two functions, right before the second: nobody was called from here, its address was put on the stack as
       the place to return to from the outermost function, as makecontext does. */
    if (ends && !covers)
        rule.kind = CFI_ROOT;
    return rule;
}
