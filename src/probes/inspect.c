/* What kind of program a file is. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf/debug-file.h"
#include "elf/debug-info.h"
#include "elf/elf-file.h"
#include "probes/probes.h"

#define HEAD_BYTES 4096
#define GLIBC_INTERPRETER "ld-linux-x86-64.so.2"

struct facts {
    const char *sanitizer;
    const char *allocator;
    bool defines_malloc;
};

static void look_at_name(struct facts *facts, const char *name, bool is_defined)
{
    static const struct {
        const char *symbol, *sanitizer;
    } sanitizers[] = {
        {"__asan_init", "AddressSanitizer"},
        {"__hwasan_init", "HWAddressSanitizer"},
        {"__tsan_init", "ThreadSanitizer"},
        {"__msan_init", "MemorySanitizer"},
        {"__lsan_init", "LeakSanitizer"},
    };
    static const struct {
        const char *symbol, *allocator;
    } allocators[] = {
        {"mallctl", "jemalloc"},
        {"je_mallctl", "jemalloc"},
        {"tc_malloc", "tcmalloc"},
        {"mi_malloc", "mimalloc"},
    };
    for (size_t i = 0; facts->sanitizer == NULL && i < sizeof sanitizers / sizeof *sanitizers; i++)
        if (strcmp(name, sanitizers[i].symbol) == 0)
            facts->sanitizer = sanitizers[i].sanitizer;
    for (size_t i = 0; is_defined && i < sizeof allocators / sizeof *allocators; i++)
        if (strcmp(name, allocators[i].symbol) == 0)
            facts->allocator = allocators[i].allocator;
    if (is_defined && strcmp(name, "malloc") == 0)
        facts->defines_malloc = true;
}

static bool look_at_symbol(const struct elf_symbol *symbol, void *data)
{
    look_at_name(data, symbol->name, symbol->is_defined && symbol->type != STT_OBJECT);
    return true;
}

static void look_at_library(struct facts *facts, const char *library)
{
    static const struct {
        const char *prefix, *sanitizer;
    } libraries[] = {
        {"libasan.so", "AddressSanitizer"},
        {"libclang_rt.asan", "AddressSanitizer"},
        {"libhwasan.so", "HWAddressSanitizer"},
        {"libtsan.so", "ThreadSanitizer"},
        {"libclang_rt.tsan", "ThreadSanitizer"},
        {"liblsan.so", "LeakSanitizer"},
    };
    for (size_t i = 0; facts->sanitizer == NULL && i < sizeof libraries / sizeof *libraries; i++)
        if (strncmp(library, libraries[i].prefix, strlen(libraries[i].prefix)) == 0)
            facts->sanitizer = libraries[i].sanitizer;
}

/* The libraries that the dynamic section names, and whether DF_1_PIE says that a shared object is a program. */
static bool look_at_dynamic(const struct elf_file *elf, struct facts *facts)
{
    bool is_pie = false;
    for (size_t i = 0; i < elf->section_count; i++) {
        const Elf64_Shdr *section = &elf->sections[i];
        size_t size, names_bytes;
        if (section->sh_type != SHT_DYNAMIC || section->sh_link >= elf->section_count)
            continue;
        const uint8_t *bytes = elf_file_section_bytes(elf, section, &size);
        const char *names = (const char *)elf_file_section_bytes(elf, &elf->sections[section->sh_link], &names_bytes);
        if (bytes == NULL || names == NULL || names_bytes == 0 || names[names_bytes - 1] != '\0')
            continue;
        for (size_t at = 0; size - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
            Elf64_Dyn entry;
            memcpy(&entry, bytes + at, sizeof entry);
            if (entry.d_tag == DT_NULL)
                break;
            if (entry.d_tag == DT_NEEDED && entry.d_un.d_val < names_bytes)
                look_at_library(facts, names + entry.d_un.d_val);
            if (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0)
                is_pie = true;
        }
    }
    return is_pie;
}

static int copy_text(char **to, const char *text, size_t length)
{
    *to = strndup(text, length);
    return *to != NULL ? 0 : -ENOMEM;
}

static int read_interpreter(const struct elf_file *elf, char **interpreter)
{
    for (size_t i = 0; i < elf->segment_count; i++) {
        const Elf64_Phdr *segment = &elf->segments[i];
        if (segment->p_type == PT_INTERP && segment->p_offset < elf->size_bytes &&
            segment->p_filesz <= elf->size_bytes - segment->p_offset)
            return copy_text(interpreter, (const char *)elf->bytes + segment->p_offset, segment->p_filesz);
    }
    return 0;
}

static void classify_elf(const struct elf_file *elf, bool has_pie_flag, struct inspect *out)
{
    const bool is_program = elf->header.e_type == ET_EXEC || elf->header.e_type == ET_DYN;
    out->pie = elf->header.e_type == ET_DYN && (has_pie_flag || out->interpreter != NULL);
    if (!is_program)
        out->kind = INSPECT_ELF_NOT_PROGRAM;
    else if (out->interpreter != NULL) {
        const char *name = strrchr(out->interpreter, '/');
        name = name != NULL ? name + 1 : out->interpreter;
        out->kind = strcmp(name, GLIBC_INTERPRETER) == 0 ? INSPECT_ELF_DYNAMIC : INSPECT_ELF_OTHER_LIBC;
    } else if (elf->header.e_type == ET_EXEC || has_pie_flag) {
        out->kind = INSPECT_ELF_STATIC;
    } else {
        out->kind = INSPECT_ELF_NOT_PROGRAM; /* a shared library */
    }
}

static int look_at_debug(const struct elf_file *elf, const char *path, const char *debug_root, struct inspect *out)
{
    struct debug_file debug = {.elf.fd = -1};
    struct debug_info *info = NULL;
    const int code = debug_file_find(&debug, elf, path, debug_root);
    if (code == 0) {
        out->has_debug_info = debug.has_info;
        out->has_line_table = debug.has_lines;
        if (debug.has_info && debug_info_open(debug.elf.fd >= 0 ? &debug.elf : elf, &info, NULL) == 0)
            debug_info_first_unit(info, &out->dwarf_version, &out->producer);
    }
    debug_info_close(info);
    debug_file_close(&debug);
    return code;
}

static int look_at_elf(const char *path, const char *debug_root, struct inspect *out, struct err *err)
{
    struct elf_file elf;
    struct facts facts = {0};
    int code = elf_file_open(&elf, path, err);
    if (code != 0)
        return code;
    const bool has_pie_flag = look_at_dynamic(&elf, &facts);
    elf_file_symbols(&elf, SHT_DYNSYM, look_at_symbol, &facts);
    elf_file_symbols(&elf, SHT_SYMTAB, look_at_symbol, &facts);
    code = read_interpreter(&elf, &out->interpreter);
    classify_elf(&elf, has_pie_flag, out);
    out->stripped = true;
    for (size_t i = 0; i < elf.section_count; i++)
        out->stripped = out->stripped && elf.sections[i].sh_type != SHT_SYMTAB;
    if (code == 0 && facts.sanitizer != NULL)
        code = copy_text(&out->sanitizer, facts.sanitizer, strlen(facts.sanitizer));
    const char *allocator = facts.allocator != NULL ? facts.allocator : facts.defines_malloc ? "own malloc" : NULL;
    if (code == 0 && allocator != NULL && facts.sanitizer == NULL && out->kind == INSPECT_ELF_DYNAMIC)
        code = copy_text(&out->own_allocator, allocator, strlen(allocator));
    if (code == 0)
        code = look_at_debug(&elf, path, debug_root, out);
    elf_file_close(&elf);
    return code != 0 ? err_set(err, code, "%s: %s", path, strerror(-code)) : 0;
}

/* "#!/usr/bin/env python3": the program is /usr/bin/env; whoever starts it follows the search. */
static int look_at_script(const char *head, size_t length, struct inspect *out)
{
    size_t at = 2;
    while (at < length && (head[at] == ' ' || head[at] == '\t'))
        at++;
    size_t end = at;
    while (end < length && !isspace((unsigned char)head[end]) && head[end] != '\0')
        end++;
    out->kind = INSPECT_SCRIPT;
    return copy_text(&out->interpreter, head + at, end - at);
}

static bool looks_like_source(const char *path, const char *head, size_t length)
{
    static const char *const endings[] = {".c", ".cc", ".cpp", ".cxx", ".C", ".h", ".hh", ".hpp"};
    if (memchr(head, '\0', length) != NULL)
        return false;
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0)
            return true;
    return memmem(head, length, "#include ", 9) != NULL || memmem(head, length, "int main(", 9) != NULL;
}

static int look_at_other_arch(const unsigned char *head, struct inspect *out)
{
    out->kind = INSPECT_ELF_OTHER_ARCH;
    out->bits = head[EI_CLASS] == ELFCLASS32 ? 32 : 64;
    out->machine = head[EI_DATA] == ELFDATA2MSB ? head[18] << 8 | head[19] : head[19] << 8 | head[18];
    return 0;
}

static bool is_secure(int fd, const struct stat *status)
{
    const bool is_set_id = (status->st_mode & S_ISUID) != 0 ||
                           ((status->st_mode & S_ISGID) != 0 && (status->st_mode & S_IXGRP) != 0);
    return is_set_id || fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static int look_at_contents(const char *path, const char *debug_root, const unsigned char *head, size_t length, struct inspect *out,
                            struct err *err)
{
    const char *text = (const char *)head;
    if (length >= 20 && memcmp(head, ELFMAG, SELFMAG) == 0) {
        look_at_other_arch(head, out);
        if (out->bits == 64 && head[EI_DATA] == ELFDATA2LSB && out->machine == EM_X86_64)
            return look_at_elf(path, debug_root, out, err);
        return 0;
    }
    if (length >= 2 && memcmp(head, "#!", 2) == 0)
        return look_at_script(text, length, out);
    out->kind = looks_like_source(path, text, length) ? INSPECT_SOURCE : INSPECT_OTHER;
    return 0;
}

int inspect_file(const char *path, const char *debug_root, struct inspect *out, struct err *err)
{
    *out = (struct inspect){.kind = INSPECT_OTHER};
    unsigned char head[HEAD_BYTES];
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_set(err, -errno, "%s: cannot open: %s", path, strerror(errno));
    int code = 0;
    ssize_t length = 0;
    if (fstat(fd, &status) != 0)
        code = err_set(err, -errno, "%s: cannot read: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        code = err_set(err, S_ISDIR(status.st_mode) ? -EISDIR : -EACCES, "%s: not a regular file", path);
    else if ((length = pread(fd, head, sizeof head, 0)) < 0)
        code = err_set(err, -errno, "%s: cannot read: %s", path, strerror(errno));
    if (code == 0) {
        out->setuid = is_secure(fd, &status);
        code = look_at_contents(path, debug_root, head, (size_t)length, out, err);
    }
    close(fd);
    if (code != 0)
        inspect_fini(out);
    return code;
}

void inspect_fini(struct inspect *inspect)
{
    free(inspect->interpreter);
    free(inspect->sanitizer);
    free(inspect->own_allocator);
    free(inspect->preload_hostile);
    free(inspect->producer);
    *inspect = (struct inspect){.kind = INSPECT_OTHER};
}
