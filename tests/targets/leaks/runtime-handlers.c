/* More handlers at exit than libc has room for without malloc. */
#include "leaks.h"

static void nothing(void)
{
}
static void nothing_either(int status, void *data)
{
    (void)status, (void)data;
}

int main(void)
{
    for (int i = 0; i < 100; i++)
        atexit(nothing);
    on_exit(nothing_either, NULL);
    at_quick_exit(nothing);
    scrub();
    return 0;
}
