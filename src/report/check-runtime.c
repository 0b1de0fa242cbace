/* What the C and C++ runtime keeps to the end by design: buffers of standard streams, tables of time zones and locales,
   thread-local storage, the loader's lists, libstdc++'s reserve for exceptions. None of it is the program's to free.

   Distributions strip these libraries, so names are only known of exported functions: a rule asks which exported
   function the program entered, or what lies innermost. */

#include "report/check-suppressions.h"

#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path != NULL ? path : "";
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_loader(const struct check_frame *frame)
{
    return begins_with(base_name(frame->module), "ld-linux") || begins_with(base_name(frame->module), "ld-2.");
}

static bool is_libc(const struct check_frame *frame)
{
    const char *name = base_name(frame->module);
    return begins_with(name, "libc.so") || begins_with(name, "libc-2.") || begins_with(name, "libpthread");
}

static bool is_libstdcxx(const struct check_frame *frame)
{
    return begins_with(base_name(frame->module), "libstdc++.so");
}

static bool is_named(const struct check_frame *frame, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && frame->function != NULL; i++)
        if (strcmp(frame->function, names[i]) == 0)
            return true;
    return false;
}

/* The program called one of libc's functions that keep something for the next call. */
static bool is_libc_cache(const struct check_frame *frames, size_t count)
{
    static const char *const innermost[] = {"_IO_file_doallocate", "_IO_wfile_doallocate", "_IO_default_doallocate"};
    static const char *const entries[] = {"setlocale",
                                          "bindtextdomain",
                                          "textdomain",
                                          "gettext",
                                          "dgettext",
                                          "dcgettext",
                                          "ngettext",
                                          "tzset",
                                          "localtime",
                                          "localtime_r",
                                          "mktime",
                                          "timelocal",
                                          "strftime",
                                          "strftime_l",
                                          "setenv",
                                          "putenv",
                                          "clearenv",
                                          "atexit",
                                          "__cxa_atexit",
                                          "on_exit",
                                          "at_quick_exit",
                                          "__cxa_at_quick_exit",
                                          "strerror",
                                          "strsignal",
                                          "getpwnam",
                                          "getpwuid",
                                          "getgrnam",
                                          "getgrgid",
                                          "getpwent",
                                          "getgrent",
                                          "getservbyname",
                                          "getservbyport",
                                          "getprotobyname",
                                          "gethostbyname",
                                          "gethostbyname_r",
                                          "gethostbyaddr",
                                          "getlogin",
                                          "ttyname",
                                          "openlog",
                                          "syslog",
                                          "vsyslog",
                                          "__syslog_chk",
                                          "backtrace",
                                          "dlerror",
                                          "pthread_setspecific",
                                          "pthread_create",
                                          "pthread_key_create",
                                          "pthread_cancel",
                                          "pthread_exit",
                                          "hcreate",
                                          "res_init",
                                          "__res_init",
                                          "getpass",
                                          "crypt",
                                          "register_printf_function",
                                          "register_printf_specifier",
                                          "qsort",
                                          "error",
                                          "__libc_start_main"};
    size_t depth = 0;
    if (count == 0 || !is_libc(&frames[0]))
        return false;
    if (is_named(&frames[0], innermost, sizeof innermost / sizeof *innermost))
        return true;
    while (depth + 1 < count && is_libc(&frames[depth + 1]))
        depth++;
    /* Below main, libc calls the program: the frame that the program entered is the outermost of this row. */
    return is_named(&frames[depth], entries, sizeof entries / sizeof *entries) &&
           (depth + 1 == count || !is_loader(&frames[depth + 1]));
}

/* The loader itself, or a constructor of the runtime's own libraries that the loader called. */
static bool is_loading(const struct check_frame *frames, size_t count)
{
    size_t depth = 0;
    while (depth < count && (is_libstdcxx(&frames[depth]) || is_libc(&frames[depth])))
        depth++;
    return depth < count && is_loader(&frames[depth]);
}

bool suppressions_is_runtime(const struct check_frame *frames, size_t count)
{
    return is_loading(frames, count) || is_libc_cache(frames, count);
}
