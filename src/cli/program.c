/* Finding the program, and what cannot be profiled. */

#include "cli/program.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/suggest.h"

/* What execvp(3) does when PATH is not set. */
#define PATH_DEFAULT "/bin:/usr/bin"

static bool is_executable_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Call `visit` with each directory of PATH; an empty one means the current directory. Stops when `visit` says true. */
static bool each_path_directory(bool (*visit)(const char *directory, void *data), void *data)
{
    const char *path = getenv("PATH");
    if (path == NULL)
        path = PATH_DEFAULT;
    for (;;) {
        size_t length = strcspn(path, ":");
        char directory[PATH_MAX];
        if (length < sizeof directory) {
            snprintf(directory, sizeof directory, "%.*s", (int)length, path);
            if (visit(length == 0 ? "." : directory, data))
                return true;
        }
        if (path[length] == '\0')
            return false;
        path += length + 1;
    }
}

struct search {
    const char *name;
    char found[PATH_MAX];
};

static bool find_in_directory(const char *directory, void *data)
{
    struct search *search = data;
    int length = snprintf(search->found, sizeof search->found, "%s/%s", directory, search->name);
    return length < (int)sizeof search->found && is_executable_file(search->found);
}

/* Offer the programs of a directory. */
static bool suggest_from_directory(const char *directory, void *data)
{
    struct suggest *suggest = data;
    DIR *dir = opendir(directory);
    if (dir == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[PATH_MAX];
        if (suggest_distance(suggest->wanted, entry->d_name) > strlen(suggest->wanted))
            continue;
        struct suggest trial = *suggest;
        suggest_offer(&trial, entry->d_name);
        if (strcmp(trial.best, suggest->best) == 0)
            continue;
        int length = snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (length < (int)sizeof path && is_executable_file(path))
            *suggest = trial;
    }
    closedir(dir);
    return false;
}

/* No file of that name: is there one of a similar name? */
static int not_found(const char *name, struct err *err)
{
    char directory[PATH_MAX] = "";
    const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash == name ? 1 : slash - name), name);
    struct suggest suggest = {.wanted = base};
    if (slash != NULL) {
        suggest_from_directory(directory, &suggest);
        if (suggest.best[0] != '\0')
            return err_set(err, -ENOENT, "%s: not found; did you mean %.*s%s?", name, (int)(base - name), name,
                           suggest.best);
        return err_set(err, -ENOENT, "%s: not found", name);
    }
    if (is_executable_file(name))
        return err_set(err, -ENOENT, "%s: not found in PATH; did you mean ./%s?", name, name);
    suggest_from_directory(".", &suggest);
    if (suggest.best[0] != '\0' && suggest.distance <= 1)
        return err_set(err, -ENOENT, "%s: not found in PATH; did you mean ./%s?", name, suggest.best);
    suggest = (struct suggest){.wanted = base};
    each_path_directory(suggest_from_directory, &suggest);
    if (suggest.best[0] != '\0')
        return err_set(err, -ENOENT, "%s: not found in PATH; did you mean %s?", name, suggest.best);
    return err_set(err, -ENOENT, "%s: not found in PATH; a program outside of it needs its directory, such as ./%s",
                   name, name);
}

/* The file cannot be executed, or is of no kind that can: say why. */
static int refuse(const struct program *program, struct err *err)
{
    switch (program->inspect.kind) {
    case INSPECT_SOURCE:
        return err_set(err, -EACCES, "%s: source code, not a program; compile it first, with -g", program->name);
    case INSPECT_ELF_NOT_PROGRAM:
        return err_set(err, -EACCES, "%s: an object file, a library or a core file, not a program; link it first",
                       program->name);
    case INSPECT_OTHER:
        return err_set(err, -EACCES,
                       "%s: neither an ELF program nor a script with a #! line; the kernel cannot execute it",
                       program->name);
    default:
        return err_set(err, -EACCES, "%s: not executable; chmod +x %s", program->name, program->name);
    }
}

static bool is_program_kind(enum inspect_kind kind)
{
    return kind != INSPECT_SOURCE && kind != INSPECT_ELF_NOT_PROGRAM && kind != INSPECT_OTHER;
}

static int locate(const char *name, char **out, struct err *err)
{
    if (strchr(name, '/') != NULL) {
        struct stat status;
        if (stat(name, &status) != 0 && errno == ENOENT)
            return not_found(name, err);
        if (stat(name, &status) != 0)
            return err_set(err, errno == ENOTDIR ? -ENOENT : -EACCES, "%s: %s", name, strerror(errno));
        if (S_ISDIR(status.st_mode))
            return err_set(err, -EACCES, "%s: a directory, not a program; name a file in it", name);
        *out = strdup(name);
    } else {
        struct search search = {.name = name};
        struct stat status;
        if (!each_path_directory(find_in_directory, &search)) {
            /* A bare name that is a file here, but no program: what it is says more than that PATH lacks it. */
            if (strchr(name, '.') == NULL || stat(name, &status) != 0 || !S_ISREG(status.st_mode))
                return not_found(name, err);
            snprintf(search.found, sizeof search.found, "%s", name);
        }
        *out = strdup(search.found);
    }
    return *out != NULL ? 0 : err_set(err, -ENOMEM, "out of memory");
}

static void look_at_interpreter(struct program *program, const char *debug_root)
{
    const char *path = program->inspect.interpreter;
    if (program->inspect.kind != INSPECT_SCRIPT || path == NULL)
        return;
    if (inspect_file(path, debug_root, &program->interpreter_inspect, NULL) != 0)
        return;
    program->interpreter = strdup(path);
    if (program->interpreter == NULL)
        inspect_fini(&program->interpreter_inspect);
}

int program_find(const char *name, const char *debug_root, struct program *out, struct err *err)
{
    *out = (struct program){.name = name};
    int status = locate(name, &out->path, err);
    if (status < 0)
        return status;
    bool executable = is_executable_file(out->path);
    struct err why;
    status = inspect_file(out->path, debug_root, &out->inspect, &why);
    if (status == -EACCES && executable) {
        /* May be executed but not read: nothing can be known about it beforehand. */
        out->inspect = (struct inspect){.kind = INSPECT_ELF_DYNAMIC, .bits = 64, .machine = EM_X86_64};
        return 0;
    }
    if (status < 0) {
        program_fini(out);
        return err_set(err, -EACCES, "%s: %s", name, why.text);
    }
    if (!executable || !is_program_kind(out->inspect.kind)) {
        status = refuse(out, err);
        program_fini(out);
        return status;
    }
    look_at_interpreter(out, debug_root);
    return 0;
}

void program_fini(struct program *program)
{
    if (program->path != NULL)
        inspect_fini(&program->inspect);
    if (program->interpreter != NULL)
        inspect_fini(&program->interpreter_inspect);
    free(program->path);
    free(program->interpreter);
    *program = (struct program){0};
}

const char *program_code_path(const struct program *program)
{
    return program->interpreter != NULL ? program->interpreter : program->path;
}

const struct inspect *program_code(const struct program *program)
{
    return program->interpreter != NULL ? &program->interpreter_inspect : &program->inspect;
}

/* UndefinedBehaviorSanitizer alone leaves malloc as it is; the others must own it. */
static bool owns_malloc(const char *sanitizer)
{
    return strcmp(sanitizer, "UndefinedBehaviorSanitizer") != 0;
}

static const char *machine_name(int machine)
{
    switch (machine) {
    case EM_386:
        return "a 32-bit x86";
    case EM_X86_64:
        return "a 32-bit (x32)";
    case EM_AARCH64:
        return "an aarch64";
    case EM_ARM:
        return "a 32-bit ARM";
    case EM_RISCV:
        return "a RISC-V";
    default:
        return "a foreign";
    }
}

const char *program_obstacle(const struct program *program, struct err *text)
{
    const struct inspect *code = program_code(program);
    text->text[0] = '\0';
    if (code->kind == INSPECT_ELF_STATIC)
        err_set(text, 0, "statically linked, so that no library can be preloaded into it; link it dynamically");
    else if (code->kind == INSPECT_ELF_OTHER_ARCH)
        err_set(text, 0, "%s program, and syseng-mem handles x86-64; build it for x86-64", machine_name(code->machine));
    else if (code->kind == INSPECT_ELF_OTHER_LIBC)
        err_set(text, 0, "its loader is %s, not the GNU C library's; build it against glibc",
                code->interpreter != NULL ? code->interpreter : "unknown");
    else if (code->setuid || program->inspect.setuid)
        err_set(text, 0,
                "set-user-ID, set-group-ID or with file capabilities, so that the loader preloads nothing into it; "
                "run a copy without them");
    else if (code->sanitizer != NULL && owns_malloc(code->sanitizer))
        err_set(text, 0, "built with %s, which must own malloc; use a build without -fsanitize", code->sanitizer);
    return text->text[0] != '\0' ? text->text : NULL;
}
