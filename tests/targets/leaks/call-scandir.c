/* scandir(): the names are freed, the list of them is not. */
#include "leaks.h"
#include <dirent.h>

APART static void lose(void)
{
    struct dirent **names;
    int count = scandir("/proc/self/task", &names, NULL, alphasort); /* LEAK ? 1 */
    for (int i = 0; i < count; i++)
        free(names[i]);
    used(names);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
