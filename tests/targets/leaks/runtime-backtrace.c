/* backtrace() loads the unwinder. */
#include "leaks.h"
#include <execinfo.h>

int main(void)
{
    void *frames[20];
    int count = backtrace(frames, 20);
    free(backtrace_symbols(frames, count)); /* KEPT */
    scrub();
    return 0;
}
