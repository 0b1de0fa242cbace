/* What a function returns that does nothing but return a constant string, told from its code: it is never run. The code
   is followed from its entry to `ret` with what each register is known to hold; anything that could depend on more than
   the file (a call, a condition, an unknown operand) means that the function is not of that kind. */

#include <Zydis/Zydis.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/debug-file.h"
#include "elf/elf-file.h"
#include "probes/probes.h"

#define MOST_INSTRUCTIONS 32
#define MOST_BYTES ((size_t)1 << 20) /* of the string */
#define REGISTERS 16

struct walk {
    const struct elf_file *file;
    uint64_t values[REGISTERS]; /* by number in encoding order: 0 is rax */
    bool is_known[REGISTERS];
};

struct step {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t next; /* the address behind it */
};

/* A general register's number, whatever part of it is named; -1 for any other register. */
static int register_number(ZydisRegister reg)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15 ? (int)(whole - ZYDIS_REGISTER_RAX) : -1;
}

static void set(struct walk *walk, const ZydisDecodedOperand *operand, bool is_known, uint64_t value)
{
    int number = operand->type == ZYDIS_OPERAND_TYPE_REGISTER ? register_number(operand->reg.value) : -1;
    if (number < 0)
        return;
    walk->is_known[number] = is_known && operand->size >= 32; /* 32 bits clear the upper half */
    walk->values[number] = operand->size == 32 ? (uint32_t)value : value;
}

/* An address without registers, or relative to the instruction pointer. */
static bool constant_address(const struct step *step, const ZydisDecodedOperand *operand, uint64_t *out)
{
    if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.index != ZYDIS_REGISTER_NONE ||
        operand->mem.segment == ZYDIS_REGISTER_FS || operand->mem.segment == ZYDIS_REGISTER_GS)
        return false;
    if (operand->mem.base == ZYDIS_REGISTER_RIP)
        *out = step->next + (uint64_t)operand->mem.disp.value;
    else if (operand->mem.base == ZYDIS_REGISTER_NONE)
        *out = (uint64_t)operand->mem.disp.value;
    else
        return false;
    return true;
}

/* What a pointer at `address` holds when the program begins: what a relative relocation puts there, else what the file
   has. */
static bool load_pointer(const struct elf_file *file, uint64_t address, uint64_t *out)
{
    for (size_t i = 0; i < file->section_count; i++) {
        size_t size;
        const Elf64_Shdr *section = &file->sections[i];
        const uint8_t *bytes = section->sh_type == SHT_RELA ? elf_file_section_bytes(file, section, &size) : NULL;
        for (size_t at = 0; bytes != NULL && size - at >= sizeof(Elf64_Rela); at += sizeof(Elf64_Rela)) {
            Elf64_Rela relocation;
            memcpy(&relocation, bytes + at, sizeof relocation);
            if (relocation.r_offset != address)
                continue;
            *out = (uint64_t)relocation.r_addend;
            return ELF64_R_TYPE(relocation.r_info) == R_X86_64_RELATIVE;
        }
    }
    size_t available;
    const uint8_t *bytes = elf_file_at(file, address, &available);
    if (bytes == NULL || available < sizeof *out)
        return false;
    memcpy(out, bytes, sizeof *out);
    return true;
}

static void move(struct walk *walk, const struct step *step)
{
    const ZydisDecodedOperand *to = &step->operands[0], *from = &step->operands[1];
    uint64_t value = 0, address;
    bool is_known = false;
    if (from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        value = from->imm.value.u;
        is_known = true;
    } else if (from->type == ZYDIS_OPERAND_TYPE_REGISTER && register_number(from->reg.value) >= 0) {
        value = walk->values[register_number(from->reg.value)];
        is_known = walk->is_known[register_number(from->reg.value)];
    } else if (to->size == 64 && constant_address(step, from, &address)) {
        is_known = load_pointer(walk->file, address, &value);
    }
    set(walk, to, is_known, value);
}

enum outcome { GO_ON, RETURNED, NOT_SIMPLE };

static enum outcome follow(struct walk *walk, const struct step *step, uint64_t *next)
{
    const ZydisDecodedOperand *to = &step->operands[0], *from = &step->operands[1];
    uint64_t address = 0;
    *next = step->next;
    switch (step->insn.mnemonic) {
    case ZYDIS_MNEMONIC_ENDBR64:
    case ZYDIS_MNEMONIC_NOP:
    case ZYDIS_MNEMONIC_PUSH:
    case ZYDIS_MNEMONIC_LEAVE:
        return GO_ON;
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_ADD:
        return to->type == ZYDIS_OPERAND_TYPE_REGISTER && to->reg.value == ZYDIS_REGISTER_RSP ? GO_ON : NOT_SIMPLE;
    case ZYDIS_MNEMONIC_POP:
        set(walk, to, false, 0);
        return GO_ON;
    case ZYDIS_MNEMONIC_MOV:
        move(walk, step);
        return to->type == ZYDIS_OPERAND_TYPE_REGISTER ? GO_ON : NOT_SIMPLE;
    case ZYDIS_MNEMONIC_LEA:
        if (!constant_address(step, from, &address))
            return NOT_SIMPLE;
        set(walk, to, true, address);
        return GO_ON;
    case ZYDIS_MNEMONIC_XOR:
        if (to->type != ZYDIS_OPERAND_TYPE_REGISTER || from->type != ZYDIS_OPERAND_TYPE_REGISTER ||
            to->reg.value != from->reg.value)
            return NOT_SIMPLE;
        set(walk, to, true, 0);
        return GO_ON;
    case ZYDIS_MNEMONIC_JMP:
        if (to->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !to->imm.is_relative)
            return NOT_SIMPLE;
        *next = step->next + to->imm.value.u;
        return GO_ON;
    case ZYDIS_MNEMONIC_RET:
        return RETURNED;
    default:
        return NOT_SIMPLE;
    }
}

/* Whether the function at `entry` returns the same value always; *out is that value. */
static bool constant_result(const struct elf_file *file, uint64_t entry, uint64_t *out)
{
    ZydisDecoder decoder;
    struct walk walk = {.file = file};
    struct step step = {.next = entry};
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (int i = 0; i < MOST_INSTRUCTIONS; i++) {
        uint64_t next = step.next;
        size_t available;
        const uint8_t *code = elf_file_text_at(file, next, &available);
        if (code == NULL || !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, available, &step.insn, step.operands)))
            return false;
        step.next = next + step.insn.length;
        enum outcome outcome = follow(&walk, &step, &next);
        if (outcome != GO_ON) {
            *out = walk.values[0];
            return outcome == RETURNED && walk.is_known[0];
        }
        step.next = next;
    }
    return false;
}

struct search {
    const char *name;
    uint64_t entry; /* 0: not found */
};

static bool look_at(const struct elf_symbol *symbol, void *data)
{
    struct search *search = data;
    if (symbol->is_defined && symbol->type == STT_FUNC && strcmp(symbol->name, search->name) == 0)
        search->entry = symbol->address;
    return search->entry == 0;
}

/* The entry of the function, 0 when the file has none. */
static uint64_t find_function(const struct elf_file *file, const char *path, const char *name)
{
    struct search search = {.name = name};
    struct debug_file debug;
    elf_file_symbols(file, SHT_DYNSYM, look_at, &search);
    if (search.entry == 0)
        elf_file_symbols(file, SHT_SYMTAB, look_at, &search);
    if (search.entry != 0 || debug_file_find(&debug, file, path, NULL) != 0)
        return search.entry;
    if (debug.elf.fd >= 0)
        elf_file_symbols(&debug.elf, SHT_SYMTAB, look_at, &search);
    debug_file_close(&debug);
    return search.entry;
}

static int copy_string(const struct elf_file *file, uint64_t address, char **out)
{
    size_t available;
    const char *text = (const char *)elf_file_at(file, address, &available);
    if (text == NULL || memchr(text, '\0', available < MOST_BYTES ? available : MOST_BYTES) == NULL)
        return -EINVAL;
    *out = strdup(text);
    return *out != NULL ? 0 : -ENOMEM;
}

int probes_constant_string(const char *path, const char *name, char **out, struct err *err)
{
    struct elf_file file;
    uint64_t entry, address;
    *out = NULL;
    if (elf_file_open(&file, path, NULL) != 0)
        return 0;
    entry = find_function(&file, path, name);
    int code = 0;
    if (entry != 0)
        code = !constant_result(&file, entry, &address) ? -EINVAL : address == 0 ? 0 : copy_string(&file, address, out);
    elf_file_close(&file);
    if (code == -EINVAL)
        return err_set(err, code, "%s: %s does more than return a constant string", path, name);
    return code == 0 ? 0 : err_set(err, code, "out of memory");
}
