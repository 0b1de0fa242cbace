/* The hooks of exec and posix_spawn: a program that can be profiled gets our two variables, one that cannot does not.

   Web servers and others start programs with an environment of their own making, in which our variables are missing; the
   program would go unnoticed. And a program that our library cannot be preloaded into must not be told to: its loader
   would complain, or refuse to go on.

   Everything here may run in a child made by vfork, or in a signal handler: memory is the stack, and errno stays the real
   function's. What the C library starts itself (system, popen) does not come by. */

#include "preload/exec-hooks.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

#include "preload/exec-target.h"
#include "preload/look.h"
#include "preload/real.h"
#include "preload/syscalls.h"

#define PRELOAD "LD_PRELOAD="
#define CHANNEL WIRE_ENV_CHANNEL "="
#define PATH_NAME "PATH="
#define PATH_DEFAULT "/bin:/usr/bin" /* what execvp(3) takes */
#define PATH_BYTES 1024
#define WORD_BYTES 4096   /* of LD_PRELOAD; a longer one is dropped */
#define WORDS_MOST 100000 /* an environment larger than that is left alone */

/* "NAME=value" as they were at start-up; empty when there is nothing to pass on. */
static char library[PATH_BYTES], channel[PATH_BYTES];

static size_t length_of(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static bool is_named(const char *word, const char *name)
{
    size_t i = 0;
    while (name[i] != '\0' && word[i] == name[i])
        i++;
    return name[i] == '\0';
}

/* Append at most `length` bytes of `from`. Returns false when they do not fit. */
static bool append(char *to, size_t *used, size_t room, const char *from, size_t length)
{
    if (length >= room - *used)
        return false;
    for (size_t i = 0; i < length; i++)
        to[(*used)++] = from[i];
    to[*used] = '\0';
    return true;
}

static bool is_separator(char c)
{
    return c == ':' || c == ' ';
}

/* The next entry of a list of libraries, its length in *length; NULL at the end. */
static const char *next_library(const char *list, size_t *length)
{
    while (is_separator(*list))
        list++;
    *length = 0;
    while (list[*length] != '\0' && !is_separator(list[*length]))
        ++*length;
    return *length > 0 ? list : NULL;
}

static bool is_ours(const char *entry, size_t length)
{
    return length == length_of(library) && is_named(entry, library);
}

void exec_remember(void)
{
    const char *preload = guest_start_environment("LD_PRELOAD"), *path = guest_start_environment(WIRE_ENV_CHANNEL);
    size_t length, used = 0, library_used = 0;
    const char *first = preload != NULL ? next_library(preload, &length) : NULL;
    if (first == NULL || path == NULL || (guest.session->flags & WIRE_WANT_CHILDREN) == 0)
        return;
    /* syseng-mem puts us in front of all others. */
    if (!append(channel, &used, sizeof channel, CHANNEL, length_of(CHANNEL)) ||
        !append(channel, &used, sizeof channel, path, length_of(path)) ||
        !append(library, &library_used, sizeof library, first, length))
        library[0] = '\0';
}

static size_t count_words(char *const *words)
{
    size_t count = 0;
    while (words != NULL && words[count] != NULL && count <= WORDS_MOST)
        count++;
    return count;
}

/* LD_PRELOAD with us in front, or without us. Returns false when it does not fit or nothing is left. */
static bool make_preload(char *out, const char *list, bool suitable)
{
    size_t used = 0, length;
    bool any = suitable;
    if (!append(out, &used, WORD_BYTES, PRELOAD, length_of(PRELOAD)) ||
        (suitable && !append(out, &used, WORD_BYTES, library, length_of(library))))
        return false;
    for (const char *entry = list; (entry = next_library(entry, &length)) != NULL; entry += length) {
        if (is_ours(entry, length))
            continue;
        if ((any && !append(out, &used, WORD_BYTES, ":", 1)) || !append(out, &used, WORD_BYTES, entry, length))
            return false;
        any = true;
    }
    return any;
}

/* `words` made anew in `out`; `preload` has WORD_BYTES. */
static char *const *fill(char **out, char *preload, char *const *words, bool suitable)
{
    char **next = out;
    const char *list = "";
    for (; words != NULL && *words != NULL; words++) {
        if (is_named(*words, PRELOAD))
            list = *words + length_of(PRELOAD);
        else if (!is_named(*words, CHANNEL))
            *next++ = *words;
    }
    if (make_preload(preload, list, suitable))
        *next++ = preload;
    if (suitable)
        *next++ = channel;
    *next = NULL;
    return out;
}

/* Whether the environment is already what it should be: the usual case. */
static bool is_right(char *const *words, bool suitable)
{
    bool has_library = false, has_channel = false;
    for (; words != NULL && *words != NULL; words++) {
        size_t length;
        const char *entry = is_named(*words, PRELOAD) ? *words + length_of(PRELOAD) : "";
        for (; (entry = next_library(entry, &length)) != NULL; entry += length)
            has_library = has_library || is_ours(entry, length);
        has_channel = has_channel || is_named(*words, CHANNEL);
    }
    return has_library == suitable && has_channel == suitable;
}

/* The file that execvp(3) would take. Returns false when it is not found. */
static bool search(const char *name, char path[PATH_BYTES])
{
    const char *list = PATH_DEFAULT;
    for (char *const *word = environ; word != NULL && *word != NULL; word++)
        if (is_named(*word, PATH_NAME))
            list = *word + length_of(PATH_NAME);
    for (;;) {
        size_t length = 0, used = 0;
        while (list[length] != '\0' && list[length] != ':')
            length++;
        path[0] = '\0';
        if (append(path, &used, PATH_BYTES, length > 0 ? list : ".", length > 0 ? length : 1) &&
            append(path, &used, PATH_BYTES, "/", 1) && append(path, &used, PATH_BYTES, name, length_of(name)) &&
            raw_syscall3(SYS_access, (long)path, X_OK, 0) == 0)
            return true;
        if (list[length] == '\0')
            return false;
        list += length + 1;
    }
}

static bool has_slash(const char *name)
{
    for (; *name != '\0'; name++)
        if (*name == '/')
            return true;
    return false;
}

/* Whether there is such a file, so that calling it may not return. */
static bool can_be_executed(const char *name, bool by_path)
{
    char path[PATH_BYTES];
    if (name == NULL || (by_path && !has_slash(name)))
        return name != NULL && search(name, path);
    return raw_syscall3(SYS_access, (long)name, X_OK, 0) == 0;
}

/* Whether the program will find our library (not after chroot) and can bear it. */
static bool is_suitable(const char *name, bool by_path)
{
    char path[PATH_BYTES];
    if (raw_syscall3(SYS_access, (long)library, R_OK, 0) != 0)
        return false;
    if (!by_path || has_slash(name))
        return exec_target_is_suitable(name);
    return !search(name, path) || exec_target_is_suitable(path);
}

/* How many words an environment made anew needs room for, 0 when `words` can stay. */
static size_t plan(const char *name, bool by_path, char *const *words, bool *suitable)
{
    size_t count = count_words(words);
    if (library[0] == '\0' || guest_sandboxed || name == NULL || count > WORDS_MOST)
        return 0;
    *suitable = is_suitable(name, by_path);
    return is_right(words, *suitable) ? 0 : count + 3;
}

/* Replace `words`, a variable of the caller, by an environment on the caller's stack, if need be. */
#define FIT(words, name, by_path)                                                                                      \
    {                                                                                                                  \
        bool suitable = false;                                                                                         \
        size_t room = plan(name, by_path, words, &suitable);                                                           \
        if (room > 0)                                                                                                  \
            (words) = fill(__builtin_alloca(room * sizeof(char *)), __builtin_alloca(WORD_BYTES), words, suitable);    \
    }

/* A look before the image goes, when it is likely to; `sp` is LOOK_SP of the hook that was called. */
#define LOOK_BEFORE(sp, name, by_path)                                                                                 \
    bool looks = look_is_possible() && can_be_executed(name, by_path);                                                 \
    if (looks)                                                                                                         \
        look_ask(sp, NULL, 0);

/* It did not. */
#define STAY(looks, result)                                                                                            \
    if (looks)                                                                                                         \
        look_was_in_vain();                                                                                            \
    return result

static int exec_path(uint64_t sp, const char *path, char *const argv[], char *const *words)
{
    FIT(words, path, false)
    LOOK_BEFORE(sp, path, false)
    int result = real.execve.call(path, argv, words);
    STAY(looks, result);
}

static int exec_file(uint64_t sp, const char *file, char *const argv[], char *const *words)
{
    FIT(words, file, true)
    LOOK_BEFORE(sp, file, true)
    int result = real.execvpe.call(file, argv, words);
    STAY(looks, result);
}

static int exec_descriptor(uint64_t sp, int fd, char *const argv[], char *const *words)
{
    char path[32] = "/proc/self/fd/";
    size_t used = length_of(path);
    unsigned digits = 1000000000;
    while (digits > 1 && (unsigned)fd / digits == 0)
        digits /= 10;
    for (; digits > 0; digits /= 10)
        path[used++] = (char)('0' + (unsigned)fd / digits % 10);
    path[used] = '\0';
    FIT(words, path, false)
    LOOK_BEFORE(sp, path, false)
    int result = real.fexecve.call(fd, argv, words);
    STAY(looks, result);
}

/* The hook's own frame stays while `call` runs: see LOOK_SP. */
#define EXEC(call)                                                                                                     \
    int result = call;                                                                                                 \
    __asm__ volatile("" ::: "memory");                                                                                 \
    return result

GUEST_EXPORT int execve(const char *path, char *const argv[], char *const *words)
{
    EXEC(exec_path(LOOK_SP(), path, argv, words));
}

GUEST_EXPORT int execvpe(const char *file, char *const argv[], char *const *words)
{
    EXEC(exec_file(LOOK_SP(), file, argv, words));
}

GUEST_EXPORT int execv(const char *path, char *const argv[])
{
    EXEC(exec_path(LOOK_SP(), path, argv, environ));
}

GUEST_EXPORT int execvp(const char *file, char *const argv[])
{
    EXEC(exec_file(LOOK_SP(), file, argv, environ));
}

GUEST_EXPORT int fexecve(int fd, char *const argv[], char *const *words)
{
    EXEC(exec_descriptor(LOOK_SP(), fd, argv, words));
}

GUEST_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const argv[], char *const *words)
{
    FIT(words, path, false)
    return real.posix_spawn.call(pid, path, actions, attributes, argv, words);
}

GUEST_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                              const posix_spawnattr_t *attributes, char *const argv[], char *const *words)
{
    FIT(words, file, true)
    return real.posix_spawnp.call(pid, file, actions, attributes, argv, words);
}

/* The arguments of a variadic call up to its NULL, and that. */
static size_t count_arguments(const char *first, va_list args)
{
    size_t count = 1;
    va_list copy;
    va_copy(copy, args);
    for (const char *word = first; word != NULL; word = va_arg(copy, char *))
        count++;
    va_end(copy);
    return count;
}

/* Gather them in an array of the caller's stack. */
#define GATHER(first)                                                                                                  \
    va_list args;                                                                                                      \
    va_start(args, first);                                                                                             \
    char **argv = __builtin_alloca(count_arguments(first, args) * sizeof *argv);                                       \
    size_t gathered = 0;                                                                                               \
    argv[gathered] = (char *)(uintptr_t)(first);                                                                       \
    while (argv[gathered] != NULL)                                                                                     \
        argv[++gathered] = va_arg(args, char *);

GUEST_EXPORT int execl(const char *path, const char *first, ...)
{
    GATHER(first)
    va_end(args);
    EXEC(exec_path(LOOK_SP(), path, argv, environ));
}

GUEST_EXPORT int execlp(const char *file, const char *first, ...)
{
    GATHER(first)
    va_end(args);
    EXEC(exec_file(LOOK_SP(), file, argv, environ));
}

GUEST_EXPORT int execle(const char *path, const char *first, ...)
{
    GATHER(first)
    char *const *words = va_arg(args, char *const *);
    va_end(args);
    EXEC(exec_path(LOOK_SP(), path, argv, words));
}
