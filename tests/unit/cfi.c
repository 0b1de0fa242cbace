/* cfi: the rules of this program's own file, and of damaged copies of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <cmocka.h>

#include "cfi/cfi.h"
#include "elf/elf-file.h"
#include "mutate.h"

struct file {
    struct elf_file elf;
    struct cfi_module module;
    const Elf64_Shdr *text;
};

static void find_area(const struct file *file, const char *name, struct cfi_area *area)
{
    const Elf64_Shdr *section = elf_file_section(&file->elf, name);
    assert_non_null(section);
    area->bytes = elf_file_section_bytes(&file->elf, section, &area->size_bytes);
    area->address = section->sh_addr;
}

static void open_self(struct file *file)
{
    struct err err;
    assert_int_equal(elf_file_open(&file->elf, "/proc/self/exe", &err), 0);
    find_area(file, ".eh_frame_hdr", &file->module.header);
    find_area(file, ".eh_frame", &file->module.frames);
    file->module.header_address = file->module.header.address;
    file->text = elf_file_section(&file->elf, ".text");
    assert_non_null(file->text);
}

/* How many addresses of the text, one in `stride`, have a rule. */
static size_t count_known(const struct file *file, const struct cfi_module *module, size_t stride)
{
    size_t known = 0;
    for (uint64_t at = 0; at < file->text->sh_size; at += stride)
        known += cfi_evaluate(module, file->text->sh_addr + at).kind != CFI_UNKNOWN;
    return known;
}

static void code_of_a_compiler_has_rules(void **state)
{
    struct file file;
    open_self(&file);
    assert_true(count_known(&file, &file.module, 1) > file.text->sh_size / 2);
    /* _start: nothing called it. */
    assert_int_equal(cfi_evaluate(&file.module, file.elf.header.e_entry).kind, CFI_ROOT);
    elf_file_close(&file.elf);
}

/* What assembler programmers write, at labels of the state that it describes. */
__asm__(".pushsection .text\n"
        ".type by_hand, @function\n"
        "by_hand:\n\t.cfi_startproc\n"
        "\tpush %rbp\n\t.cfi_adjust_cfa_offset 8\n\t.cfi_offset %rbp, -16\n"
        ".globl by_hand_sp\nby_hand_sp:\n"
        "\tmov %rsp, %r11\n\t.cfi_def_cfa_register %r11\n"
        ".globl by_hand_register\nby_hand_register:\n"
        "\tnop\n\t.cfi_escape 0x0f, 5, 0x77, 40, 0x06, 0x23, 16\n" /* breg7 40; deref; plus_uconst 16 */
        ".globl by_hand_stored\nby_hand_stored:\n"
        "\tnop\n\t.cfi_escape 0x0f, 6, 0x77, 40, 0x06, 0x23, 16, 0x1c\n" /* and minus: nobody writes that */
        ".globl by_hand_strange\nby_hand_strange:\n"
        "\tret\n\t.cfi_endproc\n"
        ".popsection\n");
extern const char by_hand_sp[], by_hand_register[], by_hand_stored[], by_hand_strange[];

static struct cfi_rule rule_at(const struct file *file, const char *label)
{
    uint64_t bias = getauxval(AT_ENTRY) - file->elf.header.e_entry;
    return cfi_evaluate(&file->module, (uint64_t)label - bias);
}

static void assembler_has_the_rules_that_it_says(void **state)
{
    struct file file;
    open_self(&file);
    struct cfi_rule rule = rule_at(&file, by_hand_sp);
    assert_int_equal(rule.kind, CFI_SP);
    assert_int_equal(rule.cfa_offset, 16);
    assert_true(rule.restores_bp);
    assert_int_equal(rule.bp_offset, -16);
    rule = rule_at(&file, by_hand_register);
    assert_int_equal(rule.kind, CFI_REGISTER);
    assert_int_equal(rule.cfa_register, 11);
    assert_int_equal(rule.cfa_offset, 16);
    rule = rule_at(&file, by_hand_stored);
    assert_int_equal(rule.kind, CFI_STORED);
    assert_int_equal(rule.holder_offset, 40);
    assert_int_equal(rule.cfa_offset, 16);
    assert_int_equal(rule.bp_offset, -16);
    assert_int_equal(rule_at(&file, by_hand_strange).kind, CFI_UNKNOWN);
    elf_file_close(&file.elf);
}

static void an_address_of_nothing_has_no_rule(void **state)
{
    struct file file;
    open_self(&file);
    assert_int_equal(cfi_evaluate(&file.module, 0).kind, CFI_UNKNOWN);
    assert_int_equal(cfi_evaluate(&file.module, UINT64_MAX).kind, CFI_UNKNOWN);
    elf_file_close(&file.elf);
}

/* Copies of exactly the size, so that a sanitizer sees every byte read beyond. */
static void *copy_area(struct cfi_area *area, size_t size_bytes)
{
    void *bytes = malloc(size_bytes);
    assert_non_null(bytes);
    memcpy(bytes, area->bytes, size_bytes);
    area->bytes = bytes;
    area->size_bytes = size_bytes;
    return bytes;
}

static void damaged_information_is_survived(void **state)
{
    struct file file;
    uint32_t random = 1;
    open_self(&file);
    for (int round = 0; round < 200; round++) {
        struct cfi_module module = file.module;
        uint8_t *header = copy_area(&module.header, module.header.size_bytes),
                *frames = copy_area(&module.frames, module.frames.size_bytes);
        for (int i = 0; i < 64; i++)
            frames[next_random(&random) % module.frames.size_bytes] = (uint8_t)next_random(&random);
        for (int i = 0; i < round % 3; i++)
            header[next_random(&random) % module.header.size_bytes] = (uint8_t)next_random(&random);
        count_known(&file, &module, 61);
        free(header);
        free(frames);
    }
    elf_file_close(&file.elf);
}

static void truncated_information_is_survived(void **state)
{
    struct file file;
    uint32_t random = 2;
    open_self(&file);
    for (int round = 0; round < 100; round++) {
        struct cfi_module module = file.module;
        uint8_t *header = copy_area(&module.header, 1 + next_random(&random) % module.header.size_bytes),
                *frames = copy_area(&module.frames, 1 + next_random(&random) % module.frames.size_bytes);
        count_known(&file, &module, 61);
        free(header);
        free(frames);
    }
    elf_file_close(&file.elf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_of_a_compiler_has_rules),      cmocka_unit_test(assembler_has_the_rules_that_it_says),
        cmocka_unit_test(an_address_of_nothing_has_no_rule), cmocka_unit_test(damaged_information_is_survived),
        cmocka_unit_test(truncated_information_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
