/* A pipe to a command that is never closed, listed as other streams are. */
#include "leaks.h"

APART static void lose(void)
{
    char byte;
    FILE *file = popen("echo a", "r"); /* KEPT */
    if (fread(&byte, 1, 1, file) != 1) /* KEPT */
        exit(1);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
