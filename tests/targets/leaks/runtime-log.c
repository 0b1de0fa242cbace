/* The system log, error messages. */
#include "leaks.h"
#include <errno.h>
#include <error.h>
#include <signal.h>
#include <syslog.h>

int main(void)
{
    openlog("case", LOG_PID, LOG_USER);
    syslog(LOG_DEBUG, "%s %f", "text", 1.0);
    closelog();
    used(strerror(12345));
    used(strsignal(99));
    error(0, ENOENT, "message");
    scrub();
    return 0;
}
