/* Temporary files and streams in memory, all closed. */
#include "leaks.h"

int main(void)
{
    char text[100];
    FILE *file = tmpfile(); /* KEPT */
    fputs("text", file);    /* KEPT */
    fclose(file);
    file = fmemopen(text, sizeof text, "w"); /* KEPT */
    fputs("text", file);                     /* KEPT */
    fclose(file);
    scrub();
    return 0;
}
