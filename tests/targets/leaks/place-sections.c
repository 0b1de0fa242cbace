/* Variables with and without a value at start, static ones in functions, and constant ones behind pointers. */
#include "leaks.h"

void *data = (void *)1, *bss;
static char big[1 << 20] __attribute__((aligned(4096)));
static void *volatile *const constant = (void *volatile *)(big + 500000);
static __attribute__((section("own_section"))) void *volatile own = (void *)1;

APART static void fill(void)
{
    static void *volatile inner;
    data = malloc(10);      /* KEPT */
    bss = malloc(20);       /* KEPT */
    inner = malloc(30);     /* KEPT */
    *constant = malloc(40); /* KEPT */
    own = malloc(50);       /* KEPT */
    used(inner);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
