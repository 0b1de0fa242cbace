/* One ELF file that is asked about. Each source of names is opened when the better ones before it had no answer. */

#include "symbols/object.h"

#include <stdlib.h>
#include <string.h>

#include "elf/debug-file.h"
#include "elf/elf-file.h"
#include "symbols/demangle.h"
#include "symbols/mini-debug.h"
#include "symbols/symbol-table.h"
#include "symbols/units.h"

struct table {
    struct symbol_table symbols;
    bool is_loaded;
};

struct object {
    struct elf_file elf;
    struct debug_file debug;
    struct debug_info *info; /* NULL: none */
    struct units *units;
    struct elf_file mini; /* the file within .gnu_debugdata; fd -1: none */
    struct table tables[SYMBOLS_NONE];
    struct strings *names;
    struct servers *servers; /* NULL: none are asked */
    bool units_were_opened;
};

static const struct elf_file *debug_elf(const struct object *object)
{
    return object->debug.elf.fd >= 0 ? &object->debug.elf : &object->elf;
}

static int fetch(const uint8_t *id, size_t id_bytes, void *data)
{
    return servers_fetch(data, id, id_bytes);
}

static void ask_servers(struct object *object, struct servers *servers)
{
    size_t id_bytes = 0;
    const uint8_t *id = elf_file_build_id(&object->elf, &id_bytes);
    const int file = id != NULL ? servers_fetch(servers, id, id_bytes) : -1;
    if (file >= 0)
        debug_file_take(&object->debug, &object->elf, file);
}

struct object *object_open(const char *path, const char *debug_root, struct servers *servers, struct strings *names)
{
    struct object *object = calloc(1, sizeof *object);
    if (object == NULL)
        return NULL;
    object->names = names;
    object->mini.fd = object->debug.elf.fd = -1;
    if (elf_file_open(&object->elf, path, NULL) != 0) {
        free(object);
        return NULL;
    }
    if (debug_file_find(&object->debug, &object->elf, path, debug_root) != 0) {
        object_close(object);
        return NULL;
    }
    object->servers = servers;
    return object;
}

/* The debug information, at its first use: it may have to be fetched, and to be decompressed. */
static struct units *open_units(struct object *object)
{
    if (object->units_were_opened)
        return object->units;
    object->units_were_opened = true;
    if (!object->debug.has_info && object->servers != NULL)
        ask_servers(object, object->servers);
    const struct elf_file *source = debug_elf(object);
    if (object->debug.has_info && debug_info_open(source, &object->info, NULL) == 0) {
        if (object->servers != NULL)
            debug_info_set_fetch(object->info, fetch, object->servers);
        object->units = units_new(object->info, object->names, source->size_bytes);
    }
    return object->units;
}

void object_close(struct object *object)
{
    if (object == NULL)
        return;
    for (size_t i = 0; i < SYMBOLS_NONE; i++)
        symbol_table_fini(&object->tables[i].symbols);
    units_free(object->units);
    debug_info_close(object->info);
    if (object->mini.fd >= 0)
        elf_file_close(&object->mini);
    debug_file_close(&object->debug);
    elf_file_close(&object->elf);
    free(object);
}

static void load_table(struct object *object, enum symbols_source source, struct symbol_table *table)
{
    switch (source) {
    case SYMBOLS_SYMTAB:
        symbol_table_load(table, debug_elf(object), SHT_SYMTAB);
        if (table->count == 0 && debug_elf(object) != &object->elf)
            symbol_table_load(table, &object->elf, SHT_SYMTAB);
        break;
    case SYMBOLS_MINI_DEBUG:
        if (mini_debug_open(&object->elf, &object->mini))
            symbol_table_load(table, &object->mini, SHT_SYMTAB);
        break;
    case SYMBOLS_DYNSYM:
        symbol_table_load(table, &object->elf, SHT_DYNSYM);
        break;
    case SYMBOLS_DWARF:
    case SYMBOLS_NONE:
        break;
    }
}

static const struct symbol_entry *find_symbol(struct object *object, enum symbols_source source, uint64_t address)
{
    struct table *table = &object->tables[source];
    if (!table->is_loaded) {
        table->is_loaded = true;
        load_table(object, source, &table->symbols);
    }
    return symbol_table_find(&table->symbols, address);
}

static const char *keep(struct strings *names, const char *text)
{
    return text != NULL ? strings_text(names, strings_add(names, text)) : NULL;
}

/* "malloc@@GLIBC_2.2.5" is malloc. */
static char *without_version(const char *name)
{
    const char *at = strchr(name, '@');
    return at != NULL && at > name ? strndup(name, (size_t)(at - name)) : strdup(name);
}

static void name_by_symbol(struct object *object, uint64_t address, struct symbols_frame *frame)
{
    const struct symbol_entry *symbol = NULL;
    enum symbols_source source = SYMBOLS_SYMTAB;
    for (; source < SYMBOLS_NONE; source++) {
        symbol = find_symbol(object, source, address);
        if (symbol != NULL)
            break;
    }
    char *name = symbol != NULL ? without_version(symbol->name) : NULL;
    char *demangled = name != NULL ? demangle(name) : NULL;
    if (demangled != NULL) {
        frame->linkage_name = keep(object->names, name);
        frame->function = keep(object->names, demangled);
        frame->source = source;
    } else if (name != NULL && frame->function == NULL) {
        frame->function = keep(object->names, name);
        frame->source = source;
    }
    free(demangled);
    free(name);
}

/* Compilers leave the linkage name, and with -g1 the scope, out of what DWARF says of lambdas, methods of local classes
   and their like: a C++ symbol then has the better name. For C alone the symbols, of which there may be millions, need not
   be read. */
size_t object_lookup(struct object *object, uint64_t address, bool wants_lines, struct symbols_frame *out)
{
    bool is_cxx = false;
    struct units *units = wants_lines ? open_units(object) : NULL;
    size_t count = units != NULL ? units_lookup(units, address, out, &is_cxx) : 0;
    if (count == 0) {
        out[0] = (struct symbols_frame){.source = SYMBOLS_NONE};
        count = 1;
    }
    size_t available_bytes;
    const bool is_good = out[count - 1].linkage_name != NULL || (out[count - 1].function != NULL && !is_cxx);
    if (!is_good && elf_file_text_at(&object->elf, address, &available_bytes) != NULL)
        name_by_symbol(object, address, &out[count - 1]);
    return count;
}
