/* A text under construction. Failure is sticky: when memory runs out the text is empty, further additions do nothing
   and `failed` says so, so that a caller checks once, at the end. */

#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes; /* NUL-terminated; NULL while nothing was added: read it with text_get */
    size_t length;
    size_t capacity;
    bool failed;
};

#define TEXT_EMPTY ((struct text){0})

void text_fini(struct text *text);

/* Empty the text, keeping its memory. A failure is forgotten. */
void text_clear(struct text *text);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Take back the blanks at the end: they align nothing. */
void text_trim(struct text *text);

/* Add a word of a command, in quotes where a shell would take it for something else. */
void text_add_shell(struct text *text, const char *word);

/* Add what comes from a foreign file or process (a path, a symbol, a URL): control characters, with which it could
   break a line or steer a terminal, become '?'. Other bytes, UTF-8 among them, stay. */
void text_add_printable(struct text *text, const char *string);

/* Add bytes that have to be UTF-8 afterwards: what is none becomes U+FFFD. */
void text_add_utf8(struct text *text, const char *bytes, size_t length);

/* Add what a file holds, at most `most_bytes`. Returns 0; -EFBIG when it holds more, -ENOMEM, or the negative errno of
   open and read: something may have been added then. */
int text_add_file(struct text *text, const char *path, size_t most_bytes);

/* The line, from 1, of the first zero byte in it; 0 when there is none. */
unsigned text_zero_line(const struct text *text);

/* The text so far, "" when empty or failed. Valid until the next addition. */
const char *text_get(const struct text *text);

#endif
