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

/* libc's own names of a function have up to three more underscores in front than the standard's. */
static const char *bare(const char *name)
{
    return name + strspn(name, "_");
}

static bool is_named(const struct check_frame *frame, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && frame->function != NULL; i++)
        if (strcmp(bare(frame->function), bare(names[i])) == 0)
            return true;
    return false;
}

/* One of libc's functions that keep something for the next call lies between the program and the allocation. Names are
   those of full symbols and those that a stripped library shows: of what is exported, and of static functions the
   exported one before them, which setcontext, adjtime and wcsncasecmp_l are here. A tail call may have left out the
   function that the program named. */
static bool is_libc_cache(const struct check_frame *frames, size_t count)
{
    static const char *const names[] = {
        /* standard streams */
        "_IO_file_doallocate", "_IO_wfile_doallocate", "_IO_default_doallocate", "__wcsmbs_load_conv", "wcsncasecmp_l",
        "__gconv_open",
        /* locales and messages */
        "setlocale", "_nl_find_locale", "_nl_load_locale", "bindtextdomain", "textdomain", "gettext", "dgettext",
        "dcgettext", "ngettext", "__dcigettext", "_nl_find_domain", "strerror", "strerror_l", "strsignal",
        /* time zones */
        "tzset", "__tz_convert", "tzset_internal", "__tzfile_read", "adjtime", "localtime", "localtime_r", "mktime",
        "timelocal", "strftime", "strftime_l",
        /* the environment, what runs at exit */
        "setenv", "putenv", "clearenv", "__add_to_environ", "setcontext", "atexit", "on_exit", "at_quick_exit",
        "__cxa_atexit", "__cxa_at_quick_exit", "__internal_atexit", "__new_exitfn", "register_printf_function",
        "register_printf_specifier",
        /* users, hosts, services, the log */
        "getpwnam", "getpwuid", "getpwent", "getgrnam", "getgrgid", "getgrent", "getservbyname", "getservbyport",
        "getprotobyname", "gethostbyname", "gethostbyname_r", "gethostbyaddr", "__nss_database_get",
        "__nss_database_lookup", "__nss_module_get_function", "res_init", "res_ninit", "__res_vinit",
        "__resolv_conf_load", "__check_pf", "getlogin", "ttyname", "getpass", "openlog", "syslog", "vsyslog",
        "__syslog_chk", "__vsyslog_internal", "hcreate", "crypt",
        /* threads, loading */
        "pthread_setspecific", "pthread_create", "pthread_key_create", "pthread_cancel", "pthread_exit", "dlerror",
        "_dlerror_run", "backtrace"};
    for (size_t depth = 0; depth < count && is_libc(&frames[depth]); depth++)
        if (is_named(&frames[depth], names, sizeof names / sizeof *names))
            return true;
    return false;
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
