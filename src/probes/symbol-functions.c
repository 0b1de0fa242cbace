/* Functions by their ELF symbols. */

#include "probes/symbol-functions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/marks.h"

struct collection {
    struct symbol_functions *functions;
    const struct elf_file *program;
    symbol_functions_filter_fn is_wanted;
    void *data;
    int code;
};

static int add(struct symbol_functions *functions, const char *name, uint64_t low, uint64_t high)
{
    struct debug_symbol *items =
        array_reserve(functions->items, functions->count, &functions->capacity, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    functions->items = items;
    struct debug_symbol symbol = {strdup(name), low, {0}};
    if (symbol.name == NULL || range_list_add(&symbol.ranges, low, high) != 0) {
        free(symbol.name);
        return -ENOMEM;
    }
    items[functions->count++] = symbol;
    return 0;
}

static bool visit_function(const struct elf_symbol *symbol, void *data)
{
    struct collection *collection = data;
    if (!symbol->is_defined || symbol->type != STT_FUNC || symbol->address == 0 || symbol->size_bytes == 0 ||
        symbol->size_bytes > UINT64_MAX - symbol->address || strstr(symbol->name, ".cold") != NULL)
        return true;
    const uint64_t high = symbol->address + symbol->size_bytes;
    uint64_t low = symbol->address;
    if (marks_is_hook_prologue(collection->program, low) && high - low > MARKS_HOOK_BYTES)
        low += MARKS_HOOK_BYTES;
    const struct range range = {low, high};
    const struct range_list ranges = {(struct range *)(uintptr_t)&range, 1, 1};
    if (collection->is_wanted(symbol->name, &ranges, collection->data))
        collection->code = add(collection->functions, symbol->name, low, high);
    return collection->code == 0;
}

/* "name.cold" belongs to "name". */
static bool visit_cold_part(const struct elf_symbol *symbol, void *data)
{
    struct collection *collection = data;
    const char *suffix = strstr(symbol->name, ".cold");
    if (suffix == NULL || symbol->address <= 1 || symbol->size_bytes > UINT64_MAX - symbol->address)
        return true;
    const size_t length = (size_t)(suffix - symbol->name);
    for (size_t i = 0; i < collection->functions->count && collection->code == 0; i++) {
        struct debug_symbol *function = &collection->functions->items[i];
        if (strncmp(function->name, symbol->name, length) == 0 && function->name[length] == '\0')
            collection->code =
                range_list_add(&function->ranges, symbol->address, symbol->address + symbol->size_bytes);
    }
    return collection->code == 0;
}

int symbol_functions_find(struct symbol_functions *functions, const struct elf_file *program,
                          const struct elf_file *file, symbol_functions_filter_fn is_wanted, void *data)
{
    struct collection collection = {functions, program, is_wanted, data, 0};
    elf_file_symbols(file, SHT_SYMTAB, visit_function, &collection);
    if (functions->count == 0 && collection.code == 0)
        elf_file_symbols(file, SHT_DYNSYM, visit_function, &collection);
    if (functions->count > 0 && functions->count < 1000 && collection.code == 0)
        elf_file_symbols(file, SHT_SYMTAB, visit_cold_part, &collection);
    for (size_t i = 0; i < functions->count; i++)
        range_list_normalize(&functions->items[i].ranges);
    return collection.code;
}

void symbol_functions_fini(struct symbol_functions *functions)
{
    for (size_t i = 0; i < functions->count; i++) {
        free(functions->items[i].name);
        range_list_fini(&functions->items[i].ranges);
    }
    free(functions->items);
    *functions = (struct symbol_functions){0};
}
