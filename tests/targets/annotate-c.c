/* Every shape of an annotated C function that the compiler treats in its own way. The line of each body's main statement
   is marked "at NAME": the matrix test expects a function NAME whose lines include it. */

#include <stdlib.h>
#include <string.h>

#include "syseng_mem.h"

static volatile int sink;
static void *volatile kept; /* keeps the compiler from removing what has no effect */

SYSENG_MEM_PROFILE
int ordinary(int n)
{
    kept = malloc((size_t)n); /* at ordinary */
    free(kept);
    return n;
}

SYSENG_MEM_PROFILE static int is_static(int n)
{
    kept = realloc(NULL, (size_t)n + 1); /* at is_static */
    free(kept);
    return n;
}

SYSENG_MEM_PROFILE
static inline int is_inline(int n)
{
    kept = calloc(1, (size_t)n); /* at is_inline */
    free(kept);
    return n;
}

SYSENG_MEM_PROFILE
int with_loop(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        void *block = malloc((size_t)i + 1); /* at with_loop */
        kept = block;
        sum += i;
        free(block);
    }
    return sum;
}

SYSENG_MEM_PROFILE
int with_switch(int n)
{
    switch (n) {
    case 0:
        sink = 10;
        break;
    case 1:
        sink = 21;
        break;
    case 2:
        sink = 32;
        break;
    case 3:
        kept = strdup("three"); /* at with_switch */
        free(kept);
        break;
    case 4:
        sink = 54;
        break;
    case 5:
        sink = 65;
        break;
    default:
        abort();
    }
    return sink;
}

SYSENG_MEM_PROFILE
int recursive(int n)
{
    kept = malloc(1); /* at recursive */
    free(kept);
    return n == 0 ? 0 : recursive(n - 1) + 1;
}

static int with_statement(int n) __attribute__((noinline));
static int with_statement(int n)
{
    SYSENG_MEM_PROFILE_HERE;
    kept = malloc((size_t)n + 7); /* at with_statement */
    free(kept);
    return n;
}

int not_annotated(int n)
{
    kept = malloc((size_t)n);
    free(kept);
    return n;
}

int main(int argc, char **argv)
{
    int n = argc + 2;
    sink = ordinary(n) + is_static(n) + is_inline(n) + with_loop(n) + with_switch(n) + recursive(n);
    sink += with_statement(n) + not_annotated(n);
    return 0;
}
