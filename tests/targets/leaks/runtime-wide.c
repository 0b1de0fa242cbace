/* Wide streams and conversions. */
#include "leaks.h"
#include <locale.h>
#include <wchar.h>

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    wprintf(L"%ls %f\n", L"wide", 1.0);
    mbstowcs(NULL, "text", 0);
    scrub();
    return 0;
}
