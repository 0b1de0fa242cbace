/* Texts without the C library: what the hooks of exec may run in, a vfork child or a signal handler, has the stack
 * only. */

#ifndef PRELOAD_WORDS_H
#define PRELOAD_WORDS_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t words_length(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static inline bool words_begin(const char *text, const char *beginning)
{
    size_t i = 0;
    while (beginning[i] != '\0' && text[i] == beginning[i])
        i++;
    return beginning[i] == '\0';
}

/* Append `length` bytes of `from` to what `to`, which has `room` bytes, holds. Returns false when they do not fit. */
static inline bool words_append(char *to, size_t *used, size_t room, const char *from, size_t length)
{
    if (length >= room - *used)
        return false;
    for (size_t i = 0; i < length; i++)
        to[(*used)++] = from[i];
    to[*used] = '\0';
    return true;
}

/* The same for a number, in decimal. */
static inline bool words_append_number(char *to, size_t *used, size_t room, unsigned number)
{
    char digits[10];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return words_append(to, used, room, digits + at, sizeof digits - at);
}

#endif
