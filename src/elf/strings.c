/* A set of strings, each with a number. */

#include "elf/strings.h"

#include <stdlib.h>
#include <string.h>

#include "elf/ranges.h"

static uint64_t hash_of(const char *text) /* FNV-1a */
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static int grow(struct strings *strings)
{
    const size_t slot_count = strings->slot_count == 0 ? 64 : strings->slot_count * 2;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL)
        return -1;
    for (size_t i = 0; i < strings->count; i++) {
        size_t at = hash_of(strings->items[i]) & (slot_count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    free(strings->slots);
    strings->slots = slots;
    strings->slot_count = slot_count;
    return 0;
}

uint32_t strings_add(struct strings *strings, const char *text)
{
    if ((strings->count + 1) * 2 > strings->slot_count && grow(strings) != 0)
        return STRINGS_NONE;
    size_t at = hash_of(text) & (strings->slot_count - 1);
    for (; strings->slots[at] != 0; at = (at + 1) & (strings->slot_count - 1))
        if (strcmp(strings->items[strings->slots[at] - 1], text) == 0)
            return strings->slots[at] - 1;
    char **items = array_reserve(strings->items, strings->count, &strings->capacity, sizeof *items);
    if (items == NULL)
        return STRINGS_NONE;
    strings->items = items;
    items[strings->count] = strdup(text);
    if (items[strings->count] == NULL)
        return STRINGS_NONE;
    strings->slots[at] = (uint32_t)++strings->count;
    return (uint32_t)strings->count - 1;
}

const char *strings_text(const struct strings *strings, uint32_t number)
{
    return number < strings->count ? strings->items[number] : NULL;
}

void strings_fini(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    free(strings->slots);
    *strings = (struct strings){0};
}
