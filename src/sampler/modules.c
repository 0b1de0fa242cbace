/* Rules are remembered in one lossy table for all files: a stack's addresses are mostly those of the one before. */

#include "sampler/modules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/array.h"
#include "elf/elf-file.h"
#include "elf/strings.h"

#define VDSO "[vdso]"
#define VDSO_BYTES_MOST 65536u
#define RULES 16384u      /* a power of two */
#define COUNT_MOST 65000u /* a session's frames number them with 16 bits */

struct module {
    bool is_own, was_opened, is_open, has_rules;
    struct elf_file elf;
    struct cfi_module cfi;
};

struct known_rule {
    uint64_t address;
    uint32_t module; /* plus one; 0: free */
    struct cfi_rule rule;
};

struct modules {
    char *own_name;
    struct strings paths; /* their numbers are the modules' */
    struct module *items;
    size_t capacity;
    struct known_rule rules[RULES];
};

struct modules *modules_new(const char *own_name)
{
    struct modules *modules = calloc(1, sizeof *modules);
    if (modules == NULL)
        return NULL;
    modules->own_name = strdup(own_name);
    if (modules->own_name != NULL)
        return modules;
    free(modules);
    return NULL;
}

void modules_free(struct modules *modules)
{
    if (modules == NULL)
        return;
    for (size_t i = 0; i < modules->paths.count; i++)
        if (modules->items[i].is_open)
            elf_file_close(&modules->items[i].elf);
    free(modules->items);
    strings_fini(&modules->paths);
    free(modules->own_name);
    free(modules);
}

static bool ends_in(const char *path, const char *name)
{
    size_t path_length = strlen(path), length = strlen(name);
    return path_length > length && path[path_length - length - 1] == '/' &&
           strcmp(path + path_length - length, name) == 0;
}

uint32_t modules_find(struct modules *modules, const char *path)
{
    if ((path[0] != '/' || path[1] == '/') && strcmp(path, VDSO) != 0) /* "//anon", "[heap]" */
        return MODULES_NONE;
    if (modules->paths.count >= COUNT_MOST)
        return MODULES_NONE;
    struct module *items =
        array_grow(modules->items, &modules->capacity, modules->paths.count + 1, sizeof *modules->items);
    if (items == NULL)
        return MODULES_NONE;
    modules->items = items;
    size_t before = modules->paths.count;
    uint32_t number = strings_add(&modules->paths, path);
    if (number == STRINGS_NONE)
        return MODULES_NONE;
    if (modules->paths.count > before)
        modules->items[number] = (struct module){.is_own = ends_in(path, modules->own_name)};
    return number;
}

uint32_t modules_count(const struct modules *modules)
{
    return (uint32_t)modules->paths.count;
}

const char *modules_path(const struct modules *modules, uint32_t module)
{
    return strings_text(&modules->paths, module);
}

bool modules_is_own(const struct modules *modules, uint32_t module)
{
    return module != MODULES_NONE && modules->items[module].is_own;
}

/* The kernel's own code in every process: the same in ours. */
static int open_vdso(struct elf_file *elf)
{
    const uint8_t *vdso = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
    int fd = vdso != NULL ? memfd_create("vdso", MFD_CLOEXEC) : -1;
    if (fd < 0)
        return -1;
    size_t size = 0;
    while (size < VDSO_BYTES_MOST && write(fd, vdso + size, (size_t)getpagesize()) == getpagesize())
        size += (size_t)getpagesize(); /* ends with -EFAULT behind its last page */
    return elf_file_open_fd(elf, fd, VDSO, NULL);
}

static bool find_area(const struct elf_file *elf, const char *section, struct cfi_area *area)
{
    const Elf64_Shdr *header = elf_file_section(elf, section);
    if (header == NULL)
        return false;
    area->bytes = elf_file_section_bytes(elf, header, &area->size_bytes);
    area->address = header->sh_addr;
    return area->bytes != NULL;
}

/* By the section headers; a file that has none has the table's place among its segments. */
static bool find_rules(const struct elf_file *elf, struct cfi_module *cfi)
{
    if (find_area(elf, ".eh_frame_hdr", &cfi->header) && find_area(elf, ".eh_frame", &cfi->frames)) {
        cfi->header_address = cfi->header.address;
        return true;
    }
    for (size_t i = 0; i < elf->segment_count; i++) {
        if (elf->segments[i].p_type != PT_GNU_EH_FRAME)
            continue;
        struct cfi_area area = {.address = elf->segments[i].p_vaddr};
        area.bytes = elf_file_at(elf, area.address, &area.size_bytes);
        *cfi = (struct cfi_module){.header = area, .frames = area, .header_address = area.address};
        return area.bytes != NULL;
    }
    return false;
}

static struct module *open_module(struct modules *modules, uint32_t number)
{
    struct module *module = &modules->items[number];
    if (module->was_opened)
        return module;
    const char *path = modules_path(modules, number);
    module->was_opened = true;
    module->is_open =
        (strcmp(path, VDSO) == 0 ? open_vdso(&module->elf) : elf_file_open(&module->elf, path, NULL)) == 0;
    module->has_rules = module->is_open && find_rules(&module->elf, &module->cfi);
    return module;
}

bool modules_address(struct modules *modules, uint32_t number, uint64_t offset, uint64_t *address)
{
    if (number == MODULES_NONE)
        return false;
    const struct module *module = open_module(modules, number);
    for (size_t i = 0; module->is_open && i < module->elf.segment_count; i++) {
        const Elf64_Phdr *segment = &module->elf.segments[i];
        /* Whole pages are mapped: what lies in front of a segment in its first one is no code that runs. */
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0 || offset < segment->p_offset ||
            offset - segment->p_offset >= segment->p_filesz)
            continue;
        *address = offset - segment->p_offset + segment->p_vaddr;
        return true;
    }
    return false;
}

bool modules_is_behind_call(struct modules *modules, uint32_t number, uint64_t address)
{
    static const uint8_t syscall_insn[] = {0x0f, 0x05};
    size_t available = 0;
    if (number == MODULES_NONE || !open_module(modules, number)->is_open)
        return false;
    const uint8_t *code = elf_file_text_at(&modules->items[number].elf, address - sizeof syscall_insn, &available);
    return code != NULL && available >= sizeof syscall_insn && memcmp(code, syscall_insn, sizeof syscall_insn) == 0;
}

struct cfi_rule modules_rule(struct modules *modules, uint32_t number, uint64_t address)
{
    if (number == MODULES_NONE || !open_module(modules, number)->has_rules)
        return (struct cfi_rule){.kind = CFI_UNKNOWN};
    uint64_t mixed = (address ^ (uint64_t)number << 40) * UINT64_C(0x9E3779B97F4A7C15);
    struct known_rule *known = &modules->rules[mixed >> 50 & (RULES - 1)];
    if (known->module != number + 1 || known->address != address)
        *known = (struct known_rule){
            .address = address, .module = number + 1, .rule = cfi_evaluate(&modules->items[number].cfi, address)};
    return known->rule;
}
