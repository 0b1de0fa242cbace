/* Symbols for stacks. A stack's innermost frames are looked up only as far as it takes to find its blamed line; what
   was looked up is remembered by (module, address). */

#include "report/heap-stacks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/source.h"

#define FIRST_SLOTS 1024

enum module_kind { MODULE_OWN, MODULE_LOADER, MODULE_RUNTIME, MODULE_LIBRARY, MODULE_PROGRAM };

struct entry {
    struct session_frame frame;
    struct stacks_chain chain;
    struct symbols_frame *items; /* the chain's, NULL when it is the unknown frame */
    char *address_name;          /* NULL until it is asked for */
    bool is_looked_up, is_numbered;
};

struct stacks {
    const struct session *session;
    report_lookup_fn *lookup;
    void *lookup_data;
    enum module_kind *kinds; /* by module */
    struct entry **slots;    /* by hash */
    size_t slot_count;
    struct entry **entries;
    size_t entry_count, entry_room;
    struct entry **numbered; /* by number */
    size_t numbered_count, numbered_room;
};

static const struct symbols_frame unknown = {.source = SYMBOLS_NONE};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Is `name` that of the shared library `library`, whatever its version: "libc.so.6", "libc-2.36.so"? */
static bool is_library(const char *name, const char *library)
{
    size_t length = strlen(library);
    return strncmp(name, library, length) == 0 &&
           (begins_with(name + length, ".so") ||
            (name[length] == '-' && strchr("0123456789", name[length + 1]) != NULL));
}

static bool is_system_path(const char *path)
{
    static const char *const directories[] = {"/lib/",     "/lib32/",     "/lib64/",     "/libx32/",
                                              "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libx32/"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (begins_with(path, directories[i]))
            return true;
    return false;
}

static enum module_kind kind_of(const char *path)
{
    static const char *const runtimes[] = {"libc",       "libm",        "libpthread",  "libdl",
                                           "librt",      "libresolv",   "libstdc++",   "libsupc++",
                                           "libc++",     "libc++abi",   "libunwind",   "libgcc_s",
                                           "libgomp",    "libjemalloc", "libtcmalloc", "libtcmalloc_minimal",
                                           "libmimalloc"};
    const char *name = base_name(path);
    if (is_library(name, "libsyseng_mem_preload"))
        return MODULE_OWN;
    if (begins_with(name, "ld-linux") || begins_with(name, "ld-2.") || begins_with(name, "[vdso]") ||
        begins_with(name, "linux-vdso"))
        return MODULE_LOADER;
    for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++)
        if (is_library(name, runtimes[i]))
            return MODULE_RUNTIME;
    /* A program may live there as well (cc1plus), or what it loads for itself (a web server's modules). */
    return is_system_path(path) && begins_with(name, "lib") && strstr(name, ".so") != NULL ? MODULE_LIBRARY
                                                                                           : MODULE_PROGRAM;
}

/* Add a path without the detours in it: clang names its headers "/usr/bin/../lib/gcc/...". */
static void add_straight(struct text *out, const char *path)
{
    size_t begin = out->length;
    while (*path == '/') {
        size_t length = 1 + strcspn(path + 1, "/");
        if (length == 3 && begins_with(path, "/..")) {
            while (out->length > begin && out->bytes[--out->length] != '/')
                ;
            if (out->bytes != NULL)
                out->bytes[out->length] = '\0';
        } else if (length > 1 && !(length == 2 && path[1] == '.')) {
            text_add_bytes(out, path, length);
        }
        path += length;
    }
    text_add(out, path);
}

/* Is the file one of the compiler's or the system's: not something that the reader would change? */
static bool is_system_file(const char *file)
{
    struct text straight = TEXT_EMPTY;
    if (strstr(file, "/../") != NULL) {
        add_straight(&straight, file);
        file = text_get(&straight);
    }
    bool is_system =
        begins_with(file, "/usr/include/") || is_system_path(file) || begins_with(file, "/usr/local/include/c++/");
    text_fini(&straight);
    return is_system;
}

struct stacks *stacks_new(const struct session *session, report_lookup_fn *lookup, void *lookup_data)
{
    struct stacks *stacks = calloc(1, sizeof *stacks);
    if (stacks == NULL)
        return NULL;
    stacks->session = session;
    stacks->lookup = lookup;
    stacks->lookup_data = lookup_data;
    stacks->kinds = calloc(session->module_count + 1, sizeof *stacks->kinds);
    stacks->slots = calloc(FIRST_SLOTS, sizeof *stacks->slots);
    stacks->slot_count = FIRST_SLOTS;
    if (stacks->kinds == NULL || stacks->slots == NULL) {
        stacks_free(stacks);
        return NULL;
    }
    for (size_t i = 0; i < session->module_count; i++)
        stacks->kinds[i] = kind_of(session->modules[i]);
    return stacks;
}

void stacks_free(struct stacks *stacks)
{
    if (stacks == NULL)
        return;
    for (size_t i = 0; i < stacks->entry_count; i++) {
        free(stacks->entries[i]->items);
        free(stacks->entries[i]->address_name);
        free(stacks->entries[i]);
    }
    free(stacks->entries);
    free(stacks->numbered);
    free(stacks->slots);
    free(stacks->kinds);
    free(stacks);
}

static size_t home_of(const struct session_frame *frame, size_t slots)
{
    uint64_t hash = (frame->address ^ (uint64_t)frame->module << 48) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 20) & (slots - 1);
}

static void place(struct entry **slots, size_t count, struct entry *entry)
{
    size_t at = home_of(&entry->frame, count);
    while (slots[at] != NULL)
        at = (at + 1) & (count - 1);
    slots[at] = entry;
}

static int grow(struct stacks *stacks)
{
    struct entry **entries =
        array_grow(stacks->entries, &stacks->entry_room, stacks->entry_count + 1, sizeof(struct entry *));
    if (entries == NULL)
        return -ENOMEM;
    stacks->entries = entries;
    if (4 * (stacks->entry_count + 1) <= 3 * stacks->slot_count)
        return 0;
    size_t count = 2 * stacks->slot_count;
    struct entry **slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < stacks->entry_count; i++)
        place(slots, count, stacks->entries[i]);
    free(stacks->slots);
    stacks->slots = slots;
    stacks->slot_count = count;
    return 0;
}

static enum module_kind kind_at(const struct stacks *stacks, const struct session_frame *frame)
{
    return frame->module < stacks->session->module_count ? stacks->kinds[frame->module] : MODULE_PROGRAM;
}

/* Those of the C library are nobody's to change, and where its debug information is installed it has to be
 * decompressed. */
static bool has_lines_of_interest(enum module_kind kind)
{
    return kind != MODULE_RUNTIME && kind != MODULE_LOADER;
}

/* Ask the symbols. */
static int look_up(struct stacks *stacks, struct entry *entry)
{
    struct symbols_frame found[SYMBOLS_MAX_FRAMES];
    const struct session_frame *frame = &entry->frame;
    size_t count = 0;
    if (entry->is_looked_up)
        return 0;
    if (stacks->lookup != NULL && frame->module < stacks->session->module_count)
        count = stacks->lookup(stacks->lookup_data, stacks->session->modules[frame->module], frame->address,
                               has_lines_of_interest(kind_at(stacks, frame)), found, SYMBOLS_MAX_FRAMES);
    if (count > SYMBOLS_MAX_FRAMES)
        count = SYMBOLS_MAX_FRAMES;
    entry->is_looked_up = true;
    if (count == 0)
        return 0;
    entry->items = malloc(count * sizeof *entry->items);
    if (entry->items == NULL)
        return -ENOMEM;
    memcpy(entry->items, found, count * sizeof *entry->items);
    entry->chain.items = entry->items;
    entry->chain.count = count;
    return 0;
}

/* The entry of an address, made at first sight. */
static struct entry *entry_of(struct stacks *stacks, const struct session_frame *frame)
{
    size_t at = home_of(frame, stacks->slot_count);
    for (; stacks->slots[at] != NULL; at = (at + 1) & (stacks->slot_count - 1)) {
        const struct session_frame *known = &stacks->slots[at]->frame;
        if (known->address == frame->address && known->module == frame->module)
            return stacks->slots[at];
    }
    struct entry *entry = malloc(sizeof *entry);
    if (entry == NULL || grow(stacks) != 0) {
        free(entry);
        return NULL;
    }
    *entry = (struct entry){.frame = *frame, .chain = {.items = &unknown, .count = 1}};
    place(stacks->slots, stacks->slot_count, entry);
    stacks->entries[stacks->entry_count++] = entry;
    return entry;
}

const struct stacks_chain *stacks_resolve(struct stacks *stacks, const struct session_frame *frame)
{
    struct entry *entry = entry_of(stacks, frame);
    if (entry == NULL || look_up(stacks, entry) != 0)
        return NULL;
    if (entry->is_numbered)
        return &entry->chain;
    struct entry **numbered =
        array_grow(stacks->numbered, &stacks->numbered_room, stacks->numbered_count + 1, sizeof(struct entry *));
    if (numbered == NULL)
        return NULL;
    stacks->numbered = numbered;
    entry->is_numbered = true;
    entry->chain.number = (uint32_t)stacks->numbered_count;
    numbered[stacks->numbered_count++] = entry;
    return &entry->chain;
}

size_t stacks_count(const struct stacks *stacks)
{
    return stacks->numbered_count;
}

const struct stacks_chain *stacks_numbered(const struct stacks *stacks, uint32_t number, struct session_frame *frame)
{
    *frame = stacks->numbered[number]->frame;
    return &stacks->numbered[number]->chain;
}

uint32_t stacks_inner(const struct stacks *stacks, const struct session_site *site)
{
    const struct session_frame *frames = &stacks->session->frames[site->frame_first];
    uint32_t depth = 0;
    while (depth < site->frame_count && kind_at(stacks, &frames[depth]) == MODULE_OWN)
        depth++;
    return depth;
}

/* Is it a template's instance of the standard library, which lies in the program but is not the program's? */
static bool is_standard(const char *function)
{
    return function != NULL && (begins_with(function, "std::") || begins_with(function, "__gnu_cxx::"));
}

static enum stacks_rank rank_of(enum module_kind kind, const struct symbols_frame *frame)
{
    if (frame->function == NULL && (frame->file == NULL || frame->line == 0))
        return STACKS_NOTHING;
    if (kind == MODULE_OWN || kind == MODULE_LOADER || kind == MODULE_RUNTIME)
        return STACKS_RUNTIME;
    if (kind == MODULE_LIBRARY || (frame->file != NULL && is_system_file(frame->file)))
        return STACKS_LIBRARY;
    if (frame->file != NULL && frame->line > 0)
        return STACKS_LINE;
    return is_standard(frame->function) ? STACKS_LIBRARY : STACKS_NAMED;
}

enum stacks_rank stacks_rank(const struct stacks *stacks, const struct session_frame *frame,
                             const struct symbols_frame *symbol)
{
    return rank_of(kind_at(stacks, frame), symbol);
}

/* Is the best that a frame of such a module can be no better than what is already found? */
static bool is_hopeless(enum module_kind kind, enum stacks_rank found)
{
    static const enum stacks_rank best[] = {[MODULE_OWN] = STACKS_RUNTIME,
                                            [MODULE_LOADER] = STACKS_RUNTIME,
                                            [MODULE_RUNTIME] = STACKS_RUNTIME,
                                            [MODULE_LIBRARY] = STACKS_LIBRARY,
                                            [MODULE_PROGRAM] = STACKS_LINE};
    return best[kind] <= found;
}

static void consider(enum module_kind kind, const struct stacks_chain *chain, const struct session_frame *frame,
                     uint32_t depth, struct stacks_blame *out)
{
    for (uint32_t link = 0; link < chain->count; link++) {
        const struct symbols_frame *symbol = &chain->items[link];
        enum stacks_rank rank = rank_of(kind, symbol);
        if (rank <= out->rank)
            continue;
        bool has_line = symbol->file != NULL && symbol->line > 0;
        *out = (struct stacks_blame){.rank = rank,
                                     .depth = depth,
                                     .link = link,
                                     .frame = frame,
                                     .function = symbol->function,
                                     .file = has_line ? symbol->file : NULL,
                                     .line = has_line ? symbol->line : 0};
    }
}

/* Look at the frames of modules of one kind from `depth` outwards, up to `end`. */
static int improve(struct stacks *stacks, const struct session_site *site, uint32_t depth, uint32_t end,
                   enum module_kind kind, struct stacks_blame *out)
{
    const struct session_frame *frames = &stacks->session->frames[site->frame_first];
    for (; depth < end && !is_hopeless(kind, out->rank); depth++) {
        if (kind_at(stacks, &frames[depth]) != kind)
            continue;
        const struct stacks_chain *chain = stacks_resolve(stacks, &frames[depth]);
        if (chain == NULL)
            return -ENOMEM;
        consider(kind, chain, &frames[depth], depth, out);
    }
    return 0;
}

/* The innermost frame in the program itself; frame_count when there is none. */
static uint32_t first_own_frame(const struct stacks *stacks, const struct session_site *site, uint32_t depth)
{
    const struct session_frame *frames = &stacks->session->frames[site->frame_first];
    while (depth < site->frame_count && kind_at(stacks, &frames[depth]) != MODULE_PROGRAM)
        depth++;
    return depth;
}

static int compare_entries(const void *left, const void *right)
{
    const struct session_frame *a = &(*(struct entry *const *)left)->frame,
                               *b = &(*(struct entry *const *)right)->frame;
    if (a->module != b->module)
        return a->module < b->module ? -1 : 1;
    return (a->address > b->address) - (a->address < b->address);
}

int stacks_look_ahead(struct stacks *stacks, bool all)
{
    const struct session *session = stacks->session;
    for (size_t i = 0; i < session->site_count; i++) {
        const struct session_site *site = &session->sites[i];
        const uint32_t first = all ? 0 : first_own_frame(stacks, site, stacks_inner(stacks, site));
        for (uint32_t depth = first; depth < site->frame_count && (all || depth == first); depth++)
            if (entry_of(stacks, &session->frames[site->frame_first + depth]) == NULL)
                return -ENOMEM;
    }
    for (size_t i = 0; all && i < session->time_count; i++)
        for (uint32_t depth = 0; depth < session->times[i].frame_count; depth++)
            if (entry_of(stacks, &session->frames[session->times[i].frame_first + depth]) == NULL)
                return -ENOMEM;
    if (stacks->entry_count > 1)
        qsort(stacks->entries, stacks->entry_count, sizeof(struct entry *), compare_entries);
    for (size_t i = 0; i < stacks->entry_count; i++)
        if (look_up(stacks, stacks->entries[i]) != 0)
            return -ENOMEM;
    return 0;
}

/* Of a program without names, what called it has nothing to do with the allocation: only what the program itself called
   may be blamed instead. */
int stacks_find_blame(struct stacks *stacks, const struct session_site *site, struct stacks_blame *out)
{
    static const enum module_kind order[] = {MODULE_LIBRARY, MODULE_RUNTIME};
    uint32_t depth = stacks_inner(stacks, site);
    if (depth == site->frame_count && depth > 0)
        depth--;
    *out = (struct stacks_blame){.rank = STACKS_NOTHING, .depth = depth};
    if (depth < site->frame_count)
        out->frame = &stacks->session->frames[site->frame_first + depth];
    int code = improve(stacks, site, depth, site->frame_count, MODULE_PROGRAM, out);
    const uint32_t own = first_own_frame(stacks, site, depth);
    for (size_t i = 0; i < sizeof order / sizeof *order && code == 0; i++)
        code = improve(stacks, site, depth, own, order[i], out);
    if (code != 0 || out->rank > STACKS_NOTHING || out->frame == NULL)
        return code;
    if (own < site->frame_count) {
        out->depth = own;
        out->frame = &stacks->session->frames[site->frame_first + own];
        return 0;
    }
    /* The loader's functions are everybody's callers: named only for what they allocate themselves. */
    const struct stacks_chain *chain = stacks_resolve(stacks, out->frame);
    if (chain == NULL)
        return -ENOMEM;
    consider(kind_at(stacks, out->frame), chain, out->frame, depth, out);
    return 0;
}

/* Does every program's first function, or thread's, begin so? */
static bool is_start(struct stacks *stacks, const struct session_frame *frame)
{
    enum module_kind kind = kind_at(stacks, frame);
    if (kind == MODULE_RUNTIME || kind == MODULE_LOADER)
        return true;
    const struct stacks_chain *chain = kind == MODULE_PROGRAM ? stacks_resolve(stacks, frame) : NULL;
    const char *function = chain != NULL ? chain->items[chain->count - 1].function : NULL;
    return function != NULL && strcmp(function, "_start") == 0;
}

uint32_t stacks_outer(struct stacks *stacks, const struct session_site *site)
{
    const struct session_frame *frames = &stacks->session->frames[site->frame_first];
    uint32_t end = site->frame_count, inner = stacks_inner(stacks, site);
    while (end > inner && is_start(stacks, &frames[end - 1]))
        end--;
    return end > inner ? end : site->frame_count;
}

const char *stacks_module_name(const struct session *session, const struct session_frame *frame)
{
    return frame != NULL && frame->module < session->module_count ? base_name(session->modules[frame->module]) : "?";
}

void stacks_add_address(struct text *out, const struct session *session, const struct session_frame *frame)
{
    if (frame == NULL) {
        text_add(out, "(no stack)");
        return;
    }
    if (frame->module < session->module_count) {
        text_add_printable(out, stacks_module_name(session, frame));
        text_add(out, "+");
    }
    text_addf(out, "0x%" PRIx64, (uint64_t)frame->address);
}

const char *stacks_address_name(struct stacks *stacks, const struct session_frame *frame)
{
    struct entry *entry = entry_of(stacks, frame);
    if (entry == NULL || entry->address_name != NULL)
        return entry != NULL ? entry->address_name : NULL;
    struct text name = TEXT_EMPTY;
    stacks_add_address(&name, stacks->session, frame);
    entry->address_name = name.failed ? NULL : strdup(text_get(&name));
    text_fini(&name);
    return entry->address_name;
}

void stacks_add_place(struct text *out, const struct session *session, const struct session_frame *frame,
                      const char *file, uint32_t line)
{
    if (file == NULL || line == 0) {
        text_add_printable(out, stacks_module_name(session, frame));
        return;
    }
    struct text straight = TEXT_EMPTY;
    if (is_system_file(file))
        add_straight(&straight, file);
    source_add_name(out, straight.length > 0 ? text_get(&straight) : file);
    text_addf(out, ":%" PRIu32, line);
    text_fini(&straight);
}
