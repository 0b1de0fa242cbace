/* --function: shell patterns against function names.

   Reading all names of a large program from DWARF takes long. Every function with code of its own has a symbol, and a
   mangled name spells identifiers out: so the last plain identifier of a glob, when there is one, selects symbols first,
   and only their units are read. */

#include "probes/globs.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/ranges.h"

static bool is_identifier_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

/* Identifiers that a mangled name abbreviates (Itanium C++ ABI, 5.1.8 and 5.1.10), or that operators are spelled with. */
static bool is_abbreviated(const char *identifier)
{
    static const char *const names[] = {"std",     "allocator", "basic_string", "string",
                                        "istream", "ostream",   "iostream",     "operator"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(identifier, names[i]) == 0)
            return true;
    return false;
}

/* The last identifier of the glob before any template arguments or parameters, if it belongs to the function's own name:
   "bar" of "ns::bar" and of "*::bar*", none of "ns::*". */
static void find_literal(struct glob *glob)
{
    const size_t end = strcspn(glob->text, "<([?\\{!"); /* template arguments, parameters and sets are left alone */
    size_t best = 0, best_length = 0;
    for (size_t i = 0; i < end;) {
        size_t length = 0;
        while (i + length < end && is_identifier_byte(glob->text[i + length]))
            length++;
        if (length > 0) {
            best = i;
            best_length = length;
        }
        i += length > 0 ? length : 1;
    }
    const size_t behind = best + best_length;
    if (best_length == 0 || best_length >= sizeof glob->literal ||
        memmem(glob->text + behind, end - behind, "::", 2) != NULL)
        return;
    memcpy(glob->literal, glob->text + best, best_length);
    glob->literal[best_length] = '\0';
    /* Where a wildcard touches it, it may be a piece of an abbreviated name; short pieces select nothing anyway. */
    const bool is_whole = (best == 0 || glob->text[best - 1] == ':' || glob->text[best - 1] == '~') &&
                          (glob->text[behind] == '\0' || glob->text[behind] == '<' || glob->text[behind] == '(');
    if (is_abbreviated(glob->literal) || (!is_whole && best_length < 4) || strstr(glob->text, "operator") != NULL ||
        strstr(glob->text, "std::") != NULL)
        glob->literal[0] = '\0';
    else if (is_whole) /* Itanium C++ ABI, 5.1.3: a source name has its length in front */
        snprintf(glob->mangled, sizeof glob->mangled, "%zu%s", best_length, glob->literal);
    else
        strcpy(glob->mangled, glob->literal);
}

int globs_init(struct globs *globs, const char *const *texts, size_t count)
{
    *globs = (struct globs){0};
    if (count == 0)
        return 0;
    globs->items = calloc(count, sizeof *globs->items);
    if (globs->items == NULL)
        return -ENOMEM;
    globs->count = count;
    globs->needs_all = true;
    for (size_t i = 0; i < count; i++) {
        globs->items[i].text = texts[i];
        globs->items[i].nearest_distance = SIZE_MAX;
        find_literal(&globs->items[i]);
    }
    return 0;
}

void globs_fini(struct globs *globs)
{
    for (size_t i = 0; i < globs->count; i++)
        free(globs->items[i].nearest);
    free(globs->items);
    free(globs->candidates);
    *globs = (struct globs){0};
}

#define NEAREST_MAX_BYTES 64

/* Levenshtein distance of two short names, SIZE_MAX when they differ too much in length to be near. */
static size_t edit_distance(const char *left, size_t left_length, const char *right, size_t right_length)
{
    if (left_length > NEAREST_MAX_BYTES || right_length > NEAREST_MAX_BYTES)
        return SIZE_MAX;
    size_t row[NEAREST_MAX_BYTES + 1];
    for (size_t k = 0; k <= right_length; k++)
        row[k] = k;
    for (size_t i = 1; i <= left_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= right_length; k++) {
            const size_t above = row[k];
            size_t least = diagonal + (left[i - 1] != right[k - 1]);
            if (above + 1 < least)
                least = above + 1;
            if (row[k - 1] + 1 < least)
                least = row[k - 1] + 1;
            row[k] = least;
            diagonal = above;
        }
    }
    return row[right_length];
}

/* Remember `name` if it is nearer to the glob's last component than the best so far, and near at all. */
static void note_miss(struct glob *glob, const char *name, size_t length)
{
    const char *wanted = strrchr(glob->text, ':');
    wanted = wanted != NULL ? wanted + 1 : glob->text;
    const size_t wanted_length = strlen(wanted), limit = wanted_length / 3 + 1;
    if (length > wanted_length + limit || wanted_length > length + limit)
        return;
    const size_t distance = edit_distance(wanted, wanted_length, name, length);
    if (distance > limit || distance >= glob->nearest_distance)
        return;
    char *copy = strndup(name, length);
    if (copy == NULL)
        return;
    free(glob->nearest);
    glob->nearest = copy;
    glob->nearest_distance = distance;
}

/* The identifiers that a symbol spells: itself, or each <length><identifier> of a mangled name. */
static void note_misses_of_symbol(struct glob *glob, const char *symbol)
{
    if (symbol[0] != '_' || symbol[1] != 'Z') {
        note_miss(glob, symbol, strcspn(symbol, ".@"));
        return;
    }
    for (const char *at = symbol + 2; *at != '\0';) {
        size_t length = 0;
        while (isdigit((unsigned char)*at) && length < 1000)
            length = length * 10 + (size_t)(*at++ - '0');
        if (length == 0) {
            at++;
            continue;
        }
        length = strnlen(at, length);
        note_miss(glob, at, length);
        at += length;
    }
}

struct reading {
    struct globs *globs;
    int code;
    size_t symbols;
};

static bool read_symbol(const struct elf_symbol *symbol, void *data)
{
    struct reading *reading = data;
    struct globs *globs = reading->globs;
    if (!symbol->is_defined || (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC) || symbol->address == 0)
        return true;
    reading->symbols++;
    bool is_candidate = false;
    for (size_t i = 0; i < globs->count; i++) {
        struct glob *glob = &globs->items[i];
        const bool holds = glob->literal[0] != '\0' &&
                           (strstr(symbol->name, glob->mangled) != NULL ||
                            (strncmp(symbol->name, "_Z", 2) != 0 && strstr(symbol->name, glob->literal) != NULL));
        is_candidate = is_candidate || holds;
        if (!holds)
            note_misses_of_symbol(glob, symbol->name);
    }
    if (!is_candidate)
        return true;
    uint64_t *candidates = array_reserve(globs->candidates, globs->candidate_count, &globs->candidate_capacity,
                                         sizeof *candidates);
    if (candidates == NULL) {
        reading->code = -ENOMEM;
        return false;
    }
    globs->candidates = candidates;
    candidates[globs->candidate_count++] = symbol->address;
    return true;
}

static int compare_addresses(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

int globs_prepare(struct globs *globs, const struct elf_file *program, const struct elf_file *debug)
{
    if (globs->count == 0)
        return 0;
    struct reading reading = {globs, 0, 0};
    elf_file_symbols(debug, SHT_SYMTAB, read_symbol, &reading);
    if (reading.symbols == 0 && program != debug)
        elf_file_symbols(program, SHT_SYMTAB, read_symbol, &reading);
    globs->needs_all = reading.symbols == 0;
    if (reading.symbols == 0) /* the exported names alone: good for a hint, not for a choice */
        elf_file_symbols(program, SHT_DYNSYM, read_symbol, &reading);
    for (size_t i = 0; i < globs->count; i++)
        globs->needs_all = globs->needs_all || globs->items[i].literal[0] == '\0';
    if (globs->candidate_count > 1)
        qsort(globs->candidates, globs->candidate_count, sizeof *globs->candidates, compare_addresses);
    return reading.code;
}

bool globs_may_match(const struct globs *globs, uint64_t low, uint64_t high)
{
    if (globs->count == 0)
        return false;
    if (globs->needs_all)
        return true;
    /* g++'s mark makes a symbol begin eight bytes before the function's low_pc. */
    const uint64_t from = low >= 8 ? low - 8 : 0;
    size_t first = 0, count = globs->candidate_count;
    while (count > 0) {
        const size_t half = count / 2;
        if (globs->candidates[first + half] < from) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first < globs->candidate_count && globs->candidates[first] < high;
}

/* Whether the glob matches the name with its trailing template arguments cut. */
static bool matches_without_arguments(const char *glob, const char *name)
{
    const size_t length = strlen(name);
    char cut[512];
    if (length == 0 || name[length - 1] != '>' || length >= sizeof cut || strchr(glob, '<') != NULL)
        return false;
    int depth = 0;
    size_t end = length;
    while (end > 0) {
        end--;
        depth += name[end] == '>' ? 1 : name[end] == '<' ? -1 : 0;
        if (depth == 0)
            break;
    }
    if (depth != 0 || end == 0)
        return false;
    memcpy(cut, name, end);
    cut[end] = '\0';
    return fnmatch(glob, cut, 0) == 0;
}

static bool matches(const char *glob, const char *name)
{
    return name != NULL && (fnmatch(glob, name, 0) == 0 || matches_without_arguments(glob, name));
}

bool globs_match(struct globs *globs, const char *name, const char *qualified, const char *linkage_name)
{
    bool any = false;
    for (size_t i = 0; i < globs->count; i++) {
        struct glob *glob = &globs->items[i];
        if (matches(glob->text, name) || matches(glob->text, qualified) ||
            (linkage_name != NULL && fnmatch(glob->text, linkage_name, 0) == 0)) {
            glob->has_matched = true;
            any = true;
        }
    }
    return any;
}

bool globs_match_unmatched(struct globs *globs, const char *symbol)
{
    bool any = false;
    for (size_t i = 0; i < globs->count; i++)
        any = any || (!globs->items[i].has_matched && fnmatch(globs->items[i].text, symbol, 0) == 0);
    return any;
}
