/* What blame-truth.h promises; compiled without debug information, so that its lines are nobody's. */

#include "blame-truth.h"

#include <setjmp.h>

static struct {
    const char *file, *function;
    int line;
} frames[64];
static int frame_count;
static jmp_buf back;
static volatile uintptr_t sum;
static char output[1 << 16];

void truth_push(const char *file, int line, const char *function)
{
    frames[frame_count].file = file;
    frames[frame_count].line = line;
    frames[frame_count++].function = function;
}

void truth_pop(void)
{
    frame_count--;
}

static void print_frame(const char *file, int line, const char *function)
{
    const char *optional = function[0] == '?' ? "?" : "", *slash = strrchr(file, '/');
    printf(" %s%s:%d:", optional, slash != NULL ? slash + 1 : file, line);
    for (const char *at = function + (optional[0] != '\0'); *at != '\0'; at++)
        putchar(*at == ' ' ? '_' : *at);
}

void truth_place(int key, const char *file, int line, const char *function)
{
    static int begun;
    if (!begun++)
        setvbuf(stdout, output, _IOFBF, sizeof output);
    printf("%d", key);
    print_frame(file, line, function);
    for (int i = frame_count; i > 0; i--)
        print_frame(frames[i - 1].file, frames[i - 1].line, frames[i - 1].function);
    putchar('\n');
}

void truth_keep(const void *block)
{
    sum += (uintptr_t)block;
}

NOINLINE void *bare_malloc(size_t size_bytes)
{
    void *block = malloc(size_bytes);
    BARRIER();
    return block;
}

NOINLINE void *bare_malloc_deep(size_t size_bytes)
{
    void *block = bare_malloc(size_bytes);
    BARRIER();
    return block;
}

void bare_end(size_t size_bytes)
{
    truth_keep(bare_malloc(size_bytes));
    longjmp(back, 1);
}

void bare_begin(void (*call)(void))
{
    if (setjmp(back) == 0)
        call();
}
