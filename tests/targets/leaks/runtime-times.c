/* Time zones. */
#include "leaks.h"
#include <time.h>

int main(void)
{
    time_t now = 1000000000;
    char text[100];
    struct tm broken;
    setenv("TZ", "Europe/Paris", 1);
    tzset();
    localtime(&now);
    localtime_r(&now, &broken);
    setenv("TZ", ":America/New_York", 1);
    mktime(&broken);
    strftime(text, sizeof text, "%c %Z", &broken);
    used(getdate("1"));
    scrub();
    return 0;
}
