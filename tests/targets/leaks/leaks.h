/* What the programs of the leak corpus share. Each is a case with a known truth, which the runners (tests/e2e/leaks.sh)
   read from its source:

       LEAK BYTES BLOCKS   in a comment on the line that allocates what is lost: in all, over all calls, threads and
                           processes; `?` for what is the library's business. The line is the innermost of the
                           program's own sources.
       KEPT                what this line allocates is not lost.
       LIMIT BYTES BLOCKS  not lost either, but known in a way that no tool sees which looks for pointers: reported by
   design.

   The file's first comment says what the case is; below it, `exit: N` or `signal: NAME` is how the program ends (else
   with status 0), `flags: ...` is added to the compiler's command line, `library: yes` asks for a second build of the
   same file as a shared object, NAME.so, with LIBRARY defined, and `evidence: ...` is the finding's when it is not
   `unreachable`. `optional: yes`: not every compiler can build it.

   A case must not be decided by what happens to lie about: what is lost is allocated in a function that is never
   inlined (APART), and scrub() then clears what it left in registers and below the stack pointer. */

#ifndef LEAKS_H
#define LEAKS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __clang__
#define APART __attribute__((noinline, optnone, unused))
#else
#define APART __attribute__((noipa, unused))
#endif

#define SCRUBBED 65536 /* bytes below the stack pointer */

/* The compiler does not know what becomes of the block, so it cannot leave the allocation out. */
static inline __attribute__((unused)) void *used(void *block)
{
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* Write `word` all over the dead stack below the caller's frame, and empty the registers that a call may change. The
   stack pointer is moved first: nothing is written below it. */
static APART void fill_dead_stack(void *word, size_t bytes)
{
#ifdef __x86_64__
    __asm__ volatile("mov %%rdi, %%rax\n\t"
                     "mov %%rsi, %%rcx\n\t"
                     "mov %%rsp, %%rdx\n\t"
                     "sub %%rcx, %%rsp\n\t"
                     "mov %%rsp, %%rdi\n\t"
                     "shr $3, %%rcx\n\t"
                     "cld\n\t"
                     "rep stosq\n\t"
                     "mov %%rdx, %%rsp\n\t"
                     "xor %%eax, %%eax\n\t"
                     "xor %%edx, %%edx\n\t"
                     "xor %%esi, %%esi\n\t"
                     "xor %%edi, %%edi\n\t"
                     "xor %%r8d, %%r8d\n\t"
                     "xor %%r9d, %%r9d\n\t"
                     "xor %%r10d, %%r10d\n\t"
                     "xor %%r11d, %%r11d\n\t"
                     "pxor %%xmm0, %%xmm0\n\tpxor %%xmm1, %%xmm1\n\tpxor %%xmm2, %%xmm2\n\tpxor %%xmm3, %%xmm3\n\t"
                     "pxor %%xmm4, %%xmm4\n\tpxor %%xmm5, %%xmm5\n\tpxor %%xmm6, %%xmm6\n\tpxor %%xmm7, %%xmm7\n\t"
                     "pxor %%xmm8, %%xmm8\n\tpxor %%xmm9, %%xmm9\n\tpxor %%xmm10, %%xmm10\n\tpxor %%xmm11, %%xmm11\n\t"
                     "pxor %%xmm12, %%xmm12\n\tpxor %%xmm13, %%xmm13\n\tpxor %%xmm14, %%xmm14\n\tpxor %%xmm15, %%xmm15"
                     : "+D"(word), "+S"(bytes)
                     :
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
#else
    (void)word, (void)bytes;
#endif
}

static inline __attribute__((always_inline, unused)) void scrub(void)
{
    fill_dead_stack(NULL, SCRUBBED);
}

#endif
