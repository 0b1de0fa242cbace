/* Seccomp: a filter that kills for a system call it does not know would kill for ours. Once the program installs one,
   line stops measure the heap only. The strict mode also forbids the time-stamp counter (arch/x86's disable_TSC), as a
   program can by itself. */

#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "preload/events.h"
#include "preload/exec-hooks.h"
#include "preload/exit-hooks.h"
#include "preload/look.h"
#include "preload/real.h"
#include "preload/stops.h"

GUEST_EXPORT int prctl(int option, ...)
{
    va_list args;
    va_start(args, option);
    unsigned long a = va_arg(args, unsigned long), b = va_arg(args, unsigned long), c = va_arg(args, unsigned long),
                  d = va_arg(args, unsigned long);
    va_end(args);
    if (option == PR_SET_SECCOMP)
        stops_no_system_calls();
    if ((option == PR_SET_SECCOMP && a == SECCOMP_MODE_STRICT) || (option == PR_SET_TSC && a == PR_TSC_SIGSEGV))
        events_without_clock();
    return real.prctl.call(option, a, b, c, d);
}

GUEST_EXPORT long syscall(long number, ...)
{
    va_list args;
    va_start(args, number);
    long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long), d = va_arg(args, long),
         e = va_arg(args, long), f = va_arg(args, long);
    va_end(args);
    if (number == SYS_seccomp && (a == SECCOMP_SET_MODE_STRICT || a == SECCOMP_SET_MODE_FILTER))
        stops_no_system_calls();
    if (number == SYS_seccomp && a == SECCOMP_SET_MODE_STRICT)
        events_without_clock();
    if (number == SYS_exit_group || number == SYS_exit)
        exit_by_system_call(number == SYS_exit_group);
    long result;
    if (number == SYS_execve)
        result = exec_system_call(LOOK_SP(), (const char *)a, (char *const *)b, (char *const *)c);
    else if (number == SYS_execveat)
        result = exec_system_call_at(LOOK_SP(), (int)a, (const char *)b, (char *const *)c, (char *const *)d, (int)e);
    else
        return real.syscall.call(number, a, b, c, d, e, f);
    __asm__ volatile("" ::: "memory"); /* the hook's frame stays: see LOOK_SP */
    return result;
}
