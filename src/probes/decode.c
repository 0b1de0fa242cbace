/* Machine code to instructions, over Zydis (4.0 and 4.1). Which class an instruction is decides how the stop's handler
   goes on: relative branches, calls and returns are emulated, the rest runs from a copy. What can be neither (far and
   segment-based branches, breakpoints, 16-bit and 32-bit address arithmetic) cannot be stopped at. */

#include "probes/decode.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INSTRUCTION_BYTES 15

struct decoded {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/* A general register's number in encoding order; RIP; NONE; or -2 for any other. */
static int register_number(ZydisRegister reg)
{
    if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15)
        return (int)(reg - ZYDIS_REGISTER_RAX);
    if (reg == ZYDIS_REGISTER_RIP)
        return WIRE_SITE_REGISTER_RIP;
    return reg == ZYDIS_REGISTER_NONE ? WIRE_SITE_REGISTER_NONE : -2;
}

static void classify_relative(struct instruction *to, const struct decoded *from, uint8_t class)
{
    const uint64_t next = to->site.offset + to->site.insn_bytes;
    to->site.class = class;
    to->site.target = next + (uint64_t)from->insn.raw.imm[0].value.s;
    to->site.displacement_byte = from->insn.raw.imm[0].offset;
    /* An operand-size prefix cuts RIP to 16 bits on some processors. */
    if (from->insn.operand_width == 16)
        to->can_stop = false;
}

static void classify_conditional(struct instruction *to, const struct decoded *from)
{
    const ZydisDecodedInstruction *insn = &from->insn;
    const bool is_jcc = insn->opcode_map == ZYDIS_OPCODE_MAP_0F || (insn->opcode >= 0x70 && insn->opcode <= 0x7f);
    classify_relative(to, from, is_jcc ? WIRE_SITE_JUMP_IF : WIRE_SITE_JUMP_COUNTER);
    to->site.condition = is_jcc ? insn->opcode & 15 : 0;
}

static void classify_indirect(struct instruction *to, const struct decoded *from, uint8_t class)
{
    const ZydisDecodedOperand *operand = &from->operands[0];
    to->site.class = class;
    if (from->insn.operand_width != 64 || from->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
        to->can_stop = false;
    } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        const int base = register_number(operand->reg.value);
        to->site.base = (int8_t)base;
        to->can_stop = base >= 0 && base < WIRE_SITE_REGISTER_RIP;
    } else if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
        const int base = register_number(operand->mem.base), index = register_number(operand->mem.index);
        to->site.base = (int8_t)base;
        to->site.index = (int8_t)index;
        to->site.scale = operand->mem.scale != 0 ? operand->mem.scale : 1;
        to->site.displacement = operand->mem.disp.has_displacement ? operand->mem.disp.value : 0;
        if (base == WIRE_SITE_REGISTER_RIP)
            to->site.target = to->site.offset + to->site.insn_bytes + (uint64_t)to->site.displacement;
        to->can_stop = base != -2 && index != -2 && from->insn.address_width == 64 &&
                       operand->mem.segment != ZYDIS_REGISTER_FS && operand->mem.segment != ZYDIS_REGISTER_GS;
    } else {
        to->can_stop = false;
    }
}

static void classify_branch(struct instruction *to, const struct decoded *from)
{
    const bool is_call = from->insn.mnemonic == ZYDIS_MNEMONIC_CALL;
    to->falls_through = is_call;
    to->is_call = is_call;
    if (from->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && from->insn.raw.imm[0].is_relative)
        classify_relative(to, from, is_call ? WIRE_SITE_CALL : WIRE_SITE_JUMP);
    else
        classify_indirect(to, from, is_call ? WIRE_SITE_CALL_INDIRECT : WIRE_SITE_JUMP_INDIRECT);
}

static void classify_return(struct instruction *to, const struct decoded *from)
{
    to->falls_through = false;
    to->site.class = WIRE_SITE_RETURN;
    to->site.flags |= WIRE_SITE_EXIT;
    if (from->insn.opcode == 0xc2)
        to->site.displacement = (int64_t)from->insn.raw.imm[0].value.u; /* bytes popped beyond the return address */
    to->can_stop = from->insn.mnemonic == ZYDIS_MNEMONIC_RET && from->insn.operand_width == 64 &&
                   (from->insn.opcode == 0xc2 || from->insn.opcode == 0xc3);
}

/* Everything that runs from a copy. */
static void classify_plain(struct instruction *to, const struct decoded *from)
{
    for (int i = 0; i < from->insn.operand_count; i++) {
        const ZydisDecodedOperand *operand = &from->operands[i];
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
            continue;
        if (operand->mem.base == ZYDIS_REGISTER_EIP)
            to->can_stop = false;
        if (operand->mem.base != ZYDIS_REGISTER_RIP)
            continue;
        to->site.class = WIRE_SITE_COPY_RIP;
        to->site.displacement_byte = from->insn.raw.disp.offset;
        to->site.displacement = from->insn.raw.disp.value;
        to->site.target = to->site.offset + to->site.insn_bytes + (uint64_t)from->insn.raw.disp.value;
        if (from->insn.raw.disp.size != 32)
            to->can_stop = false;
    }
}

static void classify(struct instruction *to, const struct decoded *from)
{
    switch (from->insn.mnemonic) {
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
        to->falls_through = false;
        to->can_stop = false;
        return;
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_XBEGIN:
        to->can_stop = false;
        return;
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_CALL:
        classify_branch(to, from);
        return;
    default:
        break;
    }
    if (from->insn.meta.category == ZYDIS_CATEGORY_RET)
        classify_return(to, from);
    else if (from->insn.meta.category == ZYDIS_CATEGORY_COND_BR)
        classify_conditional(to, from);
    else
        classify_plain(to, from);
}

static int append(struct code *code, const struct decoded *from, uint64_t address, const uint8_t *bytes)
{
    struct instruction *items = array_reserve(code->items, code->count, &code->capacity, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    code->items = items;
    struct instruction *to = &items[code->count++];
    *to = (struct instruction){.can_stop = true, .falls_through = true};
    to->site.offset = address;
    to->site.class = WIRE_SITE_COPY;
    to->site.base = to->site.index = WIRE_SITE_REGISTER_NONE;
    to->site.insn_bytes = from->insn.length;
    memcpy(to->site.insn, bytes, from->insn.length);
    classify(to, from);
    return 0;
}

static int decode_range(struct code *code, const ZydisDecoder *decoder, const struct elf_file *file,
                        const struct range *range, size_t max_instructions)
{
    size_t left;
    const uint8_t *bytes = elf_file_text_at(file, range->low, &left);
    if (bytes == NULL) {
        code->undecodable_bytes++;
        return 0;
    }
    if (left > range->high - range->low)
        left = range->high - range->low;
    uint64_t address = range->low;
    while (left > 0 && code->count < max_instructions) {
        struct decoded decoded;
        const size_t window = left < MAX_INSTRUCTION_BYTES ? left : MAX_INSTRUCTION_BYTES;
        size_t length = 1;
        if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, bytes, window, &decoded.insn, decoded.operands))) {
            length = decoded.insn.length;
            if (append(code, &decoded, address, bytes) != 0)
                return -ENOMEM;
        } else {
            code->undecodable_bytes++;
        }
        bytes += length;
        address += length;
        left -= length;
    }
    return 0;
}

/* Which branches leave the function, and where those within it lead. */
static void link_branches(struct code *code, const struct range_list *ranges)
{
    for (size_t i = 0; i < code->count; i++) {
        struct wire_site *site = &code->items[i].site;
        switch (site->class) {
        case WIRE_SITE_JUMP:
        case WIRE_SITE_JUMP_IF:
        case WIRE_SITE_JUMP_COUNTER:
            if (!range_list_has_sorted(ranges, site->target)) {
                site->flags |= site->class == WIRE_SITE_JUMP ? WIRE_SITE_EXIT : WIRE_SITE_MAY_EXIT;
            } else {
                struct instruction *target = code_at(code, site->target);
                if (target != NULL)
                    target->is_target = true;
            }
            break;
        case WIRE_SITE_JUMP_INDIRECT:
            site->flags |= WIRE_SITE_MAY_EXIT;
            code->has_indirect_jump = true;
            break;
        default:
            break;
        }
    }
}

int code_decode(struct code *code, const struct elf_file *file, const struct range_list *ranges,
                size_t max_instructions)
{
    *code = (struct code){0};
    ZydisDecoder decoder;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return -ENOTSUP;
    for (size_t i = 0; i < ranges->count; i++) {
        if (decode_range(code, &decoder, file, &ranges->items[i], max_instructions) != 0) {
            code_fini(code);
            return -ENOMEM;
        }
    }
    link_branches(code, ranges);
    return 0;
}

void code_fini(struct code *code)
{
    free(code->items);
    *code = (struct code){0};
}

struct instruction *code_at(const struct code *code, uint64_t address)
{
    size_t low = 0, high = code->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (code->items[middle].site.offset < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < code->count && code->items[low].site.offset == address ? &code->items[low] : NULL;
}
