/* The line number program: a state machine that makes rows (DWARF 5, sections 6.2.2 to 6.2.5). */

#include "elf/line-program.h"

#include "elf/cursor.h"

enum {
    OP_EXTENDED = 0,
    OP_COPY = 1,
    OP_ADVANCE_PC = 2,
    OP_ADVANCE_LINE = 3,
    OP_SET_FILE = 4,
    OP_NEGATE_STATEMENT = 6,
    OP_CONST_ADD_PC = 8,
    OP_FIXED_ADVANCE_PC = 9,
    EXTENDED_END_SEQUENCE = 1,
    EXTENDED_SET_ADDRESS = 2,
};

/* Of entries in the tables of directories and files (DWARF 5, section 7.5.6). */
enum {
    FORM_BLOCK2 = 0x03,
    FORM_BLOCK4 = 0x04,
    FORM_DATA2 = 0x05,
    FORM_DATA4 = 0x06,
    FORM_DATA8 = 0x07,
    FORM_STRING = 0x08,
    FORM_BLOCK = 0x09,
    FORM_BLOCK1 = 0x0a,
    FORM_DATA1 = 0x0b,
    FORM_STRP = 0x0e,
    FORM_UDATA = 0x0f,
    FORM_STRX = 0x1a,
    FORM_DATA16 = 0x1e,
    FORM_LINE_STRP = 0x1f,
    FORM_STRX1 = 0x25,
    FORM_STRX2,
    FORM_STRX3,
    FORM_STRX4,
};

/* What a part of an entry is (DWARF 5, section 6.2.4.1). */
#define CONTENT_DIRECTORY_INDEX 2

struct header {
    unsigned version;
    size_t offset_bytes;
    uint8_t min_instruction_bytes;
    bool default_is_statement;
    int8_t line_base;
    uint8_t line_range;
    uint8_t opcode_base;
    const uint8_t *operand_counts; /* of opcode 1, 2, ... */
    struct cursor program;
};

static bool read_header(const uint8_t *section, size_t section_bytes, uint64_t offset, struct header *header)
{
    if (offset >= section_bytes)
        return false;
    struct cursor cursor = {section + offset, section + section_bytes, false};
    size_t offset_bytes = 4;
    uint64_t length = cursor_fixed(&cursor, 4);
    if (length == UINT32_MAX) {
        offset_bytes = 8;
        length = cursor_fixed(&cursor, 8);
    }
    if (cursor.failed || length > (size_t)(cursor.end - cursor.at))
        return false;
    cursor.end = cursor.at + length;
    header->offset_bytes = offset_bytes;
    header->version = (unsigned)cursor_fixed(&cursor, 2);
    if (header->version < 2 || header->version > 5)
        return false;
    if (header->version >= 5 && (cursor_fixed(&cursor, 1) != 8 || cursor_fixed(&cursor, 1) != 0))
        return false;
    const uint64_t header_bytes = cursor_fixed(&cursor, offset_bytes);
    if (cursor.failed || header_bytes > (size_t)(cursor.end - cursor.at))
        return false;
    header->program = (struct cursor){cursor.at + header_bytes, cursor.end, false};
    header->min_instruction_bytes = (uint8_t)cursor_fixed(&cursor, 1);
    if (header->version >= 4)
        cursor_fixed(&cursor, 1); /* operations per instruction: 1 on this machine */
    header->default_is_statement = cursor_fixed(&cursor, 1) != 0;
    header->line_base = (int8_t)cursor_fixed(&cursor, 1);
    header->line_range = (uint8_t)cursor_fixed(&cursor, 1);
    header->opcode_base = (uint8_t)cursor_fixed(&cursor, 1);
    header->operand_counts = cursor.at;
    return !cursor.failed && header->line_range != 0 && header->opcode_base >= 10 &&
           (size_t)(cursor.end - cursor.at) >= header->opcode_base - 1u;
}

/* A form's value: of those that are no number, 0. Each takes at least a byte. */
static uint64_t read_form(struct cursor *cursor, uint64_t form, size_t offset_bytes)
{
    switch (form) {
    case FORM_STRING:
        while (cursor_fixed(cursor, 1) != 0)
            ;
        return 0;
    case FORM_UDATA:
    case FORM_STRX:
        return cursor_uleb(cursor);
    case FORM_STRP:
    case FORM_LINE_STRP:
        return cursor_fixed(cursor, offset_bytes);
    case FORM_DATA1:
    case FORM_STRX1:
        return cursor_fixed(cursor, 1);
    case FORM_DATA2:
    case FORM_STRX2:
        return cursor_fixed(cursor, 2);
    case FORM_STRX3:
        return cursor_fixed(cursor, 3);
    case FORM_DATA4:
    case FORM_STRX4:
        return cursor_fixed(cursor, 4);
    case FORM_DATA8:
        return cursor_fixed(cursor, 8);
    case FORM_DATA16:
        cursor_skip(cursor, 16);
        return 0;
    case FORM_BLOCK:
        cursor_skip(cursor, cursor_uleb(cursor));
        return 0;
    case FORM_BLOCK1:
        cursor_skip(cursor, cursor_fixed(cursor, 1));
        return 0;
    case FORM_BLOCK2:
        cursor_skip(cursor, cursor_fixed(cursor, 2));
        return 0;
    case FORM_BLOCK4:
        cursor_skip(cursor, cursor_fixed(cursor, 4));
        return 0;
    default:
        cursor_fail(cursor);
        return 0;
    }
}

/* Read one entry; `formats` begins where its parts are described. Of a file, the directory must be one of those there.
 */
static void check_entry(struct cursor *cursor, struct cursor formats, uint64_t format_count, uint64_t directory_count,
                        size_t offset_bytes)
{
    for (uint64_t i = 0; i < format_count; i++) {
        const uint64_t what = cursor_uleb(&formats);
        const uint64_t value = read_form(cursor, cursor_uleb(&formats), offset_bytes);
        if (what == CONTENT_DIRECTORY_INDEX && value >= directory_count)
            cursor_fail(cursor);
    }
}

/* A table of directories or files: what each entry has, how many there are, and the entries. Returns how many. */
static uint64_t check_table(struct cursor *cursor, uint64_t directory_count, size_t offset_bytes)
{
    const uint64_t format_count = cursor_fixed(cursor, 1);
    const struct cursor formats = *cursor;
    for (uint64_t i = 0; i < 2 * format_count; i++)
        cursor_uleb(cursor);
    const uint64_t count = cursor_uleb(cursor);
    if (count > 0 && (format_count == 0 || directory_count == 0))
        cursor_fail(cursor);
    for (uint64_t i = 0; i < count && !cursor->failed; i++)
        check_entry(cursor, formats, format_count, directory_count, offset_bytes);
    return count;
}

bool line_program_has_sound_tables(const uint8_t *section, size_t section_bytes, uint64_t offset)
{
    struct header header;
    if (!read_header(section, section_bytes, offset, &header))
        return false;
    if (header.version < 5) /* they end by a mark, and are read up to there */
        return true;
    struct cursor cursor = {header.operand_counts, header.program.at, false};
    cursor_skip(&cursor, header.opcode_base - 1u);
    const uint64_t directory_count = check_table(&cursor, UINT64_MAX, header.offset_bytes);
    check_table(&cursor, directory_count, header.offset_bytes);
    return !cursor.failed;
}

struct machine {
    const struct header *header;
    struct cursor cursor;
    struct line_row row;
    line_row_fn visit;
    void *data;
};

static void begin_sequence(struct machine *machine)
{
    machine->row = (struct line_row){.file = 1, .line = 1, .is_statement = machine->header->default_is_statement};
}

static int emit(struct machine *machine)
{
    return machine->visit(&machine->row, machine->data);
}

static int run_extended(struct machine *machine)
{
    struct cursor *cursor = &machine->cursor;
    const uint64_t length = cursor_uleb(cursor);
    if (length == 0 || length > (size_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return 0;
    }
    const uint8_t *behind = cursor->at + length;
    const uint64_t opcode = cursor_fixed(cursor, 1);
    int code = 0;
    if (opcode == EXTENDED_END_SEQUENCE) {
        machine->row.ends_sequence = true;
        code = emit(machine);
        begin_sequence(machine);
    } else if (opcode == EXTENDED_SET_ADDRESS && length == 9) {
        machine->row.address = cursor_fixed(cursor, 8);
    }
    cursor->at = behind;
    return code;
}

static void advance(struct machine *machine, uint64_t operation)
{
    machine->row.address += operation * machine->header->min_instruction_bytes;
}

static int run_special(struct machine *machine, uint8_t opcode)
{
    const struct header *header = machine->header;
    const unsigned adjusted = opcode - header->opcode_base;
    advance(machine, adjusted / header->line_range);
    machine->row.line += (uint64_t)(int64_t)(header->line_base + (int)(adjusted % header->line_range));
    return emit(machine);
}

static int run_standard(struct machine *machine, uint8_t opcode)
{
    const struct header *header = machine->header;
    struct cursor *cursor = &machine->cursor;
    switch (opcode) {
    case OP_COPY:
        return emit(machine);
    case OP_ADVANCE_PC:
        advance(machine, cursor_uleb(cursor));
        return 0;
    case OP_ADVANCE_LINE:
        machine->row.line += (uint64_t)cursor_sleb(cursor);
        return 0;
    case OP_SET_FILE:
        machine->row.file = cursor_uleb(cursor);
        return 0;
    case OP_NEGATE_STATEMENT:
        machine->row.is_statement = !machine->row.is_statement;
        return 0;
    case OP_CONST_ADD_PC:
        advance(machine, (255u - header->opcode_base) / header->line_range);
        return 0;
    case OP_FIXED_ADVANCE_PC:
        machine->row.address += cursor_fixed(cursor, 2);
        return 0;
    default: /* column, discriminators of views, and what later versions may add: the header tells how long they are */
        for (unsigned i = 0; i < header->operand_counts[opcode - 1] && !cursor->failed; i++)
            cursor_uleb(cursor);
        return 0;
    }
}

unsigned line_program_version(const uint8_t *section, size_t section_bytes, uint64_t offset)
{
    struct header header;
    return read_header(section, section_bytes, offset, &header) ? header.version : 0;
}

int line_program_run(const uint8_t *section, size_t section_bytes, uint64_t offset, line_row_fn visit, void *data)
{
    struct header header;
    if (!read_header(section, section_bytes, offset, &header))
        return 0;
    struct machine machine = {.header = &header, .cursor = header.program, .visit = visit, .data = data};
    int code = 0;
    begin_sequence(&machine);
    while (code == 0 && !machine.cursor.failed && machine.cursor.at < machine.cursor.end) {
        const uint8_t opcode = *machine.cursor.at++;
        if (opcode >= header.opcode_base)
            code = run_special(&machine, opcode);
        else if (opcode == OP_EXTENDED)
            code = run_extended(&machine);
        else
            code = run_standard(&machine, opcode);
    }
    return code;
}
