/* Finding the functions behind our hooks.

   dlsym(RTLD_NEXT) would do, but it may call calloc before calloc is known, leaves an error behind for the program's
   next dlerror when a function does not exist, and takes the loader's lock. So the list of loaded objects is searched
   here, from the one after ours on: at start-up it has the order of the loader's own search. The rules are the loader's
   (System V ABI, "Dynamic Linking"; symbol versions as in the LSB): the first definition wins, hidden versions do not
   count, indirect functions are asked for their address. */

#include "preload/real.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

struct real real;

extern ElfW(Dyn) _DYNAMIC[] GUEST_HIDDEN;

/* What a look-up needs of an object. */
struct object {
    const struct link_map *map;
    const ElfW(Sym) * symbols;
    const char *strings;
    const ElfW(Half) * versions; /* NULL: none */
    const uint32_t *gnu_hash;    /* NULL: only the old hash table */
    const uint32_t *hash;
};

static bool is_same(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The loader has relocated the addresses in a dynamic section, unless the section is read-only. */
static const void *dynamic_pointer(const struct link_map *map, const ElfW(Dyn) * entry)
{
    uintptr_t value = entry->d_un.d_ptr;
    return (const void *)(value < map->l_addr ? value + map->l_addr : value);
}

static struct object object_of(const struct link_map *map)
{
    struct object object = {.map = map};
    for (const ElfW(Dyn) *entry = map->l_ld; entry != NULL && entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            object.symbols = dynamic_pointer(map, entry);
            break;
        case DT_STRTAB:
            object.strings = dynamic_pointer(map, entry);
            break;
        case DT_VERSYM:
            object.versions = dynamic_pointer(map, entry);
            break;
        case DT_GNU_HASH:
            object.gnu_hash = dynamic_pointer(map, entry);
            break;
        case DT_HASH:
            object.hash = dynamic_pointer(map, entry);
            break;
        }
    }
    return object;
}

/* Symbol number `index`, if it defines `name` and is eligible; else NULL. */
static const ElfW(Sym) * definition_at(const struct object *object, uint32_t index, const char *name)
{
    const ElfW(Sym) *symbol = &object->symbols[index];
    int type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 || !is_same(object->strings + symbol->st_name, name))
        return NULL;
    if (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC)
        return NULL;
    if (object->versions != NULL && (object->versions[index] & 0x8000) != 0)
        return NULL;
    return symbol;
}

/* A GNU hash table (binutils' bfd/elflink.c). Symbols from number `first` on are in it. */
struct gnu_hash {
    uint32_t bucket_count, first;
    const uint32_t *buckets, *chains; /* a chain's last entry is odd; the entry of symbol `first` is chains[0] */
};

static struct gnu_hash gnu_hash_of(const struct object *object)
{
    const uint32_t *head = object->gnu_hash;
    uint32_t filter_words = head[2];
    const uint32_t *buckets = head + 4 + filter_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    return (struct gnu_hash){
        .bucket_count = head[0], .first = head[1], .buckets = buckets, .chains = buckets + head[0]};
}

static const ElfW(Sym) * find_by_gnu_hash(const struct object *object, const char *name)
{
    uint32_t hash = 5381;
    for (const char *c = name; *c != '\0'; c++)
        hash = hash * 33 + (uint8_t)*c;
    struct gnu_hash table = gnu_hash_of(object);
    uint32_t index = table.bucket_count ? table.buckets[hash % table.bucket_count] : 0;
    if (index < table.first)
        return NULL;
    for (;; index++) {
        uint32_t chain = table.chains[index - table.first];
        const ElfW(Sym) *symbol = (chain | 1) == (hash | 1) ? definition_at(object, index, name) : NULL;
        if (symbol != NULL || (chain & 1) != 0)
            return symbol;
    }
}

static const ElfW(Sym) * find_by_hash(const struct object *object, const char *name)
{
    uint32_t hash = 0;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash << 4) + (uint8_t)*c;
        uint32_t high = hash & 0xf0000000u;
        hash = (hash ^ high >> 24) & ~high;
    }
    uint32_t bucket_count = object->hash[0];
    const uint32_t *chains = object->hash + 2 + bucket_count;
    uint32_t index = bucket_count ? object->hash[2 + hash % bucket_count] : 0;
    for (; index != 0; index = chains[index]) {
        const ElfW(Sym) *symbol = definition_at(object, index, name);
        if (symbol != NULL)
            return symbol;
    }
    return NULL;
}

static const ElfW(Sym) * find_symbol_in(const struct link_map *map, const char *name)
{
    struct object object = object_of(map);
    if (object.symbols == NULL || object.strings == NULL)
        return NULL;
    if (object.gnu_hash != NULL)
        return find_by_gnu_hash(&object, name);
    return object.hash != NULL ? find_by_hash(&object, name) : NULL;
}

static void *address_of(const struct link_map *map, const ElfW(Sym) * symbol)
{
    if (symbol == NULL)
        return NULL;
    uintptr_t address = map->l_addr + symbol->st_value;
    return ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC ? ((void *(*)(void))address)() : (void *)address;
}

static void *find_in(const struct link_map *map, const char *name)
{
    return address_of(map, find_symbol_in(map, name));
}

/* The first definition of `name` after our own, and the object that has it. */
static const ElfW(Sym) * find_next_symbol(const struct link_map *own, const char *name, const struct link_map **owner)
{
    for (*owner = own->l_next; *owner != NULL; *owner = (*owner)->l_next) {
        const ElfW(Sym) *symbol = find_symbol_in(*owner, name);
        if (symbol != NULL)
            return symbol;
    }
    return NULL;
}

static void *find_next(const struct link_map *own, const char *name, const struct link_map **owner)
{
    const ElfW(Sym) *symbol = find_next_symbol(own, name, owner);
    return address_of(*owner, symbol);
}

static const struct link_map *own_map(void)
{
    for (const struct link_map *map = _r_debug.r_map; map != NULL; map = map->l_next)
        if (map->l_ld == _DYNAMIC)
            return map;
    return NULL;
}

/* For an allocator that cannot tell: blocks are then counted, their bytes are not. */
static size_t no_usable_size(void *block)
{
    return 0;
}

void real_resolve(void)
{
    const struct link_map *own = own_map(), *allocator = NULL, *owner;
    if (own == NULL || find_next(own, "malloc", &allocator) == NULL)
        return;
#define FIND(result, name, parameters)                                                                                 \
    real.name.call = (result(*) parameters)find_next(own, #name, &owner);                                              \
    real.name.is_allocators = owner == allocator;
#define FIND_OPTIONAL(result, name, parameters)                                                                        \
    real.name.call = (result(*) parameters)find_in(allocator, #name);                                                  \
    real.name.is_allocators = real.name.call != NULL;
#define FIND_OPERATOR(name) FIND(void, name, (void))
    REAL_FUNCTIONS(FIND)
    REAL_OPTIONAL_FUNCTIONS(FIND_OPTIONAL)
    if (real.malloc_usable_size.call == NULL)
        real.malloc_usable_size.call = no_usable_size;
    FIND_OPERATOR(_Znwm)
    if (real._Znwm.call != NULL) { /* else do not bring in the symbol tables of every library for nothing */
        REAL_OPERATORS(FIND_OPERATOR)
    }

    struct dl_find_object found, libc;
    if (_dl_find_object((void *)real.malloc.call, &found) == 0) {
        real.allocator_start = (uintptr_t)found.dlfo_map_start;
        real.allocator_end = (uintptr_t)found.dlfo_map_end;
    }
    real.allocator_path = allocator->l_name;
    real.allocator_is_libc = _dl_find_object((void *)real.listen.call, &libc) == 0 && libc.dlfo_link_map == allocator;
}

void real_visit_hooked(real_visit *visit)
{
    const struct link_map *own = own_map(), *owner;
    struct dl_find_object libc;
    if (own == NULL || object_of(own).gnu_hash == NULL || _dl_find_object((void *)real.listen.call, &libc) != 0)
        return;
    struct object object = object_of(own);
    struct gnu_hash table = gnu_hash_of(&object);
    for (uint32_t bucket = 0; bucket < table.bucket_count; bucket++) {
        uint32_t index = table.buckets[bucket];
        if (index < table.first)
            continue;
        do {
            const ElfW(Sym) *hook = &object.symbols[index];
            const ElfW(Sym) *hooked = find_next_symbol(own, object.strings + hook->st_name, &owner);
            if (owner == libc.dlfo_link_map && ELF64_ST_TYPE(hooked->st_info) == STT_FUNC)
                visit(owner, hooked, address_of(own, hook));
        } while ((table.chains[index++ - table.first] & 1) == 0);
    }
}

void *real_in_cxx_library(const char *name)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        void *library = dlopen(libraries[i], RTLD_NOLOAD | RTLD_LAZY);
        void *found = library != NULL ? dlsym(library, name) : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}
