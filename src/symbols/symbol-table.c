/* One ELF symbol table, sorted. */

#include "symbols/symbol-table.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* A symbol without a size (assembly) reaches to the next one, but not further than this. */
#define SIZELESS_BYTES_LIMIT (1u << 20)

struct loading {
    struct symbol_table *table;
    bool wants_sizes; /* exported symbols only: what follows one may be a function that is not exported */
    int code;
};

static bool is_function(const struct elf_symbol *symbol)
{
    return symbol->is_defined && symbol->address != 0 && symbol->name[0] != '\0' &&
           (symbol->type == STT_FUNC || symbol->type == STT_GNU_IFUNC || symbol->type == STT_NOTYPE);
}

static bool take(const struct elf_symbol *symbol, void *data)
{
    struct loading *loading = data;
    struct symbol_table *table = loading->table;
    if (!is_function(symbol) || (loading->wants_sizes && symbol->size_bytes == 0) || symbol->size_bytes > UINT64_MAX - symbol->address)
        return true;
    struct symbol_entry *entries = array_grow(table->entries, &table->capacity, table->count + 1, sizeof *entries);
    if (entries == NULL) {
        loading->code = -ENOMEM;
        return false;
    }
    table->entries = entries;
    entries[table->count++] =
        (struct symbol_entry){symbol->address, symbol->address + symbol->size_bytes, symbol->name};
    return true;
}

static size_t leading_underscores(const char *name)
{
    return strspn(name, "_");
}

/* By address; at one address those with a size first, then the plainest name: malloc before __libc_malloc. */
static int compare(const void *left, const void *right)
{
    const struct symbol_entry *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    const bool a_is_sized = a->high > a->low, b_is_sized = b->high > b->low;
    if (a_is_sized != b_is_sized)
        return a_is_sized ? -1 : 1;
    const size_t a_under = leading_underscores(a->name), b_under = leading_underscores(b->name);
    if (a_under != b_under)
        return a_under < b_under ? -1 : 1;
    const size_t a_length = strlen(a->name), b_length = strlen(b->name);
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void settle(struct symbol_table *table)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++)
        if (kept == 0 || table->entries[i].low != table->entries[kept - 1].low)
            table->entries[kept++] = table->entries[i];
    table->count = kept;
    for (size_t i = 0; i < kept; i++) {
        struct symbol_entry *entry = &table->entries[i];
        if (entry->high > entry->low)
            continue;
        entry->high = entry->low + SIZELESS_BYTES_LIMIT > entry->low ? entry->low + SIZELESS_BYTES_LIMIT : UINT64_MAX;
        if (i + 1 < kept && table->entries[i + 1].low < entry->high)
            entry->high = table->entries[i + 1].low;
    }
}

int symbol_table_load(struct symbol_table *table, const struct elf_file *file, uint32_t section_type)
{
    struct loading loading = {table, section_type == SHT_DYNSYM, 0};
    elf_file_symbols(file, section_type, take, &loading);
    if (table->count > 1)
        qsort(table->entries, table->count, sizeof *table->entries, compare);
    settle(table);
    return loading.code;
}

void symbol_table_fini(struct symbol_table *table)
{
    free(table->entries);
    *table = (struct symbol_table){0};
}

const struct symbol_entry *symbol_table_find(const struct symbol_table *table, uint64_t address)
{
    size_t low = 0, high = table->count; /* the first that begins behind `address` */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (table->entries[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* A few steps back: a large function may hold the entry points of others (assembly). */
    for (size_t back = 0; back < 16 && low > 0; back++, low--)
        if (address < table->entries[low - 1].high)
            return &table->entries[low - 1];
    return NULL;
}
