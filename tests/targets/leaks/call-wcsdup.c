/* wcsdup(). */
#include "leaks.h"
#include <wchar.h>

APART static void lose(void)
{
    used(wcsdup(L"1234")); /* LEAK 20 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
