/* Where the annotations left their traces: marker sections (clang, gcc for C), eight bytes before the entry (g++), and
   notes that hold an address within the function (the statement form). */

#include "probes/marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MARK_SECTION "syseng_mem_text"
#define MARK_NOTE_SECTION ".note.syseng_mem"
#define MARK_NOTE_OWNER "syseng-mem"
#define MARK_NOTE_TYPE 1u

/* lea 0x0(%rsp),%rsp with a 32-bit displacement: g++'s ms_hook_prologue, never generated otherwise. */
static const uint8_t hook_prologue[MARKS_HOOK_BYTES] = {0x48, 0x8d, 0xa4, 0x24, 0, 0, 0, 0};

struct address_list {
    uint64_t *items;
    size_t count, capacity;
    int error;
};

static void address_list_add(struct address_list *list, uint64_t address)
{
    uint64_t *items = array_reserve(list->items, list->count, &list->capacity, sizeof *items);
    if (items == NULL) {
        list->error = -ENOMEM;
        return;
    }
    list->items = items;
    list->items[list->count++] = address;
}

static int compare_addresses(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void address_list_sort(struct address_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof *list->items, compare_addresses);
}

static void scan_for_prologues(const struct elf_file *file, struct address_list *entries)
{
    for (size_t i = 0; i < file->segment_count; i++) {
        const Elf64_Phdr *segment = &file->segments[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0)
            continue;
        size_t left;
        const uint8_t *at = elf_file_text_at(file, segment->p_vaddr, &left);
        const uint8_t *const start = at;
        while (at != NULL && left > sizeof hook_prologue) {
            const uint8_t *hit = memmem(at, left, hook_prologue, sizeof hook_prologue);
            if (hit == NULL)
                break;
            left -= (size_t)(hit - at) + sizeof hook_prologue;
            at = hit + sizeof hook_prologue;
            address_list_add(entries, segment->p_vaddr + (uint64_t)(at - start));
        }
    }
}

bool marks_is_hook_prologue(const struct elf_file *file, uint64_t address)
{
    size_t left;
    const uint8_t *bytes = elf_file_text_at(file, address, &left);
    return bytes != NULL && left >= sizeof hook_prologue && memcmp(bytes, hook_prologue, sizeof hook_prologue) == 0;
}

static bool take_note(const char *owner, uint32_t type, const uint8_t *desc, size_t desc_bytes, void *data)
{
    if (type == MARK_NOTE_TYPE && desc_bytes == sizeof(uint64_t) && strcmp(owner, MARK_NOTE_OWNER) == 0) {
        uint64_t address;
        memcpy(&address, desc, sizeof address);
        if (address != 0) /* a discarded copy */
            address_list_add(data, address);
    }
    return true;
}

int marks_find(const struct elf_file *file, struct marks *marks)
{
    *marks = (struct marks){0};
    struct address_list entries = {0}, inside = {0};
    int code = 0;
    for (size_t i = 0; i < file->section_count; i++) {
        const Elf64_Shdr *section = &file->sections[i];
        const char *name = elf_file_section_name(file, section);
        if (strncmp(name, MARK_SECTION, sizeof MARK_SECTION - 1) == 0 && (section->sh_flags & SHF_EXECINSTR) != 0 &&
            section->sh_size < UINT64_MAX - section->sh_addr &&
            range_list_add(&marks->sections, section->sh_addr, section->sh_addr + section->sh_size) != 0)
            code = -ENOMEM;
        if (section->sh_type == SHT_NOTE && strcmp(name, MARK_NOTE_SECTION) == 0)
            elf_file_notes(file, section, take_note, &inside);
    }
    range_list_normalize(&marks->sections);
    scan_for_prologues(file, &entries);
    address_list_sort(&entries);
    address_list_sort(&inside);
    marks->entries = entries.items;
    marks->entry_count = entries.count;
    marks->inside = inside.items;
    marks->inside_count = inside.count;
    if (code != 0 || entries.error != 0 || inside.error != 0) {
        marks_fini(marks);
        return -ENOMEM;
    }
    return 0;
}

void marks_fini(struct marks *marks)
{
    range_list_fini(&marks->sections);
    free(marks->entries);
    free(marks->inside);
    *marks = (struct marks){0};
}

/* Index of the first address that is >= `low`. */
static size_t lower_bound(const uint64_t *addresses, size_t count, uint64_t low)
{
    size_t first = 0;
    while (count > 0) {
        const size_t half = count / 2;
        if (addresses[first + half] < low) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first;
}

static bool has_within(const uint64_t *addresses, size_t count, uint64_t low, uint64_t high)
{
    const size_t at = lower_bound(addresses, count, low);
    return at < count && addresses[at] < high;
}

bool marks_has_function(const struct marks *marks, uint64_t entry, const struct range_list *ranges)
{
    if (range_list_has(&marks->sections, entry) || has_within(marks->entries, marks->entry_count, entry, entry + 1))
        return true;
    for (size_t i = 0; marks->inside_count > 0 && i < ranges->count; i++)
        if (has_within(marks->inside, marks->inside_count, ranges->items[i].low, ranges->items[i].high))
            return true;
    return false;
}

bool marks_touch(const struct marks *marks, uint64_t low, uint64_t high)
{
    for (size_t i = 0; i < marks->sections.count; i++)
        if (low < marks->sections.items[i].high && marks->sections.items[i].low < high)
            return true;
    return has_within(marks->entries, marks->entry_count, low, high) ||
           has_within(marks->inside, marks->inside_count, low, high);
}
