/* Character sets, opened and closed; a large array sorted, which needs memory; expressions freed. */
#include "leaks.h"
#include <iconv.h>
#include <regex.h>

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int main(void)
{
    static int numbers[200000];
    iconv_t conversion = iconv_open("UTF-16", "ISO-8859-1"); /* KEPT */
    if (conversion != (iconv_t)-1)
        iconv_close(conversion);
    for (int i = 0; i < 200000; i++)
        numbers[i] = i * 7919 % 200000;
    qsort(numbers, 200000, sizeof *numbers, compare); /* KEPT */
    regex_t expression;
    if (regcomp(&expression, "^(a|b)*c.*$", REG_EXTENDED) == 0) /* KEPT */
        regexec(&expression, "abababc", 0, NULL, 0);            /* KEPT */
    regfree(&expression);
    scrub();
    return 0;
}
