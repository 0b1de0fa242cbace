/* A request as users write it: "/path?query" or "METHOD /path". */

#include "harness/harness.h"

#include <stdlib.h>
#include <string.h>

#define METHOD_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/* What follows the method. It goes into the request line as it stands, so a blank or control character cannot be in it.
 */
static bool is_target(const char *text)
{
    if (*text != '/')
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return false;
    return true;
}

bool harness_parse_request(const char *text, char **method, const char **target)
{
    size_t length = 0;
    if (*text >= 'A' && *text <= 'Z') {
        length = strspn(text, METHOD_BYTES);
        if (text[length] != ' ')
            return false;
    }
    const char *rest = length == 0 ? text : text + length + 1;
    if (!is_target(rest))
        return false;
    char *copy = length == 0 ? strdup("GET") : strndup(text, length);
    if (copy == NULL)
        return false;
    *method = copy;
    *target = rest;
    return true;
}
