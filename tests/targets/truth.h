/* What a test program knows about its own memory, told line by line, so that a test can compare it with the report.

   A line that moves memory is written L(...), an annotated function begins with FRAME. Both keep the program's own books:
   blocks by malloc_usable_size, touched pages by what was touched, the resident set of whole functions by the kernel's
   figure. truth_print writes them as tab-separated rows, `-` where nothing is promised:

       row    FUNCTION  LINE  HEAP  RSS  VISITS     sums over all visits, callees included; VISITS -1: not promised
       visits FUNCTION  LINE  N                     a line without L; true of unoptimised code only
       total  FUNCTION  HEAP  RSS                   exit less entry, sums over outermost calls

   Books are per thread and static: keeping them moves no memory. */

#ifndef TRUTH_H
#define TRUTH_H

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define TRUTH_NONE ((size_t)-1)
#define NOINLINE __attribute__((noinline))

struct truth_row {
    const char *function;
    int line; /* 0: the function's total */
    long heap, rss, visits, unoptimised_visits;
    long lines_heap, lines_rss; /* of a total: what its finished lines were charged */
    bool rss_unsure, visits_unsure;
};

/* A line or function that is being run. */
struct truth_open {
    size_t row, total; /* in rows; TRUTH_NONE: not counted */
    bool outermost;
    long heap, rss, lines_heap, lines_rss; /* when it began */
};

struct truth_block {
    void *address;
    long touched;
};

struct truth_books {
    long heap, rss; /* now */
    struct truth_row rows[128];
    size_t row_count;
    struct truth_open open[4096];
    size_t depth;
    struct truth_block blocks[64];
    bool many; /* other threads move the resident set, too */
};

static struct truth_books truth_main;
static __thread struct truth_books *truth_mine;
static int truth_statm = -1;

static inline struct truth_books *truth(void)
{
    return truth_mine != NULL ? truth_mine : &truth_main;
}

NOINLINE __attribute__((unused)) static long truth_resident(void)
{
    char text[128];
    ssize_t length = pread(truth_statm, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    const char *resident = strchr(text, ' ');
    return resident != NULL ? atol(resident) * 4096 : 0;
}

static int truth_populate(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R))
            continue;
        uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)4095;
        for (uintptr_t at = start; at < info->dlpi_addr + segment->p_vaddr + segment->p_memsz; at += 4096)
            *(char *)data = *(volatile char *)at;
    }
    return 0;
}

/* What this process stands on becomes resident, so that only what a line says moves the resident set. */
NOINLINE static void truth_settle(void)
{
    static char ignored;
    dl_iterate_phdr(truth_populate, &ignored);
}

static size_t truth_find(const char *function, int line)
{
    struct truth_books *books = truth();
    for (size_t i = 0; i < books->row_count; i++)
        if (books->rows[i].line == line && strcmp(books->rows[i].function, function) == 0)
            return i;
    struct truth_row *row = &books->rows[books->row_count];
    row->function = function;
    row->line = line;
    return books->row_count++;
}

static void truth_close(void)
{
    struct truth_books *books = truth();
    struct truth_open *open = &books->open[--books->depth];
    if (open->row == TRUTH_NONE)
        return;
    struct truth_row *row = &books->rows[open->row], *total = &books->rows[open->total];
    if (row == total) { /* a function */
        if (open->outermost) {
            total->heap += books->heap - open->heap;
            total->rss += truth_resident() - open->rss;
        }
        return;
    }
    /* What inner activations of the same function charged to its rows is not charged again. */
    long heap = books->heap - open->heap - (total->lines_heap - open->lines_heap);
    long rss = books->rss - open->rss - (total->lines_rss - open->lines_rss);
    row->heap += heap;
    row->rss += rss;
    row->visits++;
    total->lines_heap += heap;
    total->lines_rss += rss;
}

/* End what was left by longjmp or an exception: all that was opened later. */
NOINLINE static void truth_cut(size_t depth)
{
    while (truth()->depth > depth)
        truth_close();
}

NOINLINE __attribute__((unused)) static size_t truth_open(const char *function, int line)
{
    struct truth_books *books = truth();
    size_t row = truth_find(function, line), total = truth_find(function, 0), depth = books->depth++;
    struct truth_open *open = &books->open[depth];
    bool outermost = line == 0;
    for (size_t i = 0; i < depth && outermost; i++)
        outermost = books->open[i].total != total;
    open->row = row;
    open->total = total;
    open->outermost = outermost;
    open->heap = books->heap;
    open->lines_heap = books->rows[total].lines_heap;
    open->lines_rss = books->rows[total].lines_rss;
    open->rss = line == 0 ? truth_resident() : books->rss;
    return depth;
}

NOINLINE __attribute__((unused)) static void truth_end_frame(const size_t *depth)
{
    truth_cut(*depth);
}

NOINLINE __attribute__((unused)) static void truth_unsure(const char *function, int line)
{
    truth()->rows[truth_find(function, line)].rss_unsure = true;
}

NOINLINE __attribute__((unused)) static void truth_visited(const char *function, int line, long count)
{
    truth()->rows[truth_find(function, line)].unoptimised_visits += count;
}

/* fork. The child's books begin anew: what is open there was begun by the parent, its functions are seen from the next
   line on. `awake` is a function that is watched, so that what is ours in the child is resident before its figures begin. */
NOINLINE __attribute__((unused)) static pid_t truth_fork(void (*awake)(void))
{
    struct truth_books *books = truth();
    pid_t child = fork();
    if (child != 0)
        return child;
    close(truth_statm); /* it tells the parent's */
    truth_statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    truth_settle();
    free(((void *volatile){malloc(1)})); /* the child's own part of what records allocations is there from now on */
    awake();
    for (size_t i = 0; i < books->depth; i++) {
        struct truth_open *open = &books->open[i];
        if (open->row != open->total)
            open->row = TRUTH_NONE;
        open->heap = books->heap;
        open->rss = truth_resident();
    }
    for (size_t i = 0; i < books->row_count; i++) {
        struct truth_row old = books->rows[i], *row = &books->rows[i];
        memset(row, 0, sizeof *row);
        row->function = old.function;
        row->line = old.line;
    }
    return 0;
}

#define FRAME                                                                                                          \
    __attribute__((cleanup(truth_end_frame), unused)) size_t truth_frame = truth_open(__func__, 0)
#define L(...)                                                                                                         \
    {                                                                                                                  \
        size_t truth_line = truth_open(__func__, __LINE__);                                                            \
        __VA_ARGS__;                                                                                                   \
        truth_cut(truth_line);                                                                                         \
    }
/* The same for a line whose effect on the resident set is the allocator's business. */
#define LX(...)                                                                                                        \
    {                                                                                                                  \
        truth_unsure(__func__, __LINE__);                                                                              \
        L(__VA_ARGS__)                                                                                                 \
    }
/* The same for a line that holds a whole try: its visits depend on how the compiler lays it out. */
#define LT(...)                                                                                                        \
    {                                                                                                                  \
        truth()->rows[truth_find(__func__, __LINE__)].visits_unsure = true;                                            \
        L(__VA_ARGS__)                                                                                                 \
    }
/* A line that is not written L was visited so often. */
#define VISITED(line, count) truth_visited(__func__, line, count)

static struct truth_block *truth_block(void *address)
{
    struct truth_books *books = truth();
    for (size_t i = 0; i < sizeof books->blocks / sizeof *books->blocks; i++)
        if (books->blocks[i].address == address)
            return &books->blocks[i];
    return NULL;
}

static void *truth_got(void *block)
{
    truth()->heap += (long)malloc_usable_size(block);
    if (malloc_usable_size(block) < MIB)
        return block;
    struct truth_block *entry = truth_block(NULL);
    if (entry != NULL)
        *entry = (struct truth_block){block, 4096}; /* the allocator's own words before it */
    truth()->rss += 4096;
    return block;
}

/* The allocator's functions, with books. What a block of a MiB and more touched leaves with it. */
NOINLINE __attribute__((unused)) static char *get(size_t bytes)
{
    return (char *)truth_got(malloc(bytes));
}

NOINLINE __attribute__((unused)) static char *get_zeroed(size_t bytes)
{
    return (char *)truth_got(calloc(1, bytes));
}

NOINLINE __attribute__((unused)) static void put(void *block)
{
    struct truth_block *entry = block != NULL ? truth_block(block) : NULL;
    truth()->heap -= (long)malloc_usable_size(block);
    if (entry != NULL) {
        truth()->rss -= entry->touched;
        entry->address = NULL;
    }
    free(block);
}

NOINLINE __attribute__((unused)) static char *grow(char *block, size_t bytes)
{
    struct truth_block *entry = block != NULL ? truth_block(block) : NULL;
    long touched = entry != NULL ? entry->touched : 0;
    truth()->heap -= (long)malloc_usable_size(block);
    truth()->rss -= touched;
    if (entry != NULL)
        entry->address = NULL;
    block = (char *)truth_got(realloc(block, bytes));
    entry = truth_block(block);
    if (entry != NULL && touched != 0) {
        entry->touched = touched < (long)bytes ? touched : (long)bytes;
        truth()->rss += entry->touched - 4096;
    }
    return block;
}

NOINLINE __attribute__((unused)) static void touch(char *block, size_t from, size_t to)
{
    struct truth_block *entry = truth_block(block);
    memset(block + from, 1, to - from);
    if (entry != NULL) {
        entry->touched += (long)(to - from);
        truth()->rss += (long)(to - from);
    }
}

static void truth_print_row(const struct truth_row *row, bool rss_unsure)
{
    char rss[32] = "-";
    if (!rss_unsure && !row->rss_unsure)
        snprintf(rss, sizeof rss, "%ld", row->rss);
    if (row->line == 0)
        dprintf(1, "total\t%s\t%ld\t%s\n", row->function, row->heap, rss);
    else if (row->visits > 0)
        dprintf(1, "row\t%s\t%d\t%ld\t%s\t%ld\n", row->function, row->line, row->heap, rss,
                row->visits_unsure ? -1 : row->visits);
    else if (row->unoptimised_visits > 0)
        dprintf(1, "visits\t%s\t%d\t%ld\n", row->function, row->line, row->unoptimised_visits);
}

/* Write the books of this thread, with what is open as it is now. */
NOINLINE __attribute__((unused)) static void truth_print(void)
{
    struct truth_books *books = truth();
    truth_cut(0);
    for (size_t i = 0; i < books->row_count; i++)
        truth_print_row(&books->rows[i], books->many);
    memset(books->rows, 0, sizeof books->rows);
    books->row_count = 0;
}

/* Called first of all. */
NOINLINE __attribute__((unused)) static void truth_start(bool huge_pages)
{
    volatile char stack[128 << 10];
    for (size_t i = 0; i < sizeof stack; i += 4096)
        stack[i] = 1;
    if (!huge_pages)
        prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    truth_statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    memset(&truth_main, 0, sizeof truth_main);
    for (size_t i = 0; i < sizeof truth_main; i += 4096)
        ((volatile char *)&truth_main)[i] = 0;
    char *block = get(MIB);
    touch(block, 0, MIB);
    put(grow(grow(block, 2 * MIB), 3 * MIB));
    put(get_zeroed(MIB));
    put(get(100000));
    truth_settle();
    int null = open("/dev/null", O_WRONLY), out = dup(1);
    dup2(null, 1);
    dprintf(1, "row\t%s\t%ld\n", "warm", truth_resident());
    dup2(out, 1);
    close(out);
    close(null);
    truth_main.heap = truth_main.rss = 0;
}

#endif
