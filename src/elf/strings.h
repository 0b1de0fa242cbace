/* A set of strings, each with a number: equal strings have equal numbers. */

#ifndef ELF_STRINGS_H
#define ELF_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#define STRINGS_NONE UINT32_MAX

struct strings {
    char **items;
    size_t count, capacity;
    uint32_t *slots; /* index + 1, 0 empty; linear probing */
    size_t slot_count;
};

/* The number of `text`, which is copied when new; STRINGS_NONE when memory is out. */
uint32_t strings_add(struct strings *strings, const char *text);

/* The text of a number, or NULL for STRINGS_NONE. */
const char *strings_text(const struct strings *strings, uint32_t number);
void strings_fini(struct strings *strings);

#endif
