/* probes/decode: which class each kind of instruction gets, and with what operands. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "probes/decode.h"

#define BASE UINT64_C(0x401000)

/* Decode `bytes` as the whole text of a program, one function. */
static void decode(struct code *code, const void *bytes, size_t size)
{
    static Elf64_Phdr text;
    text = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = BASE, .p_filesz = size};
    const struct elf_file file = {.fd = -1, .bytes = bytes, .size_bytes = size, .segments = &text, .segment_count = 1};
    struct range_list ranges = {0};
    assert_int_equal(range_list_add(&ranges, BASE, BASE + size), 0);
    assert_int_equal(code_decode(code, &file, &ranges, 1000), 0);
    range_list_fini(&ranges);
}

struct sample {
    const char *what;
    const char *bytes;
    uint8_t size;
    uint8_t class;
    bool can_stop;
    uint8_t flags;
    uint64_t target; /* from BASE; 0: none */
    int8_t base, index;
    uint8_t scale;
    int64_t displacement;
    uint8_t condition;
};

#define NONE WIRE_SITE_REGISTER_NONE
#define BYTES(text) text, sizeof text - 1

static const struct sample samples[] = {
    {"push rbp", BYTES("\x55"), WIRE_SITE_COPY, true, 0, 0, NONE, NONE, 0, 0, 0},
    {"mov eax,[rip+16]", BYTES("\x8b\x05\x10\0\0\0"), WIRE_SITE_COPY_RIP, true, 0, 22, NONE, NONE, 0, 16, 0},
    {"cmp dword [rip-2],7", BYTES("\x83\x3d\xfe\xff\xff\xff\x07"), WIRE_SITE_COPY_RIP, true, 0, 5, NONE, NONE, 0, -2, 0},
    {"lea eax,[eip+1]", BYTES("\x67\x8d\x05\x01\0\0\0"), WIRE_SITE_COPY, false, 0, 0, NONE, NONE, 0, 0, 0},
    {"jmp short out", BYTES("\xeb\x10"), WIRE_SITE_JUMP, true, WIRE_SITE_EXIT, 18, NONE, NONE, 0, 0, 0},
    {"jmp near out", BYTES("\xe9\x10\0\0\0"), WIRE_SITE_JUMP, true, WIRE_SITE_EXIT, 21, NONE, NONE, 0, 0, 0},
    {"jmp short to itself", BYTES("\xeb\xfe"), WIRE_SITE_JUMP, true, 0, 0, NONE, NONE, 0, 0, 0},
    {"jne short out", BYTES("\x75\x10"), WIRE_SITE_JUMP_IF, true, WIRE_SITE_MAY_EXIT, 18, NONE, NONE, 0, 0, 5},
    {"jg near out", BYTES("\x0f\x8f\x10\0\0\0"), WIRE_SITE_JUMP_IF, true, WIRE_SITE_MAY_EXIT, 22, NONE, NONE, 0, 0, 15},
    {"jrcxz out", BYTES("\xe3\x10"), WIRE_SITE_JUMP_COUNTER, true, WIRE_SITE_MAY_EXIT, 18, NONE, NONE, 0, 0, 0},
    {"loop out", BYTES("\xe2\x10"), WIRE_SITE_JUMP_COUNTER, true, WIRE_SITE_MAY_EXIT, 18, NONE, NONE, 0, 0, 0},
    {"call", BYTES("\xe8\x10\0\0\0"), WIRE_SITE_CALL, true, 0, 21, NONE, NONE, 0, 0, 0},
    {"call of __tls_get_addr", BYTES("\x66\x66\x48\xe8\x10\0\0\0"), WIRE_SITE_CALL, true, 0, 24, NONE, NONE, 0, 0, 0},
    {"call rax", BYTES("\xff\xd0"), WIRE_SITE_CALL_INDIRECT, true, 0, 0, 0, NONE, 0, 0, 0},
    {"call r11", BYTES("\x41\xff\xd3"), WIRE_SITE_CALL_INDIRECT, true, 0, 0, 11, NONE, 0, 0, 0},
    {"call [rip+8]", BYTES("\xff\x15\x08\0\0\0"), WIRE_SITE_CALL_INDIRECT, true, 0, 14, WIRE_SITE_REGISTER_RIP, NONE, 1,
     8, 0},
    {"call [rax+rcx*8+16]", BYTES("\xff\x54\xc8\x10"), WIRE_SITE_CALL_INDIRECT, true, 0, 0, 0, 1, 8, 16, 0},
    {"call [rsp+8]", BYTES("\xff\x54\x24\x08"), WIRE_SITE_CALL_INDIRECT, true, 0, 0, 4, NONE, 1, 8, 0},
    {"call fs:[16]", BYTES("\x64\xff\x14\x25\x10\0\0\0"), WIRE_SITE_CALL_INDIRECT, false, 0, 0, NONE, NONE, 1, 16, 0},
    {"call far [rax]", BYTES("\x48\xff\x18"), WIRE_SITE_CALL_INDIRECT, false, 0, 0, NONE, NONE, 0, 0, 0},
    {"notrack jmp rax", BYTES("\x3e\xff\xe0"), WIRE_SITE_JUMP_INDIRECT, true, WIRE_SITE_MAY_EXIT, 0, 0, NONE, 0, 0, 0},
    {"jmp [rdx*8+0x100]", BYTES("\xff\x24\xd5\0\x01\0\0"), WIRE_SITE_JUMP_INDIRECT, true, WIRE_SITE_MAY_EXIT, 0, NONE, 2,
     8, 256, 0},
    {"ret", BYTES("\xc3"), WIRE_SITE_RETURN, true, WIRE_SITE_EXIT, 0, NONE, NONE, 0, 0, 0},
    {"rep ret", BYTES("\xf3\xc3"), WIRE_SITE_RETURN, true, WIRE_SITE_EXIT, 0, NONE, NONE, 0, 0, 0},
    {"ret 16", BYTES("\xc2\x10\0"), WIRE_SITE_RETURN, true, WIRE_SITE_EXIT, 0, NONE, NONE, 0, 16, 0},
    {"retf", BYTES("\xcb"), WIRE_SITE_RETURN, false, WIRE_SITE_EXIT, 0, NONE, NONE, 0, 0, 0},
    {"iretq", BYTES("\x48\xcf"), WIRE_SITE_RETURN, false, WIRE_SITE_EXIT, 0, NONE, NONE, 0, 0, 0},
    {"ud2", BYTES("\x0f\x0b"), WIRE_SITE_COPY, false, 0, 0, NONE, NONE, 0, 0, 0},
    {"int3", BYTES("\xcc"), WIRE_SITE_COPY, false, 0, 0, NONE, NONE, 0, 0, 0},
    {"hlt", BYTES("\xf4"), WIRE_SITE_COPY, false, 0, 0, NONE, NONE, 0, 0, 0},
    {"xbegin", BYTES("\xc7\xf8\x02\0\0\0"), WIRE_SITE_COPY, false, 0, 0, NONE, NONE, 0, 0, 0},
    {"endbr64", BYTES("\xf3\x0f\x1e\xfa"), WIRE_SITE_COPY, true, 0, 0, NONE, NONE, 0, 0, 0},
    {"rep movsb", BYTES("\xf3\xa4"), WIRE_SITE_COPY, true, 0, 0, NONE, NONE, 0, 0, 0},
    {"vmovups zmm0,[rip+64]", BYTES("\x62\xf1\x7c\x48\x10\x05\x40\0\0\0"), WIRE_SITE_COPY_RIP, true, 0, 74, NONE, NONE,
     0, 64, 0},
};

static void each_instruction_gets_its_class_and_operands(void **state)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        const struct sample *sample = &samples[i];
        struct code code;
        decode(&code, sample->bytes, sample->size);
        print_message("# %s\n", sample->what);
        assert_int_equal(code.count, 1);
        const struct instruction *got = &code.items[0];
        assert_int_equal(got->can_stop, sample->can_stop);
        assert_int_equal(got->site.class, sample->class);
        assert_int_equal(got->site.insn_bytes, sample->size);
        assert_memory_equal(got->site.insn, sample->bytes, sample->size);
        if (sample->can_stop) {
            assert_int_equal(got->site.flags, sample->flags);
            assert_int_equal(got->site.base, sample->base);
            assert_int_equal(got->site.index, sample->index);
            assert_int_equal(got->site.scale, sample->scale);
            assert_int_equal(got->site.displacement, sample->displacement);
            assert_int_equal(got->site.condition, sample->condition);
        }
        if (sample->can_stop && sample->target != 0)
            assert_int_equal(got->site.target, BASE + sample->target);
        code_fini(&code);
    }
}

static void the_displacement_of_a_relative_operand_is_where_it_says(void **state)
{
    struct code code;
    decode(&code, "\x83\x3d\xfe\xff\xff\xff\x07", 7);
    assert_int_equal(code.items[0].site.displacement_byte, 2);
    code_fini(&code);
    decode(&code, "\x62\xf1\x7c\x48\x10\x05\x40\0\0\0", 10);
    assert_int_equal(code.items[0].site.displacement_byte, 6);
    code_fini(&code);
}

static void branches_within_the_function_mark_where_they_lead(void **state)
{
    struct code code;
    decode(&code, "\x90\x75\xfd\xc3", 4); /* 0: nop; 1: jne 0; 3: ret */
    assert_int_equal(code.count, 3);
    assert_true(code.items[0].is_target);
    assert_int_equal(code.items[1].site.flags, 0);
    assert_false(code.items[2].is_target);
    assert_ptr_equal(code_at(&code, BASE + 1), &code.items[1]);
    assert_null(code_at(&code, BASE + 2));
    assert_null(code_at(&code, BASE + 4));
    code_fini(&code);
}

static void bytes_that_are_no_code_are_stepped_over(void **state)
{
    struct code code;
    decode(&code, "\x06\x06\xc3", 3);
    assert_int_equal(code.count, 1);
    assert_int_equal(code.undecodable_bytes, 2);
    code_fini(&code);
    decode(&code, "\xe8\x10\0", 3); /* the range ends within the call */
    assert_null(code_at(&code, BASE));
    code_fini(&code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_instruction_gets_its_class_and_operands),
        cmocka_unit_test(the_displacement_of_a_relative_operand_is_where_it_says),
        cmocka_unit_test(branches_within_the_function_mark_where_they_lead),
        cmocka_unit_test(bytes_that_are_no_code_are_stepped_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
