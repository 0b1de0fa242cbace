/* Places that know their own function and line: each prints the address of its call, and the functions and lines that a
   symbolizer must name there, innermost first:

       ADDRESS FUNCTION:LINE FUNCTION:LINE ... main:LINE

   The call stack is kept by hand, by CALL; of a place only the frames up to the first that is not inlined belong to the
   address. Names of functions that are always inlined begin with "inl_" behind their scope. */

#ifndef SYMBOLS_TRUTH_H
#define SYMBOLS_TRUTH_H

#include <link.h>
#include <stdio.h>
#include <stdlib.h>

#define NOINLINE __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))

struct place {
    const char *function;
    int line;
};

static struct place places[64];
static int place_count;

static int find_base(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(unsigned long *)data = info->dlpi_addr; /* the first is the program */
    return 1;
}

/* Never inlined, and never a tail call: the return address is in the line that calls it. */
__attribute__((noinline)) static void truth_here(const char *function, int line)
{
    unsigned long base = 0;
    dl_iterate_phdr(find_base, &base);
    printf("%lx %s:%d", (unsigned long)__builtin_return_address(0) - 1 - base, function, line);
    for (int i = place_count; i > 0; i--)
        printf(" %s:%d", places[i - 1].function, places[i - 1].line);
    putchar('\n');
}

/* The statement behind the call keeps the compiler from merging it with others. */
#define HERE(function) (truth_here(function, __LINE__), (void)__extension__({ __asm__ volatile("" ::: "memory"); }))
#define CALL(function, call)                                                                                           \
    (places[place_count++] = (struct place){function, __LINE__}, (void)(call), (void)place_count--)

#endif
