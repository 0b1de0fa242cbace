/* The program executes itself, and both lives leak at the same line. */
#include "leaks.h"

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 246 2 */
}

int main(int argc, char **argv)
{
    lose();
    scrub();
    if (argc == 1)
        execl("/proc/self/exe", argv[0], "again", NULL);
    return argc == 1;
}
