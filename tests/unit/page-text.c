/* Reading pages. */

#include "page-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define DATA_BEGIN "<script type=\"application/json\" id=\"data\">"

json_t *page_data(const char *page)
{
    const char *begin = strstr(page, DATA_BEGIN);
    assert_non_null(begin);
    begin += strlen(DATA_BEGIN);
    const char *end = strstr(begin, "</script>");
    assert_non_null(end);
    json_error_t error;
    json_t *data = json_loadb(begin, (size_t)(end - begin), 0, &error);
    if (data == NULL)
        fail_msg("%s", error.text);
    return data;
}

size_t count_text(const char *text, const char *wanted)
{
    size_t found = 0;
    for (; (text = strstr(text, wanted)) != NULL; text += strlen(wanted))
        found++;
    return found;
}
