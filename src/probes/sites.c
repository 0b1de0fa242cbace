/* Which instructions of one function to stop at.

   A row of the line table begins a line at its first instruction. Of several rows at one address the last counts, for
   it is the one that execution really reaches. Rows within inlined callees belong to the line of the outermost call;
   rows of other files that no inlined callee explains begin nothing, the line before goes on. A row that repeats the
   line before it is no event of its own, unless it can be reached from elsewhere. */

#include "probes/sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/decode.h"

struct mapped_row {
    uint64_t address;
    uint32_t line;
};

struct plan {
    const struct debug_function *function;
    const struct elf_file *file;
    struct code code;
    struct mapped_row *rows;
    size_t row_count, row_capacity;
    bool any_row; /* also rows that are not is_stmt */
    struct function_sites *out;
};

/* Index of the first row at or behind `address`. */
static size_t first_row_at(const struct debug_function *function, uint64_t address)
{
    size_t low = 0, high = function->row_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (function->rows[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct debug_inline *inline_at(const struct debug_function *function, uint64_t address)
{
    size_t low = 0, high = function->inline_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (function->inlines[middle].range.low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < function->inlines[low - 1].range.high ? &function->inlines[low - 1] : NULL;
}

/* Where DWARF does not say the function's file or line, the row of its entry does. */
static void locate(struct plan *plan)
{
    const struct debug_function *function = plan->function;
    plan->out->file = function->file;
    plan->out->line = function->line;
    const size_t at = first_row_at(function, function->entry);
    if (at == function->row_count || !range_list_has_sorted(&function->ranges, function->rows[at].address))
        return;
    if (plan->out->file == STRINGS_NONE)
        plan->out->file = function->rows[at].file;
    if (plan->out->line == 0)
        plan->out->line = function->rows[at].line;
}

/* The line of this function that a row stands for, or 0. */
static uint32_t line_of_row(const struct plan *plan, const struct debug_row *row)
{
    if (!row->is_statement && !plan->any_row)
        return 0;
    /* Where the compiler says nothing on statements, the head's line returns between others for moves of parameters. */
    if (plan->any_row && row->line == plan->out->line && row->address != plan->function->entry)
        return 0;
    const struct debug_inline *call = inline_at(plan->function, row->address);
    if (call != NULL)
        return call->file == plan->out->file || call->file == STRINGS_NONE ? call->line : 0;
    return row->file == plan->out->file ? row->line : 0;
}

static int map_rows(struct plan *plan)
{
    const struct debug_function *function = plan->function;
    plan->row_count = 0;
    for (size_t i = 0; i < function->ranges.count; i++) {
        const struct range *range = &function->ranges.items[i];
        for (size_t at = first_row_at(function, range->low);
             at < function->row_count && function->rows[at].address < range->high; at++) {
            const struct mapped_row mapped = {function->rows[at].address, line_of_row(plan, &function->rows[at])};
            if (mapped.line == 0)
                continue;
            if (plan->row_count > 0 && plan->rows[plan->row_count - 1].address == mapped.address)
                plan->row_count--; /* the later row wins */
            struct mapped_row *rows = array_reserve(plan->rows, plan->row_count, &plan->row_capacity, sizeof *rows);
            if (rows == NULL)
                return -ENOMEM;
            plan->rows = rows;
            rows[plan->row_count++] = mapped;
        }
    }
    return 0;
}

static bool has_body_row(const struct plan *plan)
{
    for (size_t i = 0; i < plan->row_count; i++)
        if (plan->rows[i].line != plan->out->line)
            return true;
    return false;
}

/* g++ marks no statements in optimized template instances, but for the entry: then every row has to do. */
static int map_rows_of_any_kind(struct plan *plan)
{
    if (has_body_row(plan))
        return 0;
    plan->any_row = true;
    int code = map_rows(plan);
    if (code != 0 || has_body_row(plan))
        return code;
    plan->any_row = false; /* a function of one line */
    return map_rows(plan);
}

/* Whether `at` is reached only through the instruction before it, and so on back to `first`. */
static bool is_reached_only_from(const struct plan *plan, const struct instruction *first,
                                 const struct instruction *at)
{
    if (plan->code.has_indirect_jump)
        return false;
    for (; at > first; at--) {
        const struct instruction *before = at - 1;
        if (at->is_target || !before->falls_through ||
            before->site.offset + before->site.insn_bytes != at->site.offset)
            return false;
        /* An exception's landing pad has no branch to it; it stands behind a call. */
        if (before->is_call && plan->function->is_cxx)
            return false;
    }
    return true;
}

static void mark_lines(struct plan *plan)
{
    struct instruction *last = NULL;
    for (size_t i = 0; i < plan->row_count; i++) {
        struct instruction *at = code_at(&plan->code, plan->rows[i].address);
        if (at == NULL) {
            plan->out->skipped++;
            continue;
        }
        at->has_row = true;
        at->site.line = plan->rows[i].line;
        if (last != NULL && last->site.line == at->site.line && is_reached_only_from(plan, last, at))
            continue;
        at->site.flags |= WIRE_SITE_LINE;
        last = at;
    }
}

static const uint8_t endbr64[4] = {0xf3, 0x0f, 0x1e, 0xfa};

/* The first instruction of the function, or the one behind its endbr64: an indirect call must find the endbr64 whole. */
static struct instruction *mark_entry(struct plan *plan)
{
    struct instruction *entry = code_at(&plan->code, plan->function->entry);
    if (entry == NULL)
        return NULL;
    const struct instruction *const end = plan->code.items + plan->code.count;
    uint32_t line = entry->has_row ? entry->site.line : plan->out->line;
    if (entry->site.insn_bytes == sizeof endbr64 && memcmp(entry->site.insn, endbr64, sizeof endbr64) == 0 &&
        entry + 1 < end && !entry[1].is_target) {
        entry->site.flags &= (uint8_t)~WIRE_SITE_LINE;
        entry++;
    }
    entry->site.flags |= WIRE_SITE_ENTRY;
    entry->site.flags &= (uint8_t)~WIRE_SITE_LINE;
    if (entry->is_target)
        entry->site.flags |= WIRE_SITE_LOOP_HEAD;
    if (!entry->has_row)
        entry->site.line = line;
    return entry;
}

/* Give every instruction without a row the line that is current there, and stop at all of them. */
static void mark_every_instruction(struct plan *plan)
{
    uint32_t line = plan->out->line;
    for (size_t i = 0; i < plan->code.count; i++) {
        struct instruction *at = &plan->code.items[i];
        if (at->has_row)
            line = at->site.line;
        else if ((at->site.flags & WIRE_SITE_ENTRY) == 0)
            at->site.line = line;
        if ((at->site.flags & WIRE_SITE_ENTRY) == 0)
            at->site.flags |= WIRE_SITE_LINE;
    }
}

/* Ways out carry the line that is current there, for whoever wants to name them. */
static void fill_exit_lines(struct plan *plan)
{
    uint32_t line = plan->out->line;
    for (size_t i = 0; i < plan->code.count; i++) {
        struct instruction *at = &plan->code.items[i];
        if (at->site.line != 0)
            line = at->site.line;
        else
            at->site.line = line;
    }
}

static int collect_sites(struct plan *plan)
{
    struct function_sites *out = plan->out;
    size_t wanted = 0;
    for (size_t i = 0; i < plan->code.count; i++)
        wanted += plan->code.items[i].site.flags != 0;
    out->sites = calloc(wanted + 1, sizeof *out->sites);
    if (out->sites == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < plan->code.count; i++) {
        const struct instruction *at = &plan->code.items[i];
        if (at->site.flags == 0)
            continue;
        if (at->can_stop)
            out->sites[out->count++] = at->site;
        else
            out->skipped++;
    }
    return 0;
}

static int compare_lines(const void *left, const void *right)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static int collect_lines(struct plan *plan)
{
    struct function_sites *out = plan->out;
    out->lines = calloc(plan->row_count + 1, sizeof *out->lines);
    if (out->lines == NULL)
        return -ENOMEM;
    size_t count = 0;
    if (out->line != 0)
        out->lines[count++] = out->line;
    for (size_t i = 0; i < plan->row_count; i++)
        out->lines[count++] = plan->rows[i].line;
    qsort(out->lines, count, sizeof *out->lines, compare_lines);
    for (size_t i = 0; i < count; i++)
        if (out->line_count == 0 || out->lines[out->line_count - 1] != out->lines[i])
            out->lines[out->line_count++] = out->lines[i];
    out->last_line = out->line_count > 0 ? out->lines[out->line_count - 1] : 0;
    return 0;
}

int sites_plan(const struct debug_function *function, const struct elf_file *file, bool every_instruction,
               size_t max_instructions, struct function_sites *out)
{
    *out = (struct function_sites){.file = STRINGS_NONE};
    struct plan plan = {.function = function, .file = file, .out = out};
    int code = code_decode(&plan.code, file, &function->ranges, max_instructions);
    if (code == 0) {
        locate(&plan);
        code = map_rows(&plan);
    }
    if (code == 0)
        code = map_rows_of_any_kind(&plan);
    if (code == 0) {
        out->instruction_count = plan.code.count;
        mark_lines(&plan);
        if (mark_entry(&plan) == NULL)
            out->skipped++;
        if (every_instruction)
            mark_every_instruction(&plan);
        fill_exit_lines(&plan);
        code = collect_sites(&plan);
    }
    if (code == 0)
        code = collect_lines(&plan);
    code_fini(&plan.code);
    free(plan.rows);
    if (code != 0)
        function_sites_fini(out);
    return code;
}

void function_sites_fini(struct function_sites *sites)
{
    free(sites->sites);
    free(sites->lines);
    *sites = (struct function_sites){.file = STRINGS_NONE};
}
