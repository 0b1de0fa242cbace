/* asprintf(). */
#include "leaks.h"

APART static void lose(void)
{
    char *text;
    if (asprintf(&text, "%122d", 1) < 0) /* LEAK 123 1 */
        exit(1);
    used(text);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
