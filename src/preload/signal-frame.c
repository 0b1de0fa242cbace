/* How the kernel enters us in place of a handler of the program, so that no frame of ours shows in the handler's stack.

   The kernel calls a handler as if from the C library's __restore_rt, with the ucontext right above the return address.
   The code below lets signal_frame_begin do what is to be done before, and jumps to the handler with a return address
   of ours in that place. There signal_frame_end does the rest, and then the system call that __restore_rt would make.
   To an unwinder it is what __restore_rt is, a signal frame, at the same place: a handler has as many frames above it
   as ever, and programs that leave out a known number of them, or throw through them, go on to do so.

   What is kept meanwhile is in registers that a handler preserves, and that the interrupted code has safely in the
   ucontext. rbp is left alone: who follows frame pointers goes on from there. */

#include "preload/signal-frame.h"

#include <stddef.h>
#include <ucontext.h>

_Static_assert(sizeof(struct signal_frame) == 40 && offsetof(struct signal_frame, number) == 0 &&
                   offsetof(struct signal_frame, info) == 8 && offsetof(struct signal_frame, context) == 16 &&
                   offsetof(struct signal_frame, displaced) == 24 && offsetof(struct signal_frame, before) == 32,
               "the assembler's offsets");
_Static_assert(offsetof(ucontext_t, uc_mcontext.gregs) == 40 && REG_R8 == 0 && REG_RIP == 16, "the kernel's");

/* Call frame information (DWARF 5, section 6.4.2): registers lie in the ucontext, to which the stack pointer points.
   def_cfa_expression (0x0f): breg7, deref. expression (0x10): breg7. Offsets are signed LEB128 of two bytes. Return
   addresses are looked up at one byte less, hence the nop. */
__asm__(".macro saved_register number, offset\n"
        "\t.cfi_escape 0x10, \\number, 3, 0x77, ((\\offset) & 0x7f) | 0x80, (\\offset) >> 7\n"
        ".endm\n"
        "\t.text\n"
        "\t.globl signal_frame_enter\n"
        "\t.hidden signal_frame_enter\n"
        "\t.type signal_frame_enter, @function\n"
        "signal_frame_enter:\n"
        "\t.cfi_startproc\n"
        "\tsubq $40, %rsp\n"
        "\t.cfi_adjust_cfa_offset 40\n"
        "\tmovq %rsp, %rcx\n"
        "\tcall signal_frame_begin\n"
        "\tmovl (%rsp), %edi\n"
        "\tmovq 8(%rsp), %rsi\n"
        "\tmovq 16(%rsp), %rdx\n"
        "\tmovq 24(%rsp), %rbx\n"
        "\tmovl 32(%rsp), %r12d\n"
        "\taddq $40, %rsp\n"
        "\t.cfi_adjust_cfa_offset -40\n"
        "\ttestq %rax, %rax\n"
        "\tje 1f\n"
        "\tleaq signal_frame_return(%rip), %rcx\n"
        "\tmovq %rcx, (%rsp)\n"
        "\tjmp *%rax\n"
        "1:\tret\n"
        "\t.cfi_endproc\n"
        "\t.size signal_frame_enter, . - signal_frame_enter\n"
        "\t.cfi_startproc simple\n"
        "\t.cfi_signal_frame\n"
        "\t.cfi_escape 0x0f, 4, 0x77, 0xa0, 0x01, 0x06\n"
        "\tsaved_register 8, 40\n" /* r8 */
        "\tsaved_register 9, 48\n"
        "\tsaved_register 10, 56\n"
        "\tsaved_register 11, 64\n"
        "\tsaved_register 12, 72\n"
        "\tsaved_register 13, 80\n"
        "\tsaved_register 14, 88\n"
        "\tsaved_register 15, 96\n"
        "\tsaved_register 5, 104\n"  /* rdi */
        "\tsaved_register 4, 112\n"  /* rsi */
        "\tsaved_register 6, 120\n"  /* rbp */
        "\tsaved_register 3, 128\n"  /* rbx */
        "\tsaved_register 1, 136\n"  /* rdx */
        "\tsaved_register 0, 144\n"  /* rax */
        "\tsaved_register 2, 152\n"  /* rcx */
        "\tsaved_register 7, 160\n"  /* rsp */
        "\tsaved_register 16, 168\n" /* rip */
        "\tnop\n"
        "\t.type signal_frame_return, @function\n"
        "signal_frame_return:\n"
        "\tmovq %rsp, %rdi\n"
        "\tmovq %rbx, %rsi\n"
        "\tmovl %r12d, %edx\n"
        "\tcall signal_frame_end\n"
        "\tmovl $15, %eax\n" /* rt_sigreturn */
        "\tsyscall\n"
        "\t.cfi_endproc\n"
        "\t.size signal_frame_return, . - signal_frame_return\n");
