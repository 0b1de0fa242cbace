/* The hooks of exec and posix_spawn: a program that can be profiled gets our two words, one that cannot does not.

   The program does not see them in its environment (environment.c), and web servers and others start programs with an
   environment of their own making; without us these would go unnoticed. And a program that our library cannot be
   preloaded into must not be told to: its loader would complain, or refuse to go on.

   Everything here may run in a child made by vfork, or in a signal handler: memory is the stack, and errno stays the
   real function's. What the C library starts itself (system, popen) comes by in shell-hooks.c. */

#include "preload/exec-hooks.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

#include "preload/environment.h"
#include "preload/exec-target.h"
#include "preload/look.h"
#include "preload/real.h"
#include "preload/syscalls.h"
#include "preload/words.h"

#define PATH_NAME "PATH="
#define PATH_DEFAULT "/bin:/usr/bin" /* what execvp(3) takes */
#define PATH_BYTES 1024

/* The file that execvp(3) would take. Returns false when it is not found. */
static bool search(const char *name, char path[PATH_BYTES])
{
    const char *list = PATH_DEFAULT;
    for (char *const *word = environ; word != NULL && *word != NULL; word++)
        if (words_begin(*word, PATH_NAME))
            list = *word + words_length(PATH_NAME);
    for (;;) {
        size_t length = 0, used = 0;
        while (list[length] != '\0' && list[length] != ':')
            length++;
        path[0] = '\0';
        if (words_append(path, &used, PATH_BYTES, length > 0 ? list : ".", length > 0 ? length : 1) &&
            words_append(path, &used, PATH_BYTES, "/", 1) &&
            words_append(path, &used, PATH_BYTES, name, words_length(name)) &&
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
    if (raw_syscall3(SYS_access, (long)environment_library(), R_OK, 0) != 0)
        return false;
    if (!by_path || has_slash(name))
        return exec_target_is_suitable(name);
    return !search(name, path) || exec_target_is_suitable(path);
}

size_t exec_room(const char *name, bool by_path, char *const *words, bool *suitable)
{
    if (environment_library()[0] == '\0' || guest_sandboxed || name == NULL)
        return 0;
    *suitable = is_suitable(name, by_path);
    return environment_room(words, *suitable);
}

/* Replace `words`, a variable of the caller, by an environment on the caller's stack, if need be. */
#define FIT(words, name, by_path)                                                                                      \
    {                                                                                                                  \
        bool suitable = false;                                                                                         \
        size_t room = exec_room(name, by_path, words, &suitable);                                                      \
        if (room > 0)                                                                                                  \
            (words) = environment_fill(__builtin_alloca(room * sizeof(char *)),                                        \
                                       __builtin_alloca(ENVIRONMENT_PRELOAD_BYTES), words, suitable);                  \
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

/* A path by which the file can be opened that execveat(2) means. Returns false when it is too long. */
static bool name_at(char path[PATH_BYTES], int fd, const char *name, bool may_be_empty)
{
    size_t used = 0;
    if (name[0] == '/' || (fd == AT_FDCWD && name[0] != '\0'))
        return words_append(path, &used, PATH_BYTES, name, words_length(name));
    return (name[0] != '\0' || may_be_empty) &&
           words_append(path, &used, PATH_BYTES, "/proc/self/fd/", sizeof "/proc/self/fd/" - 1) &&
           words_append_number(path, &used, PATH_BYTES, (unsigned)fd) &&
           (name[0] == '\0' || (words_append(path, &used, PATH_BYTES, "/", 1) &&
                                words_append(path, &used, PATH_BYTES, name, words_length(name))));
}

static int exec_descriptor(uint64_t sp, int fd, char *const argv[], char *const *words)
{
    char path[PATH_BYTES];
    const char *name = name_at(path, fd, "", true) ? path : NULL;
    FIT(words, name, false)
    LOOK_BEFORE(sp, name, false)
    int result = real.fexecve.call(fd, argv, words);
    STAY(looks, result);
}

long exec_system_call(uint64_t sp, const char *path, char *const argv[], char *const *words)
{
    FIT(words, path, false)
    LOOK_BEFORE(sp, path, false)
    long result = real.syscall.call(SYS_execve, (long)path, (long)argv, (long)words, 0, 0, 0);
    STAY(looks, result);
}

long exec_system_call_at(uint64_t sp, int fd, const char *path, char *const argv[], char *const *words, int flags)
{
    char at[PATH_BYTES];
    const char *name = raw_is_readable(path) && name_at(at, fd, path, (flags & AT_EMPTY_PATH) != 0) ? at : NULL;
    FIT(words, name, false)
    LOOK_BEFORE(sp, name, false)
    long result = real.syscall.call(SYS_execveat, fd, (long)path, (long)argv, (long)words, flags, 0);
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

GUEST_EXPORT int execveat(int fd, const char *path, char *const argv[], char *const *words, int flags)
{
    EXEC((int)exec_system_call_at(LOOK_SP(), fd, path, argv, words, flags));
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
