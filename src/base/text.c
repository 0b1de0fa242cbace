/* A text under construction. */

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* The length goes with the text, for whoever reads both. */
static bool text_fail(struct text *text)
{
    text->failed = true;
    text->length = 0;
    if (text->bytes != NULL)
        text->bytes[0] = '\0';
    return false;
}

static bool text_reserve(struct text *text, size_t length)
{
    if (text->failed)
        return false;
    if (length >= (size_t)-1 - text->length)
        return text_fail(text);
    char *bytes = array_grow(text->bytes, &text->capacity, text->length + length + 1, 1);
    if (bytes == NULL)
        return text_fail(text);
    text->bytes = bytes;
    return true;
}

void text_fini(struct text *text)
{
    free(text->bytes);
    *text = TEXT_EMPTY;
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->bytes != NULL)
        text->bytes[0] = '\0';
}

void text_add_bytes(struct text *text, const void *bytes, size_t length)
{
    if (!text_reserve(text, length))
        return;
    if (length > 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_shell(struct text *text, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
    if (*word != '\0' && strspn(word, plain) == strlen(word)) {
        text_add(text, word);
        return;
    }
    text_add(text, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            text_add(text, "'\\''");
        else
            text_add_bytes(text, word, 1);
    }
    text_add(text, "'");
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        text_fail(text);
        return;
    }
    if (!text_reserve(text, (size_t)length))
        return;
    va_start(args, format);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

void text_trim(struct text *text)
{
    while (!text->failed && text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->bytes[--text->length] = '\0';
}

void text_add_printable(struct text *text, const char *string)
{
    size_t start = text->length;
    text_add(text, string);
    if (text->failed)
        return;
    for (size_t i = start; i < text->length; i++) {
        unsigned char byte = (unsigned char)text->bytes[i];
        if (byte < 0x20 || byte == 0x7f)
            text->bytes[i] = '?';
    }
}

int text_add_file(struct text *text, const char *path, size_t most_bytes)
{
    char bytes[4096];
    size_t total = 0, got;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -errno;
    errno = 0;
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0 && total <= most_bytes) {
        text_add_bytes(text, bytes, got);
        total += got;
    }
    int status = ferror(file) ? -(errno != 0 ? errno : EIO) : total > most_bytes ? -EFBIG : text->failed ? -ENOMEM : 0;
    fclose(file);
    return status;
}

unsigned text_zero_line(const struct text *text)
{
    const char *zero = text->length > 0 ? memchr(text->bytes, '\0', text->length) : NULL;
    unsigned line = 1;
    if (zero == NULL || text->failed)
        return 0;
    for (const char *at = text->bytes; at < zero; at++)
        line += *at == '\n';
    return line;
}

const char *text_get(const struct text *text)
{
    return text->bytes != NULL && !text->failed ? text->bytes : "";
}

/* Length of the UTF-8 sequence at `bytes`, 0 when it is none (RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    size_t length = first < 0x80                    ? 1
                    : first >= 0xc2 && first < 0xe0 ? 2
                    : first >= 0xe0 && first < 0xf0 ? 3
                    : first >= 0xf0 && first < 0xf5 ? 4
                                                    : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (first == 0xe0 && bytes[1] < 0xa0) || (first == 0xf0 && bytes[1] < 0x90);
    bool no_character = (first == 0xed && bytes[1] > 0x9f) || (first == 0xf4 && bytes[1] > 0x8f);
    return overlong || no_character ? 0 : length;
}

void text_add_utf8(struct text *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = utf8_length((const unsigned char *)bytes + i, length - i);
        if (step > 0)
            text_add_bytes(text, bytes + i, step);
        else
            text_add(text, "\xef\xbf\xbd");
        i += step > 0 ? step : 1;
    }
}
