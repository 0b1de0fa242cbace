/* putenv() keeps the program's own string. */
#include "leaks.h"

APART static void fill(void)
{
    char *text = malloc(100); /* KEPT */
    strcpy(text, "SOME_NAME=some value");
    putenv(text);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
