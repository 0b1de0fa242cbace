/* probes_find: marks and globs, then debug information, then sites. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/debug-file.h"
#include "elf/debug-info.h"
#include "elf/elf-file.h"
#include "probes/globs.h"
#include "probes/marks.h"
#include "probes/notes.h"
#include "probes/probes.h"
#include "probes/sites.h"
#include "probes/symbol-functions.h"

/* One function with its stops, before all are laid out together. */
struct watched {
    struct probes_function function;
    struct function_sites sites;
    struct range_list ranges;
    bool has_rows;
};

struct search {
    const struct probes_options *options;
    struct elf_file elf;
    struct marks marks;
    struct globs globs;
    struct watched *watched;
    size_t count, capacity;
    size_t *slots; /* by entry: index + 1 into `watched`; linear probing */
    size_t slot_count;
    size_t instructions_left; /* a bound on all decoding: hostile files may claim the same text again and again */
    size_t skipped;
    struct probes *probes;
};

static void watched_fini(struct watched *watched)
{
    free(watched->function.name);
    free(watched->function.linkage_name);
    free(watched->function.file);
    range_list_fini(&watched->ranges);
    function_sites_fini(&watched->sites);
}

static int grow_slots(struct search *search)
{
    const size_t slot_count = search->slot_count == 0 ? 256 : search->slot_count * 2;
    size_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < search->count; i++) {
        size_t at = wire_plan_hash(search->watched[i].function.entry) & (slot_count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (slot_count - 1);
        slots[at] = i + 1;
    }
    free(search->slots);
    search->slots = slots;
    search->slot_count = slot_count;
    return 0;
}

/* The function with this entry, or NULL and where its slot is. */
static struct watched *find_watched(const struct search *search, uint64_t entry, size_t *slot)
{
    size_t at = wire_plan_hash(entry) & (search->slot_count - 1);
    for (; search->slots[at] != 0; at = (at + 1) & (search->slot_count - 1))
        if (search->watched[search->slots[at] - 1].function.entry == entry)
            return &search->watched[search->slots[at] - 1];
    *slot = at;
    return NULL;
}

static bool may_hold(uint64_t low, uint64_t high, void *data)
{
    const struct search *search = data;
    return marks_touch(&search->marks, low, high) || globs_may_match(&search->globs, low, high);
}

static bool is_wanted(const struct debug_function *function, void *data)
{
    struct search *search = data;
    const bool is_named = globs_match(&search->globs, function->short_name, function->name, function->linkage_name);
    return marks_has_function(&search->marks, function->entry, &function->ranges) || is_named;
}

static char *copy_text(const char *text, bool *failed)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    *failed = *failed || (text != NULL && copy == NULL);
    return copy;
}

static int fill_watched(struct search *search, const struct debug_function *function, const struct strings *files,
                        struct watched *watched)
{
    *watched = (struct watched){.sites.file = STRINGS_NONE};
    const int code = sites_plan(function, &search->elf, search->options->every_instruction, search->instructions_left,
                                &watched->sites);
    if (code != 0)
        return code;
    bool failed = false;
    watched->has_rows = watched->sites.line_count > 1;
    watched->function = (struct probes_function){
        .name = copy_text(function->name, &failed),
        .linkage_name = copy_text(function->linkage_name, &failed),
        .file = copy_text(strings_text(files, watched->sites.file), &failed),
        .line = watched->sites.line,
        .last_line = watched->sites.last_line,
        .entry = function->entry,
        .annotated = marks_has_function(&search->marks, function->entry, &function->ranges),
        .optimized = function->is_optimized,
    };
    for (size_t i = 0; i < function->ranges.count; i++)
        if (range_list_add(&watched->ranges, function->ranges.items[i].low, function->ranges.items[i].high) != 0)
            failed = true;
    if (!failed)
        return 0;
    watched_fini(watched);
    return -ENOMEM;
}

/* A function that is wanted. The linker keeps one of several copies and lets the others' debug information point to it:
   the first that has line rows is taken. */
static int take(const struct debug_function *function, const struct strings *files, void *data)
{
    struct search *search = data;
    size_t slot = 0;
    if ((search->count + 1) * 2 > search->slot_count && grow_slots(search) != 0)
        return -ENOMEM;
    struct watched *known = find_watched(search, function->entry, &slot);
    if (known != NULL && known->has_rows)
        return 0;
    struct watched fresh;
    int code = fill_watched(search, function, files, &fresh);
    if (code != 0)
        return code;
    search->instructions_left -= fresh.sites.instruction_count;
    if (known != NULL) {
        struct watched old = *known;
        const bool is_better = fresh.has_rows;
        if (is_better)
            *known = fresh;
        watched_fini(is_better ? &old : &fresh);
        return 0;
    }
    struct watched *items = array_reserve(search->watched, search->count, &search->capacity, sizeof *items);
    if (items == NULL) {
        watched_fini(&fresh);
        return -ENOMEM;
    }
    search->watched = items;
    items[search->count] = fresh;
    search->slots[slot] = ++search->count;
    return 0;
}

static int compare_watched(const void *left, const void *right)
{
    const struct watched *a = left, *b = right;
    return (a->function.entry > b->function.entry) - (a->function.entry < b->function.entry);
}

static int compare_sites(const void *left, const void *right)
{
    const struct wire_site *a = left, *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Functions that share code (damaged or hand-written debug information): the first one keeps the stop. Overlapping
   instructions cannot both be replaced. */
static void drop_overlaps(struct search *search)
{
    struct probes *probes = search->probes;
    size_t kept = 0;
    for (size_t i = 0; i < probes->site_count; i++) {
        const struct wire_site *site = &probes->sites[i];
        if (kept > 0 && site->offset < probes->sites[kept - 1].offset + probes->sites[kept - 1].insn_bytes)
            search->skipped++;
        else
            probes->sites[kept++] = *site;
    }
    probes->site_count = kept;
}

/* Move all that was found into the result, functions in the order of their addresses. */
static int lay_out(struct search *search)
{
    struct probes *probes = search->probes;
    size_t sites = 0, ranges = 0;
    if (search->count > 1)
        qsort(search->watched, search->count, sizeof *search->watched, compare_watched);
    for (size_t i = 0; i < search->count; i++) {
        sites += search->watched[i].sites.count;
        ranges += search->watched[i].ranges.count;
    }
    probes->functions = calloc(search->count + 1, sizeof *probes->functions);
    probes->ranges_of = calloc(search->count + 1, sizeof *probes->ranges_of);
    probes->sites = calloc(sites + 1, sizeof *probes->sites);
    probes->ranges = calloc(ranges + 1, sizeof *probes->ranges);
    if (probes->functions == NULL || probes->ranges_of == NULL || probes->sites == NULL || probes->ranges == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < search->count; i++) {
        struct watched *from = &search->watched[i];
        struct probes_function *function = &probes->functions[probes->function_count++];
        *function = from->function;
        function->lines = from->sites.lines;
        function->line_count = from->sites.line_count;
        probes->ranges_of[i] = (struct wire_function){from->function.entry, (uint32_t)probes->range_count,
                                                      (uint32_t)from->ranges.count};
        for (size_t k = 0; k < from->ranges.count; k++)
            probes->ranges[probes->range_count++] =
                (struct wire_range){from->ranges.items[k].low, from->ranges.items[k].high};
        for (size_t k = 0; k < from->sites.count; k++) {
            probes->sites[probes->site_count] = from->sites.sites[k];
            probes->sites[probes->site_count++].function = (uint32_t)i;
        }
        search->skipped += from->sites.skipped;
        from->function = (struct probes_function){0}; /* moved */
        from->sites.lines = NULL;
    }
    if (probes->site_count > 1)
        qsort(probes->sites, probes->site_count, sizeof *probes->sites, compare_sites);
    drop_overlaps(search);
    return 0;
}

static int miss(const char *dwo_path, void *data)
{
    struct search *search = data;
    return notes_add(search->probes, PROBES_NOTE_DEBUG_FILE_MISSING, dwo_path, search->probes->path);
}

/* Symbols that DWARF should have told of, but did not. */
static bool is_left_over(const char *name, const struct range_list *ranges, void *data)
{
    struct search *search = data;
    const uint64_t entry = ranges->items[0].low;
    size_t slot;
    if (search->slot_count > 0 && find_watched(search, entry, &slot) != NULL)
        return false;
    return marks_has_function(&search->marks, entry, ranges) ||
           globs_match_unmatched(&search->globs, name);
}

/* "a, b, c and 2 more"; malloc'ed, NULL for none or when memory is out. */
static char *list_names(const struct symbol_functions *functions)
{
    const size_t shown = functions->count < 8 ? functions->count : 8;
    size_t bytes = 64;
    for (size_t i = 0; i < shown; i++)
        bytes += strlen(functions->items[i].name) + 2;
    char *list = functions->count > 0 ? malloc(bytes) : NULL;
    if (list == NULL)
        return NULL;
    char *at = stpcpy(list, functions->items[0].name);
    for (size_t i = 1; i < shown; i++)
        at = stpcpy(stpcpy(at, ", "), functions->items[i].name);
    if (functions->count > shown)
        snprintf(at, 64, " and %zu more", functions->count - shown);
    return list;
}

static int note_no_lines(struct search *search, const struct debug_file *debug, const struct symbol_functions *left)
{
    char *names = list_names(left);
    int code = notes_add(search->probes, PROBES_NOTE_NO_DEBUG_INFO, search->probes->path, names);
    if (code == 0 && !debug->has_symbols)
        code = notes_add(search->probes, PROBES_NOTE_STRIPPED, search->probes->path, NULL);
    free(names);
    return code;
}

/* A second walk needs a fresh file: libdwarf does not begin anew once .dwo files have been read. */
static bool reopen(const struct elf_file *source, struct debug_info **info)
{
    if (*info == NULL)
        return false;
    debug_info_close(*info);
    *info = NULL;
    return debug_info_open(source, info, NULL) == 0;
}

/* What DWARF does not describe is taken from the symbols; it may have line rows all the same. */
static int read_left_overs(struct search *search, const struct debug_file *debug, struct debug_info **info,
                           const struct debug_wanted *wanted)
{
    struct symbol_functions left = {0};
    const struct elf_file *source = debug->elf.fd >= 0 ? &debug->elf : &search->elf;
    const size_t known = search->count;
    int code = symbol_functions_find(&left, &search->elf, source, is_left_over, search);
    if (code == 0 && left.count == 0 && source != &search->elf)
        code = symbol_functions_find(&left, &search->elf, &search->elf, is_left_over, search);
    if (code == 0 && left.count > 0 && reopen(source, info))
        code = debug_info_walk_symbols(*info, left.items, left.count, wanted);
    for (size_t i = 0; search->count > known && i < left.count; i++)
        globs_match(&search->globs, left.items[i].name, NULL, NULL);
    if (code == 0 && (*info == NULL || (left.count > 0 && search->count == known)))
        code = note_no_lines(search, debug, &left);
    symbol_functions_fini(&left);
    return code;
}

static int note_debug_file(struct probes *probes, const struct debug_file *debug)
{
    if (debug->stale != NULL)
        return notes_add(probes, PROBES_NOTE_DEBUG_FILE_STALE, debug->stale, probes->path);
    return debug->missing != NULL ? notes_add(probes, PROBES_NOTE_DEBUG_FILE_MISSING, debug->missing, probes->path) : 0;
}

/* Read the functions from DWARF, wherever it is. */
static int read_functions(struct search *search)
{
    const struct debug_wanted wanted = {may_hold, is_wanted, take, miss, search};
    struct debug_file debug = {.elf.fd = -1};
    struct debug_info *info = NULL;
    int code = debug_file_find(&debug, &search->elf, search->probes->path, search->options->debug_root);
    if (code == 0)
        code = note_debug_file(search->probes, &debug);
    if (code == 0) {
        const struct elf_file *source = debug.elf.fd >= 0 ? &debug.elf : &search->elf;
        code = globs_prepare(&search->globs, &search->elf, source);
        if (code == 0 && debug.has_lines && debug_info_open(source, &info, NULL) == 0)
            code = debug_info_walk(info, &wanted);
        if (code == 0)
            code = read_left_overs(search, &debug, &info, &wanted);
    }
    debug_info_close(info);
    debug_file_close(&debug);
    return code;
}

static int search_run(struct search *search)
{
    int code = marks_find(&search->elf, &search->marks);
    if (code == 0)
        code = globs_init(&search->globs, search->options->globs, search->options->glob_count);
    if (code != 0 || (marks_is_empty(&search->marks) && search->options->glob_count == 0))
        return code;
    search->instructions_left = search->elf.size_bytes; /* an instruction has a byte at least */
    code = read_functions(search);
    if (code == 0)
        code = lay_out(search);
    if (code == 0)
        code = notes_unmatched_globs(search->probes, &search->globs);
    if (code == 0 && search->skipped > 0)
        code = notes_add_count(search->probes, PROBES_NOTE_SITES_SKIPPED, search->probes->path, search->skipped);
    return code;
}

static void search_fini(struct search *search)
{
    for (size_t i = 0; i < search->count; i++)
        watched_fini(&search->watched[i]);
    free(search->watched);
    free(search->slots);
    globs_fini(&search->globs);
    marks_fini(&search->marks);
    elf_file_close(&search->elf);
}

int probes_find(const char *path, const struct probes_options *options, struct probes **out, struct err *err)
{
    static const struct probes_options no_options = {0};
    struct search search = {.options = options != NULL ? options : &no_options, .elf.fd = -1};
    int code = elf_file_open(&search.elf, path, err);
    if (code != 0)
        return code;
    search.probes = calloc(1, sizeof *search.probes);
    if (search.probes != NULL)
        search.probes->path = strdup(path);
    if (search.probes == NULL || search.probes->path == NULL)
        code = -ENOMEM;
    else
        code = search_run(&search);
    if (code == 0)
        *out = search.probes;
    else {
        probes_free(search.probes);
        code = err_set(err, code, "%s: cannot plan the line stops: %s", path, strerror(-code));
    }
    search_fini(&search);
    return code;
}

void probes_free(struct probes *probes)
{
    if (probes == NULL)
        return;
    for (size_t i = 0; i < probes->function_count; i++) {
        free(probes->functions[i].name);
        free(probes->functions[i].linkage_name);
        free(probes->functions[i].file);
        free(probes->functions[i].lines);
    }
    for (size_t i = 0; i < probes->note_count; i++) {
        free(probes->notes[i].subject);
        free(probes->notes[i].detail);
    }
    free(probes->functions);
    free(probes->notes);
    free(probes->sites);
    free(probes->ranges_of);
    free(probes->ranges);
    free(probes->path);
    free(probes);
}
