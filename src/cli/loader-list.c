/* Reads what "ld.so --list PROGRAM" prints: "libc.so.6 => /lib/libc.so.6 (0x7f...)", "libfoo.so => not found",
   "./libbar.so (0x7f...)" for one that is needed by its path, and of those that are missing, on standard error,
   "./app: error while loading shared libraries: ./libbar.so: cannot open shared object file: ...". The loader itself,
   "/lib64/ld-linux-x86-64.so.2 (0x7f...)", and "linux-vdso.so.1 (0x7f...)" are left out. */

#include "cli/loader-list.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"

extern char **environ;

static int add(struct loader_list *list, const char *name, size_t name_length, const char *path, size_t path_length)
{
    struct loader_library *items = array_grow(list->items, &list->capacity, list->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    list->items = items;
    struct loader_library library = {.name = strndup(name, name_length)};
    if (path != NULL)
        library.path = strndup(path, path_length);
    if (library.name == NULL || (path != NULL && library.path == NULL)) {
        free(library.name);
        free(library.path);
        return -ENOMEM;
    }
    list->items[list->count++] = library;
    return 0;
}

static int parse_line(struct loader_list *list, const char *interpreter, const char *line)
{
    static const char trouble[] = "error while loading shared libraries: ";
    line += strspn(line, " \t");
    const char *failed = strstr(line, trouble);
    if (failed != NULL) {
        failed += strlen(trouble);
        return add(list, failed, strcspn(failed, ":\n"), NULL, 0);
    }
    const char *arrow = strstr(line, " => "), *end = strstr(line, " (0x");
    if (arrow != NULL) {
        const char *path = arrow + strlen(" => ");
        bool is_found = strncmp(path, "not found", strlen("not found")) != 0;
        size_t length = end != NULL && end > path ? (size_t)(end - path) : strcspn(path, "\n");
        return add(list, line, (size_t)(arrow - line), is_found ? path : NULL, length);
    }
    size_t length = end != NULL ? (size_t)(end - line) : 0;
    bool is_loader = length == strlen(interpreter) && strncmp(line, interpreter, length) == 0;
    if (is_loader || memchr(line, '/', length) == NULL)
        return 0;
    return add(list, line, length, line, length);
}

static int spawn_list(const char *interpreter, const char *path, int write_fd, pid_t *pid)
{
    char *argv[] = {strdup(interpreter), strdup("--list"), strdup(path), NULL};
    posix_spawn_file_actions_t actions;
    int status = ENOMEM;
    if (argv[0] != NULL && argv[1] != NULL && argv[2] != NULL && posix_spawn_file_actions_init(&actions) == 0) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, write_fd, STDERR_FILENO);
        status = posix_spawn(pid, interpreter, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    for (int i = 0; i < 3; i++)
        free(argv[i]);
    return -status;
}

int loader_list_read(const char *interpreter, const char *path, struct loader_list *out, struct err *err)
{
    int ends[2], wait_status;
    pid_t pid;
    *out = (struct loader_list){0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, -errno, "pipe: %s", strerror(errno));
    int status = spawn_list(interpreter, path, ends[1], &pid);
    close(ends[1]);
    if (status < 0) {
        close(ends[0]);
        return err_set(err, status, "%s: %s", interpreter, strerror(-status));
    }
    FILE *lines = fdopen(ends[0], "r");
    char *line = NULL;
    size_t capacity = 0;
    while (lines != NULL && getline(&line, &capacity, lines) >= 0)
        if (status == 0)
            status = parse_line(out, interpreter, line);
    free(line);
    if (lines != NULL)
        fclose(lines);
    else
        close(ends[0]);
    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR)
        ;
    if (status < 0) {
        loader_list_fini(out);
        return err_set(err, status, "out of memory");
    }
    return 0;
}

void loader_list_fini(struct loader_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct loader_list){0};
}
