/* What several files of debug information have in common may be in one more, which .gnu_debugaltlink names ("dwz -m",
   of which Debian's and Fedora's packages make use). */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf/dwarf-reader.h"

bool dwarf_path_of(const struct elf_file *elf, char path[], size_t path_bytes)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", elf->fd);
    const ssize_t length = readlink(link, path, path_bytes - 1);
    if (length <= 0 || path[0] != '/')
        return false;
    path[length] = '\0';
    return (size_t)length < path_bytes - 1;
}

struct shared_link {
    const char *name;
    const uint8_t *id;
    size_t id_bytes;
};

static bool read_link(const struct elf_file *elf, struct shared_link *link)
{
    size_t bytes = 0;
    const Elf64_Shdr *section = elf_file_section(elf, ".gnu_debugaltlink");
    const uint8_t *text = section != NULL ? elf_file_section_bytes(elf, section, &bytes) : NULL;
    if (text == NULL)
        return false;
    const size_t length = strnlen((const char *)text, bytes);
    if (length == 0 || length == bytes)
        return false;
    *link = (struct shared_link){(const char *)text, text + length + 1, bytes - length - 1};
    return true;
}

/* Open the file behind `fd` if it is the one that the link means. */
static struct debug_info *try_file(const struct shared_link *link, int fd)
{
    struct debug_info *info = NULL;
    size_t id_bytes = 0;
    struct elf_file *elf = malloc(sizeof *elf);
    if (elf == NULL) {
        close(fd);
        return NULL;
    }
    if (elf_file_open_fd(elf, fd, link->name, NULL) != 0) {
        free(elf);
        return NULL;
    }
    const uint8_t *id = elf_file_build_id(elf, &id_bytes);
    if (id != NULL && id_bytes == link->id_bytes && memcmp(id, link->id, id_bytes) == 0 &&
        debug_info_open(elf, &info, NULL) == 0) {
        info->own_elf = elf;
        return info;
    }
    elf_file_close(elf);
    free(elf);
    return NULL;
}

static struct debug_info *try_path(const struct shared_link *link, const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 ? try_file(link, fd) : NULL;
}

/* The name is relative to the file's own directory. */
static struct debug_info *open_by_name(const struct elf_file *elf, const struct shared_link *link)
{
    char own[PATH_MAX], path[2 * PATH_MAX];
    if (link->name[0] == '/')
        return try_path(link, link->name);
    if (!dwarf_path_of(elf, own, sizeof own) || strlen(link->name) >= PATH_MAX)
        return NULL;
    *strrchr(own, '/') = '\0';
    snprintf(path, sizeof path, "%s/%s", own, link->name);
    return try_path(link, path);
}

static struct debug_info *open_shared(const struct debug_info *info)
{
    struct shared_link link;
    if (!read_link(info->elf, &link))
        return NULL;
    struct debug_info *shared = open_by_name(info->elf, &link);
    const int fd = shared == NULL && info->fetch != NULL ? info->fetch(link.id, link.id_bytes, info->fetch_data) : -1;
    return fd >= 0 ? try_file(&link, fd) : shared;
}

struct debug_info *dwarf_shared(struct debug_info *info)
{
    if (!info->shared_is_known && info->elf != NULL)
        info->shared = open_shared(info);
    info->shared_is_known = true;
    if (info->shared != NULL)
        info->shared->files = info->files;
    return info->shared;
}
