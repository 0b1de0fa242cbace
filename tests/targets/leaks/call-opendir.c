/* A directory that is never closed. */
#include "leaks.h"
#include <dirent.h>

APART static void lose(void)
{
    used(opendir("/")); /* LEAK ? 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
