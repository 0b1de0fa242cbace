/* setvbuf() gives a stream a buffer from malloc, and only the stream knows it. */
#include "leaks.h"

APART static void fill(void)
{
    setvbuf(stdin, malloc(4096), _IOFBF, 4096); /* KEPT */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
