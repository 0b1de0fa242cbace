/* getline() and getdelim(). */
#include "leaks.h"

APART static void lose(void)
{
    char *line = NULL, *word = NULL;
    size_t room = 0, more = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL || getline(&line, &room, file) < 0) /* LEAK ? 1 */
        exit(1);
    if (getdelim(&word, &more, 32, file) < 0) /* LEAK ? 1 */
        exit(1);
    fclose(file);
    used(line);
    used(word);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
