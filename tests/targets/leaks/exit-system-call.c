/* The system call itself ends the process, past all of libc.
   exit: 4
   evidence: unreachable|still-live */
#include "leaks.h"
#include <sys/syscall.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    syscall(SYS_exit_group, 4);
}
