/* A look at the file of a program that is about to be executed: System V ABI, "Program Loading and Dynamic Linking". */

#include "preload/exec-target.h"

#include <elf.h>
#include <fcntl.h>

#include "preload/syscalls.h"

#define HEAD_BYTES 1024    /* of a file: the ELF header and the program headers, or a script's first line */
#define NAME_BYTES 24      /* of a library's name, as much as tells sanitizers */
#define DYNAMIC_MOST 128   /* entries looked at */
#define DYNAMIC_AT_ONCE 16 /* entries read with one call */
#define STRINGS_AT_ONCE 4096
#define STRINGS_MOST (1u << 20) /* of a program's dynamic strings */
#define INIT_NAME_BYTES 11      /* of "__asan_init" */
#define SCRIPTS_MOST 4          /* an interpreter may be a script: execve(2) */

struct file {
    long fd;
    union {
        char bytes[HEAD_BYTES + 1];
        Elf64_Ehdr elf;
    } head;
    size_t head_bytes;
};

static bool begins_with(const char *text, const char *start)
{
    while (*start != '\0' && *text == *start) {
        text++;
        start++;
    }
    return *start == '\0';
}

static const Elf64_Phdr *segments(const struct file *file, uint32_t *count)
{
    const Elf64_Ehdr *elf = &file->head.elf;
    *count = 0;
    if (elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff % sizeof(uint64_t) != 0 ||
        elf->e_phoff >= file->head_bytes)
        return NULL;
    size_t room = (file->head_bytes - elf->e_phoff) / sizeof(Elf64_Phdr);
    *count = elf->e_phnum < room ? elf->e_phnum : (uint32_t)room;
    return (const Elf64_Phdr *)(file->head.bytes + elf->e_phoff);
}

/* The last part of a path. */
static const char *base_name(const char *path)
{
    const char *base = path;
    for (; *path != '\0'; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}

static bool is_own_loader(const struct file *file, const Elf64_Phdr *segment)
{
    char path[256];
    size_t bytes = segment->p_filesz < sizeof path - 1 ? segment->p_filesz : sizeof path - 1;
    long got = raw_syscall4(SYS_pread64, file->fd, (long)path, (long)bytes, (long)segment->p_offset);
    path[got > 0 ? got : 0] = '\0';
    return begins_with(base_name(path), "ld-linux-x86-64.so");
}

static bool is_sanitizer(const char *name)
{
    static const char *const names[] = {"libasan.so", "libtsan.so", "liblsan.so", "libhwasan.so", "libclang_rt."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (begins_with(name, names[i]))
            return true;
    return false;
}

static uint64_t file_offset(const struct file *file, uint64_t address)
{
    uint32_t count;
    const Elf64_Phdr *segment = segments(file, &count);
    for (; count > 0; count--, segment++)
        if (segment->p_type == PT_LOAD && address - segment->p_vaddr < segment->p_filesz)
            return address - segment->p_vaddr + segment->p_offset;
    return 0;
}

/* The next entry of a dynamic section with this tag, from number *next on. */
static bool find_dynamic(const struct file *file, const Elf64_Phdr *segment, int64_t tag, uint32_t *next,
                         uint64_t *value)
{
    uint64_t total = segment->p_filesz / sizeof(Elf64_Dyn);
    uint32_t count = total < DYNAMIC_MOST ? (uint32_t)total : DYNAMIC_MOST;
    while (*next < count) {
        Elf64_Dyn entries[DYNAMIC_AT_ONCE];
        uint32_t wanted = count - *next < DYNAMIC_AT_ONCE ? count - *next : DYNAMIC_AT_ONCE;
        long at = (long)(segment->p_offset + *next * sizeof *entries);
        long bytes = (long)(wanted * sizeof *entries);
        if (raw_syscall4(SYS_pread64, file->fd, (long)entries, bytes, at) != bytes)
            return false;
        for (uint32_t i = 0; i < wanted; i++) {
            ++*next;
            if (entries[i].d_tag == DT_NULL)
                return false;
            if (entries[i].d_tag == tag) {
                *value = entries[i].d_un.d_val;
                return true;
            }
        }
    }
    return false;
}

/* clang links the sanitizers statically and exports their names. */
static bool has_sanitizer_name(const char *text, size_t bytes)
{
    static const char *const names[] = {"__asan_init", "__tsan_init", "__msan_init"};
    for (size_t at = 0; at + INIT_NAME_BYTES <= bytes; at++)
        for (size_t i = 0; text[at] == '_' && i < sizeof names / sizeof *names; i++)
            if (begins_with(text + at, names[i]))
                return true;
    return false;
}

static bool exports_sanitizer(const struct file *file, uint64_t strings, uint64_t bytes)
{
    char text[STRINGS_AT_ONCE + 1];
    bytes = bytes < STRINGS_MOST ? bytes : STRINGS_MOST;
    for (uint64_t at = 0; at < bytes; at += STRINGS_AT_ONCE - INIT_NAME_BYTES) { /* a name may lie across two reads */
        uint64_t wanted = bytes - at < STRINGS_AT_ONCE ? bytes - at : STRINGS_AT_ONCE;
        long got = raw_syscall4(SYS_pread64, file->fd, (long)text, (long)wanted, (long)(strings + at));
        if (got <= 0)
            return false;
        text[got] = '\0';
        if (has_sanitizer_name(text, (size_t)got))
            return true;
    }
    return false;
}

static bool needs_sanitizer(const struct file *file, const Elf64_Phdr *segment)
{
    uint64_t strings, name, bytes;
    uint32_t next = 0;
    if (!find_dynamic(file, segment, DT_STRTAB, &next, &strings) || (strings = file_offset(file, strings)) == 0)
        return false;
    next = 0;
    while (find_dynamic(file, segment, DT_NEEDED, &next, &name)) {
        char text[NAME_BYTES + 1];
        long got = raw_syscall4(SYS_pread64, file->fd, (long)text, NAME_BYTES, (long)(strings + name));
        text[got > 0 ? got : 0] = '\0';
        if (is_sanitizer(text))
            return true;
    }
    next = 0;
    return find_dynamic(file, segment, DT_STRSZ, &next, &bytes) && exports_sanitizer(file, strings, bytes);
}

/* Whether nobody would look at the environment for libraries. A program without an interpreter is static, or the loader
   itself; a static one may have a dynamic section as the loader has, but says that it is a program. */
static bool is_static(const struct file *file)
{
    uint32_t count, next = 0;
    uint64_t flags;
    const Elf64_Phdr *segment = segments(file, &count), *dynamic = NULL;
    bool is_whole = count == file->head.elf.e_phnum;
    for (; count > 0; count--, segment++) {
        if (segment->p_type == PT_INTERP)
            return false;
        if (segment->p_type == PT_DYNAMIC)
            dynamic = segment;
    }
    return is_whole &&
           (dynamic == NULL || (find_dynamic(file, dynamic, DT_FLAGS_1, &next, &flags) && (flags & DF_1_PIE) != 0));
}

static bool is_suitable_elf(const struct file *file)
{
    const Elf64_Ehdr *elf = &file->head.elf;
    if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_machine != EM_X86_64)
        return false;
    uint32_t count;
    const Elf64_Phdr *segment = segments(file, &count);
    for (; count > 0; count--, segment++) {
        if (segment->p_type == PT_INTERP && !is_own_loader(file, segment))
            return false;
        if (segment->p_type == PT_DYNAMIC && needs_sanitizer(file, segment))
            return false;
    }
    return !is_static(file);
}

/* The interpreter in a script's first line; ends the line there. NULL: not a script. */
static const char *interpreter(struct file *file)
{
    char *at = file->head.bytes;
    if (file->head_bytes < 2 || at[0] != '#' || at[1] != '!')
        return NULL;
    for (at += 2; *at == ' ' || *at == '\t'; at++)
        ;
    const char *path = at;
    while (*at != '\0' && *at != ' ' && *at != '\t' && *at != '\n')
        at++;
    *at = '\0';
    return *path != '\0' ? path : NULL;
}

static void read_head(const char *path, struct file *out)
{
    out->fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    long got = out->fd >= 0 ? raw_syscall4(SYS_pread64, out->fd, (long)out->head.bytes, HEAD_BYTES, 0) : 0;
    out->head_bytes = got > 0 ? (size_t)got : 0;
    out->head.bytes[out->head_bytes] = '\0';
}

bool exec_target_is_suitable(const char *path)
{
    struct file file;
    bool suitable = true;
    for (int i = 0; path != NULL && i <= SCRIPTS_MOST; i++) {
        read_head(path, &file);
        path = interpreter(&file); /* in `file`, so it is opened before the next head is read */
        if (file.head_bytes >= sizeof(Elf64_Ehdr) && begins_with(file.head.bytes, ELFMAG))
            suitable = is_suitable_elf(&file);
        if (file.fd >= 0)
            raw_syscall3(SYS_close, file.fd, 0, 0);
    }
    return suitable;
}
