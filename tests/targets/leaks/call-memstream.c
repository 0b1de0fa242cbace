/* open_memstream(): the stream is closed, the text is lost. */
#include "leaks.h"

APART static void lose(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size); /* KEPT */
    fprintf(file, "%1000d", 1);
    fclose(file); /* LEAK ? 1 */
    used(text);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
