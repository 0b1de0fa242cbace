/* glob() without globfree(). */
#include "leaks.h"
#include <glob.h>

APART static void lose(void)
{
    glob_t found;
    if (glob("/et[c]", 0, NULL, &found) != 0) /* LEAK ? 2 */
        exit(1);
    used(found.gl_pathv);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
