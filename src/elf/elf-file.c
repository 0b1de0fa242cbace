/* An x86-64 ELF file mapped for reading. */

#include "elf/elf-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether [offset, offset + size) lies in the file. */
static bool is_inside(const struct elf_file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size_bytes && size <= file->size_bytes - offset;
}

static void *copy_table(const struct elf_file *file, uint64_t offset, size_t count, size_t entry_bytes)
{
    if (count == 0 || !is_inside(file, offset, (uint64_t)count * entry_bytes))
        return NULL;
    void *table = malloc(count * entry_bytes);
    if (table != NULL)
        memcpy(table, file->bytes + offset, count * entry_bytes);
    return table;
}

/* The number of sections, which an overflowing file keeps in its section 0 (gABI, "ELF Header"). */
static size_t section_count(const struct elf_file *file)
{
    const Elf64_Ehdr *header = &file->header;
    if (header->e_shoff == 0 || header->e_shentsize != sizeof(Elf64_Shdr))
        return 0;
    if (header->e_shnum != 0)
        return header->e_shnum;
    Elf64_Shdr first;
    if (!is_inside(file, header->e_shoff, sizeof first))
        return 0;
    memcpy(&first, file->bytes + header->e_shoff, sizeof first);
    return first.sh_size <= file->size_bytes / sizeof first ? first.sh_size : 0;
}

static void load_tables(struct elf_file *file)
{
    const Elf64_Ehdr *header = &file->header;
    size_t count = section_count(file);
    file->sections = copy_table(file, header->e_shoff, count, sizeof *file->sections);
    file->section_count = file->sections != NULL ? count : 0;
    if (header->e_phentsize == sizeof(Elf64_Phdr))
        file->segments = copy_table(file, header->e_phoff, header->e_phnum, sizeof *file->segments);
    file->segment_count = file->segments != NULL ? header->e_phnum : 0;

    size_t names = header->e_shstrndx;
    if (names == SHN_XINDEX && file->section_count > 0)
        names = file->sections[0].sh_link;
    if (names >= file->section_count)
        return;
    size_t size;
    const uint8_t *bytes = elf_file_section_bytes(file, &file->sections[names], &size);
    if (bytes == NULL || size == 0 || bytes[size - 1] != '\0')
        return;
    file->names = (const char *)bytes;
    file->names_bytes = size;
}

static int check_header(struct elf_file *file, const char *path, struct err *err)
{
    if (file->size_bytes < sizeof file->header)
        return err_set(err, -ENOEXEC, "%s: not an ELF file", path);
    memcpy(&file->header, file->bytes, sizeof file->header);
    const Elf64_Ehdr *header = &file->header;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return err_set(err, -ENOEXEC, "%s: not an ELF file", path);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        return err_set(err, -ENOEXEC, "%s: not a 64-bit x86-64 ELF file", path);
    return 0;
}

static int map_file(struct elf_file *file, const char *path, struct err *err)
{
    struct stat status;
    if (fstat(file->fd, &status) != 0)
        return err_set(err, -errno, "%s: cannot read: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size <= 0)
        return err_set(err, -ENOEXEC, "%s: not an ELF file", path);
    file->size_bytes = (size_t)status.st_size;
    void *map = mmap(NULL, file->size_bytes, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (map == MAP_FAILED)
        return err_set(err, -errno, "%s: cannot map: %s", path, strerror(errno));
    file->bytes = map;
    return check_header(file, path, err);
}

int elf_file_open_fd(struct elf_file *file, int fd, const char *path, struct err *err)
{
    *file = (struct elf_file){.fd = fd};
    const int code = map_file(file, path, err);
    if (code == 0)
        load_tables(file);
    else
        elf_file_close(file);
    return code;
}

int elf_file_open(struct elf_file *file, const char *path, struct err *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *file = (struct elf_file){.fd = -1};
    return fd < 0 ? err_set(err, -errno, "%s: cannot open: %s", path, strerror(errno))
                  : elf_file_open_fd(file, fd, path, err);
}

void elf_file_close(struct elf_file *file)
{
    free(file->sections);
    free(file->segments);
    if (file->bytes != NULL)
        munmap((void *)(uintptr_t)file->bytes, file->size_bytes);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct elf_file){.fd = -1};
}

const char *elf_file_section_name(const struct elf_file *file, const Elf64_Shdr *section)
{
    return file->names != NULL && section->sh_name < file->names_bytes ? file->names + section->sh_name : "";
}

const Elf64_Shdr *elf_file_section(const struct elf_file *file, const char *name)
{
    for (size_t i = 0; i < file->section_count; i++) {
        const Elf64_Shdr *section = &file->sections[i];
        if (section->sh_type != SHT_NOBITS && section->sh_size > 0 &&
            strcmp(elf_file_section_name(file, section), name) == 0)
            return section;
    }
    return NULL;
}

const uint8_t *elf_file_section_bytes(const struct elf_file *file, const Elf64_Shdr *section, size_t *size_bytes)
{
    if (section->sh_type == SHT_NOBITS || !is_inside(file, section->sh_offset, section->sh_size))
        return NULL;
    *size_bytes = section->sh_size;
    return file->bytes + section->sh_offset;
}

static const uint8_t *loaded_at(const struct elf_file *file, uint64_t address, uint32_t flags, size_t *available_bytes)
{
    for (size_t i = 0; i < file->segment_count; i++) {
        const Elf64_Phdr *segment = &file->segments[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & flags) != flags || address < segment->p_vaddr ||
            address - segment->p_vaddr >= segment->p_filesz ||
            !is_inside(file, segment->p_offset, segment->p_filesz))
            continue;
        uint64_t skip = address - segment->p_vaddr;
        *available_bytes = segment->p_filesz - skip;
        return file->bytes + segment->p_offset + skip;
    }
    return NULL;
}

const uint8_t *elf_file_at(const struct elf_file *file, uint64_t address, size_t *available_bytes)
{
    return loaded_at(file, address, 0, available_bytes);
}

const uint8_t *elf_file_text_at(const struct elf_file *file, uint64_t address, size_t *available_bytes)
{
    return loaded_at(file, address, PF_X, available_bytes);
}

void elf_file_notes(const struct elf_file *file, const Elf64_Shdr *section, elf_note_fn visit, void *data)
{
    size_t size;
    const uint8_t *bytes = elf_file_section_bytes(file, section, &size);
    if (bytes == NULL)
        return;
    const size_t alignment = section->sh_addralign == 8 ? 8 : 4;
    size_t at = 0;
    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, bytes + at, sizeof note);
        at += sizeof note;
        const size_t name_bytes = ((size_t)note.n_namesz + alignment - 1) & ~(alignment - 1);
        const size_t desc_bytes = ((size_t)note.n_descsz + alignment - 1) & ~(alignment - 1);
        if (name_bytes > size - at || note.n_descsz > size - at - name_bytes)
            return;
        const char *owner = (const char *)bytes + at;
        if (note.n_namesz == 0 || owner[note.n_namesz - 1] != '\0')
            owner = "";
        if (!visit(owner, note.n_type, bytes + at + name_bytes, note.n_descsz, data))
            return;
        at += name_bytes;
        at += desc_bytes < size - at ? desc_bytes : size - at;
    }
}

struct build_id {
    const uint8_t *bytes;
    size_t size_bytes;
};

static bool take_build_id(const char *owner, uint32_t type, const uint8_t *desc, size_t desc_bytes, void *data)
{
    if (type != NT_GNU_BUILD_ID || strcmp(owner, "GNU") != 0 || desc_bytes < 2 || desc_bytes > 64)
        return true;
    *(struct build_id *)data = (struct build_id){desc, desc_bytes};
    return false;
}

const uint8_t *elf_file_build_id(const struct elf_file *file, size_t *size_bytes)
{
    struct build_id id = {NULL, 0};
    for (size_t i = 0; i < file->section_count && id.bytes == NULL; i++)
        if (file->sections[i].sh_type == SHT_NOTE)
            elf_file_notes(file, &file->sections[i], take_build_id, &id);
    *size_bytes = id.size_bytes;
    return id.bytes;
}

static bool visit_table(const struct elf_file *file, const Elf64_Shdr *table, elf_symbol_fn visit, void *data)
{
    size_t size, names_bytes;
    const uint8_t *bytes = elf_file_section_bytes(file, table, &size);
    if (bytes == NULL || table->sh_link >= file->section_count)
        return true;
    const char *names = (const char *)elf_file_section_bytes(file, &file->sections[table->sh_link], &names_bytes);
    if (names == NULL || names_bytes == 0 || names[names_bytes - 1] != '\0')
        return true;
    for (size_t at = 0; size - at >= sizeof(Elf64_Sym); at += sizeof(Elf64_Sym)) {
        Elf64_Sym raw;
        memcpy(&raw, bytes + at, sizeof raw);
        if (raw.st_name == 0 || raw.st_name >= names_bytes)
            continue;
        const struct elf_symbol symbol = {names + raw.st_name, raw.st_value, raw.st_size, ELF64_ST_TYPE(raw.st_info),
                                          raw.st_shndx != SHN_UNDEF};
        if (!visit(&symbol, data))
            return false;
    }
    return true;
}

void elf_file_symbols(const struct elf_file *file, uint32_t section_type, elf_symbol_fn visit, void *data)
{
    for (size_t i = 0; i < file->section_count; i++)
        if (file->sections[i].sh_type == section_type && !visit_table(file, &file->sections[i], visit, data))
            return;
}
