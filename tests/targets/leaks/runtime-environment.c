/* The environment grows, and shrinks. */
#include "leaks.h"

int main(void)
{
    char name[20];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "NAME_%d", i);
        setenv(name, "some value", 1);
        setenv(name, "some other value", 1);
    }
    unsetenv("NAME_5");
    clearenv();
    setenv("LAST", "value", 1);
    scrub();
    return 0;
}
