/* The only pointer has been written into a pipe, and is still to be read from it. */
#include "leaks.h"

APART static void send(int to)
{
    void *block = malloc(77); /* LIMIT 77 1 */
    if (write(to, &block, sizeof block) != sizeof block)
        exit(1);
}

int main(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        return 1;
    send(ends[1]);
    scrub();
    return 0;
}
