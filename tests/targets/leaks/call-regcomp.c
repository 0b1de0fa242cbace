/* regcomp() without regfree(). */
#include "leaks.h"
#include <regex.h>

APART static void lose(void)
{
    regex_t expression;
    if (regcomp(&expression, "a.*b", REG_EXTENDED) != 0) /* LEAK ? ? */
        exit(1);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
