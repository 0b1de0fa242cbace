/* Texts with small errors, for the readers of files that people write. */

#ifndef MUTATE_H
#define MUTATE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A small generator: the same changes in every run. */
static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Change, remove or double some bytes of `text`, in place; `room` is what there is. */
static inline void mutate(char *text, size_t room, uint32_t *state)
{
    static const char bytes[] = "{}[]\"=:*.#\n \tx9\xff";
    for (uint32_t changes = 1 + next_random(state) % 4; changes > 0; changes--) {
        size_t length = strlen(text), at = length > 0 ? next_random(state) % length : 0;
        uint32_t what = next_random(state) % 3;
        if (what == 0 && length > 0)
            text[at] = bytes[next_random(state) % (sizeof bytes - 1)];
        else if (what == 1 && length > 0)
            memmove(text + at, text + at + 1, length - at);
        else if (length + 1 < room)
            memmove(text + at + 1, text + at, length - at + 1);
    }
}

/* "NAME:LINE: what", with a line that the text has. */
static inline void assert_names_its_line(const char *message, const char *name, const char *text)
{
    size_t length = strlen(name);
    unsigned long line = 0, lines = 1;
    char *end = NULL;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    if (strncmp(message, name, length) == 0 && message[length] == ':')
        line = strtoul(message + length + 1, &end, 10);
    if (line < 1 || line > lines || strncmp(end, ": ", 2) != 0 || end[2] == '\0')
        fail_msg("'%s' says '%s'", text, message);
}

#endif
