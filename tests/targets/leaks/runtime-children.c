/* Commands: system(), and a pipe that is closed. */
#include "leaks.h"

int main(void)
{
    FILE *file = popen("echo text", "r"); /* KEPT */
    char text[20];
    used(fgets(text, sizeof text, file)); /* KEPT */
    if (pclose(file) != 0 || system("true") != 0)
        return 1;
    scrub();
    return 0;
}
