/* /proc/PID/maps tells what is mapped, /proc/PID/pagemap which pages are there, process_vm_readv reads them.

   Pages that are not there are never asked for: reading would bring them into being, page tables at least, and a
   program may have reserved terabytes. */

#include "collector/address-space.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/array.h"

#define PAGE_BYTES UINT64_C(4096)
#define BUFFER_BYTES ((size_t)1 << 20)
#define MAP_WORDS 512 /* of the page map, at a time */

/* Bits of a page's word: see "pagemap" in the kernel's documentation. */
#define PAGE_PRESENT (UINT64_C(1) << 63)
#define PAGE_SWAPPED (UINT64_C(1) << 62)
#define PAGE_OF_FILE (UINT64_C(1) << 61) /* or of shared memory */

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static enum mapping_kind kind_of(const char *path, bool shared)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    if (*path == '\0' || begins_with(path, "[anon"))
        return shared ? MAPPING_OTHER : MAPPING_ANONYMOUS;
    if (strcmp(path, "[heap]") == 0)
        return MAPPING_HEAP;
    if (begins_with(path, "[stack"))
        return MAPPING_STACK;
    if (*path == '[' || begins_with(path, "/memfd:syseng-mem"))
        return MAPPING_IGNORED;
    if (begins_with(path, "/dev/") && !begins_with(path, "/dev/shm/") && !begins_with(path, "/dev/zero"))
        return MAPPING_IGNORED;
    return begins_with(name, "libc.so") || begins_with(name, "libc-2.") ? MAPPING_LIBC : MAPPING_OTHER;
}

static bool parse(const char *line, struct mapping *out)
{
    unsigned long long start, end;
    char rights[5];
    int path_at = 0;
    if (sscanf(line, "%llx-%llx %4s %*s %*s %*s %n", &start, &end, rights, &path_at) != 3 || path_at == 0)
        return false;
    *out = (struct mapping){.start = start,
                            .end = end,
                            .readable = rights[0] == 'r',
                            .writable = rights[1] == 'w',
                            .shared = rights[3] == 's'};
    out->kind = kind_of(line + path_at, out->shared);
    return true;
}

static int read_maps(struct address_space *space)
{
    char path[64], *line = NULL;
    size_t line_room = 0, room = 0;
    int code = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)space->tid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    for (ssize_t length; code == 0 && (length = getline(&line, &line_room, file)) > 0;) {
        struct mapping mapping;
        line[strcspn(line, "\n")] = '\0';
        if (!parse(line, &mapping))
            continue;
        struct mapping *grown = array_grow(space->mappings, &room, space->count + 1, sizeof *grown);
        if (grown == NULL) {
            code = -ENOMEM;
            break;
        }
        space->mappings = grown;
        grown[space->count++] = mapping;
    }
    free(line);
    fclose(file);
    return code != 0 ? code : space->count > 0 ? 0 : -ESRCH;
}

int address_space_open(struct address_space *space, pid_t tid)
{
    char path[64];
    *space = (struct address_space){.tid = tid, .pagemap = -1, .memory = -1};
    space->buffer = malloc(BUFFER_BYTES);
    int code = space->buffer != NULL ? read_maps(space) : -ENOMEM;
    if (code != 0) {
        address_space_close(space);
        return code;
    }
    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)tid);
    space->pagemap = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)tid);
    space->memory = open(path, O_RDONLY | O_CLOEXEC);
    return 0;
}

void address_space_close(struct address_space *space)
{
    if (space->pagemap >= 0)
        close(space->pagemap);
    if (space->memory >= 0)
        close(space->memory);
    free(space->mappings);
    free(space->buffer);
    *space = (struct address_space){.pagemap = -1, .memory = -1};
}

/* Looks through the mappings of thread `tid`. Returns whether there were any: those of a thread that has ended are
 * gone. */
static bool find_file(pid_t tid, const struct stat *wanted, bool *found)
{
    char path[64], *line = NULL;
    size_t room = 0;
    bool any = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)tid);
    FILE *file = fopen(path, "re");
    while (file != NULL && !*found && getline(&line, &room, file) > 0) {
        unsigned major_number, minor_number;
        unsigned long long inode;
        any = true;
        *found = sscanf(line, "%*s %*s %*s %x:%x %llu", &major_number, &minor_number, &inode) == 3 &&
                 inode == wanted->st_ino && makedev(major_number, minor_number) == wanted->st_dev;
    }
    if (file != NULL)
        fclose(file);
    free(line);
    return any;
}

bool address_space_may_have(pid_t pid, int fd)
{
    char path[64];
    struct stat wanted;
    bool is_known = false, found = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = fstat(fd, &wanted) == 0 ? opendir(path) : NULL;
    if (tasks == NULL)
        return true;
    for (struct dirent *entry; !is_known && (entry = readdir(tasks)) != NULL;)
        if (entry->d_name[0] != '.')
            is_known = find_file((pid_t)atoi(entry->d_name), &wanted, &found);
    closedir(tasks);
    return !is_known || found;
}

const struct mapping *address_space_find(const struct address_space *space, uint64_t address)
{
    size_t low = 0, high = space->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (space->mappings[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < space->count && space->mappings[low].start <= address ? &space->mappings[low] : NULL;
}

static size_t read_one(const struct address_space *space, uint64_t address, size_t bytes, void *out)
{
    struct iovec local = {.iov_base = out, .iov_len = bytes};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = bytes};
    ssize_t got = process_vm_readv(space->tid, &local, 1, &remote, 1, 0);
    if (got <= 0 && space->memory >= 0) /* a page may be protected for the time being */
        got = pread(space->memory, out, bytes, (off_t)address);
    return got > 0 ? (size_t)got : 0;
}

/* The kernel may not split a span that it cannot read to its end: go on page by page. */
static size_t read_pages(const struct address_space *space, uint64_t address, uint64_t bytes, uint8_t *out)
{
    size_t total = 0;
    while (total < bytes) {
        uint64_t at = address + total, rest = bytes - total, room = PAGE_BYTES - at % PAGE_BYTES;
        size_t wanted = (size_t)(rest < room ? rest : room), got = read_one(space, at, wanted, out + total);
        total += got;
        if (got < wanted)
            break;
    }
    return total;
}

size_t address_space_read(const struct reach_span *spans, size_t count, void *out, void *data)
{
    const struct address_space *space = data;
    struct iovec remote[512];
    size_t total = 0, wanted = 0;
    count = count < sizeof remote / sizeof *remote ? count : sizeof remote / sizeof *remote;
    for (size_t i = 0; i < count; i++) {
        remote[i] = (struct iovec){.iov_base = (void *)(uintptr_t)spans[i].address, .iov_len = spans[i].bytes};
        wanted += spans[i].bytes;
    }
    struct iovec local = {.iov_base = out, .iov_len = wanted};
    ssize_t got = count > 0 ? process_vm_readv(space->tid, &local, 1, remote, count, 0) : 0;
    if (got < 0)
        got = 0;
    if ((size_t)got == wanted)
        return wanted;
    for (size_t i = 0; i < count; i++) {
        if (total + spans[i].bytes <= (size_t)got) {
            total += spans[i].bytes;
            continue;
        }
        uint64_t done = (uint64_t)got > total ? (uint64_t)got - total : 0;
        size_t more = read_pages(space, spans[i].address + done, spans[i].bytes - done, (uint8_t *)out + total + done);
        total += done + more;
        if (done + more < spans[i].bytes)
            break;
        got = (ssize_t)total;
    }
    return total;
}

/* Can the program have written to the page? */
static bool is_written(const struct mapping *mapping, uint64_t word)
{
    if (mapping->shared)
        return (word & (PAGE_PRESENT | PAGE_SWAPPED)) != 0;
    return (word & PAGE_SWAPPED) != 0 || (word & (PAGE_PRESENT | PAGE_OF_FILE)) == PAGE_PRESENT;
}

static void visit_part(struct address_space *space, uint64_t start, uint64_t end, address_space_visit_fn *visit,
                       void *data)
{
    while (start < end) {
        uint64_t rest = end - start;
        size_t wanted = rest < BUFFER_BYTES ? (size_t)rest : BUFFER_BYTES;
        size_t got = read_one(space, start, wanted, space->buffer);
        if (got < wanted)
            got = read_pages(space, start, wanted, space->buffer);
        visit(space->buffer, got / 8, data);
        /* Behind what cannot be read, go on with the next page. */
        start += got == wanted ? got : got / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES - start % PAGE_BYTES;
    }
}

void address_space_visit(struct address_space *space, const struct mapping *mapping, uint64_t start, uint64_t end,
                         address_space_visit_fn *visit, void *data)
{
    uint64_t words[MAP_WORDS];
    uint64_t from = 0; /* of pages to be read, 0: none so far */
    for (uint64_t page = start / PAGE_BYTES; page * PAGE_BYTES < end; page += MAP_WORDS) {
        uint64_t last = (end + PAGE_BYTES - 1) / PAGE_BYTES, count = last - page < MAP_WORDS ? last - page : MAP_WORDS;
        ssize_t got = space->pagemap >= 0 ? pread(space->pagemap, words, count * 8, (off_t)(page * 8)) : -1;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t at = (page + i) * PAGE_BYTES;
            at = at > start ? at : start;
            bool wanted = got == (ssize_t)(count * 8) ? is_written(mapping, words[i]) : mapping->writable;
            if (wanted && from == 0)
                from = at;
            if (!wanted && from != 0) {
                visit_part(space, from, at, visit, data);
                from = 0;
            }
        }
    }
    if (from != 0)
        visit_part(space, from, end, visit, data);
}
