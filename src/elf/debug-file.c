/* Where a program's debug information is. */

#include "elf/debug-file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define DEFAULT_DEBUG_ROOT "/usr/lib/debug"

static bool has_section(const struct elf_file *elf, const char *name)
{
    char old[64]; /* .zdebug_info: the older way to compress */
    if (elf_file_section(elf, name) != NULL)
        return true;
    snprintf(old, sizeof old, ".z%s", name + 1);
    return elf_file_section(elf, old) != NULL;
}

static bool is_same_build(const struct elf_file *left, const struct elf_file *right)
{
    size_t left_bytes, right_bytes;
    const uint8_t *left_id = elf_file_build_id(left, &left_bytes);
    const uint8_t *right_id = elf_file_build_id(right, &right_bytes);
    return left_id != NULL && right_id != NULL && left_bytes == right_bytes &&
           memcmp(left_id, right_id, left_bytes) == 0;
}

static bool has_checksum(const struct elf_file *elf, uint32_t wanted)
{
    uLong sum = crc32(0, Z_NULL, 0);
    for (size_t at = 0; at < elf->size_bytes;) {
        const size_t step = elf->size_bytes - at < 1u << 30 ? elf->size_bytes - at : 1u << 30;
        sum = crc32(sum, elf->bytes + at, (uInt)step);
        at += step;
    }
    return sum == wanted;
}

/* The name and checksum of .gnu_debuglink, or NULL. */
static const char *debug_link(const struct elf_file *elf, uint32_t *checksum)
{
    const Elf64_Shdr *section = elf_file_section(elf, ".gnu_debuglink");
    size_t size;
    const uint8_t *bytes = section != NULL ? elf_file_section_bytes(elf, section, &size) : NULL;
    if (bytes == NULL)
        return NULL;
    const size_t name_bytes = strnlen((const char *)bytes, size) + 1;
    const size_t at = (name_bytes + 3) & ~(size_t)3;
    if (name_bytes < 2 || at > size || size - at < sizeof *checksum || strchr((const char *)bytes, '/') != NULL)
        return NULL;
    memcpy(checksum, bytes + at, sizeof *checksum);
    return (const char *)bytes;
}

struct lookup {
    struct debug_file *debug;
    const struct elf_file *program;
    uint32_t checksum;
    bool by_build_id;
    char stale[PATH_MAX]; /* a file that was there but belongs to another build */
};

/* Take the file at `path` if it is there and belongs to the program. */
static bool try_path(struct lookup *lookup, const char *path)
{
    struct elf_file elf;
    if (elf_file_open(&elf, path, NULL) != 0)
        return false;
    size_t size;
    const bool has_ids =
        elf_file_build_id(&elf, &size) != NULL && elf_file_build_id(lookup->program, &size) != NULL;
    const bool belongs = lookup->by_build_id || has_ids ? is_same_build(&elf, lookup->program)
                                                        : has_checksum(&elf, lookup->checksum);
    if (belongs && has_section(&elf, ".debug_line")) {
        lookup->debug->elf = elf;
        return true;
    }
    if (!belongs)
        snprintf(lookup->stale, sizeof lookup->stale, "%s", path);
    elf_file_close(&elf);
    return false;
}

static bool try_build_id(struct lookup *lookup, const char *root)
{
    char path[PATH_MAX];
    size_t size;
    const uint8_t *id = elf_file_build_id(lookup->program, &size);
    if (id == NULL)
        return false;
    int at = snprintf(path, sizeof path, "%s/.build-id/%02x/", root, id[0]);
    for (size_t i = 1; i < size && at > 0 && (size_t)at < sizeof path; i++)
        at += snprintf(path + at, sizeof path - (size_t)at, "%02x", id[i]);
    if (at < 0 || (size_t)at + sizeof ".debug" > sizeof path)
        return false;
    strcpy(path + at, ".debug");
    lookup->by_build_id = true;
    const bool found = try_path(lookup, path);
    lookup->by_build_id = false;
    return found;
}

static bool try_link(struct lookup *lookup, const char *program_path, const char *root, const char *name)
{
    char directory[PATH_MAX], path[PATH_MAX * 2 + 16];
    if (realpath(program_path, directory) == NULL)
        return false;
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (try_path(lookup, path))
        return true;
    snprintf(path, sizeof path, "%s/.debug/%s", directory, name);
    if (try_path(lookup, path))
        return true;
    if (strlen(root) >= PATH_MAX)
        return false;
    snprintf(path, sizeof path, "%s%s/%s", root, directory, name);
    return try_path(lookup, path);
}

/* Keep why nothing was found. */
static int explain_failure(struct debug_file *debug, const struct lookup *lookup, const char *link)
{
    const char *reason = lookup->stale[0] != '\0' ? lookup->stale : link;
    if (reason == NULL)
        return 0;
    char *copy = strdup(reason);
    if (copy == NULL)
        return -ENOMEM;
    *(reason == link ? &debug->missing : &debug->stale) = copy;
    return 0;
}

static void take_facts(struct debug_file *debug, const struct elf_file *program)
{
    const struct elf_file *source = debug->elf.fd >= 0 ? &debug->elf : program;
    debug->has_info = has_section(source, ".debug_info");
    debug->has_lines = has_section(source, ".debug_line");
    debug->has_symbols = elf_file_section(source, ".symtab") != NULL || elf_file_section(program, ".symtab") != NULL;
}

int debug_file_find(struct debug_file *debug, const struct elf_file *program, const char *path, const char *root)
{
    *debug = (struct debug_file){.elf.fd = -1};
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (lookup == NULL)
        return -ENOMEM;
    int code = 0;
    if (!has_section(program, ".debug_line")) {
        *lookup = (struct lookup){.debug = debug, .program = program};
        const char *link = debug_link(program, &lookup->checksum);
        root = root != NULL ? root : DEFAULT_DEBUG_ROOT;
        const bool found = try_build_id(lookup, root) ||
                           (link != NULL && try_link(lookup, path, root, link));
        if (!found)
            code = explain_failure(debug, lookup, link);
    }
    take_facts(debug, program);
    free(lookup);
    return code;
}

bool debug_file_take(struct debug_file *debug, const struct elf_file *program, int fd)
{
    struct elf_file elf;
    if (elf_file_open_fd(&elf, fd, "fetched", NULL) != 0)
        return false;
    if (!is_same_build(&elf, program)) {
        elf_file_close(&elf);
        return false;
    }
    if (debug->elf.fd >= 0)
        elf_file_close(&debug->elf);
    debug->elf = elf;
    take_facts(debug, program);
    return true;
}

void debug_file_close(struct debug_file *debug)
{
    if (debug->elf.fd >= 0)
        elf_file_close(&debug->elf);
    free(debug->missing);
    free(debug->stale);
    *debug = (struct debug_file){.elf.fd = -1};
}
