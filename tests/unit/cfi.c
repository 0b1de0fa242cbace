/* cfi: the rules of this program's own file, and of damaged copies of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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
        cmocka_unit_test(code_of_a_compiler_has_rules),
        cmocka_unit_test(an_address_of_nothing_has_no_rule),
        cmocka_unit_test(damaged_information_is_survived),
        cmocka_unit_test(truncated_information_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
