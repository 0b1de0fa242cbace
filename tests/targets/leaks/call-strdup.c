/* strdup() and strndup(). */
#include "leaks.h"

APART static void lose(void)
{
    char text[123];
    memset(text, 65, 122);
    text[122] = 0;
    used(strdup(text));      /* LEAK 123 1 */
    used(strndup(text, 44)); /* LEAK 45 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
