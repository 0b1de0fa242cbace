/* Errors as sentences. */

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return code;
}

int err_prefix(struct err *err, int code, const char *format, ...)
{
    if (err == NULL)
        return code;
    char old[ERR_TEXT_BYTES];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (length < 0 || (size_t)length + 2 >= sizeof err->text)
        return code;
    char *rest = err->text + length;
    size_t room = sizeof err->text - (size_t)length - 3, old_length = strnlen(old, room);
    memcpy(rest, ": ", 2);
    memcpy(rest + 2, old, old_length);
    rest[2 + old_length] = '\0';
    return code;
}
