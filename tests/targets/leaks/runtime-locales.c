/* Locales: set, made, used and freed. */
#include "leaks.h"
#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <monetary.h>

int main(void)
{
    setlocale(LC_ALL, "");
    setlocale(LC_ALL, "C.UTF-8");
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    uselocale(locale);
    nl_langinfo_l(CODESET, locale);
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(locale);
    bindtextdomain("none", "/tmp");
    textdomain("none");
    used(gettext("text"));
    scrub();
    return 0;
}
