/* Keeps the probes of every file of the session. The collector asks from its own thread; the main thread looks before
   the start and after the end: one lock covers all. */

#include "cli/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "cli/message.h"

struct watched {
    struct probes *probes;
    bool warned; /* its notes were said before the start */
};

struct watch {
    pthread_mutex_t lock;
    const struct options_watch *options;
    bool *glob_warned; /* one per --function */
    struct watched *files;
    size_t file_count, file_capacity;
    bool is_blind; /* the program's own file could not be looked at */
};

struct watch *watch_new(const struct options_watch *options)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    pthread_mutex_init(&watch->lock, NULL);
    watch->options = options;
    watch->glob_warned = calloc(options->functions.count + 1, sizeof *watch->glob_warned);
    if (watch->glob_warned == NULL) {
        watch_free(watch);
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    for (size_t i = 0; i < watch->file_count; i++)
        probes_free(watch->files[i].probes);
    free(watch->files);
    free(watch->glob_warned);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

static struct watched *find_file(struct watch *watch, const char *path)
{
    for (size_t i = 0; i < watch->file_count; i++)
        if (strcmp(watch->files[i].probes->path, path) == 0)
            return &watch->files[i];
    return NULL;
}

/* The probes of `path`, computed at the first call. With the lock held. */
static const struct probes *look(struct watch *watch, const char *path, struct err *err)
{
    /* The program asks by the path that the kernel shows, we by what was typed. */
    char *real = realpath(path, NULL);
    const char *key = real != NULL ? real : path;
    struct watched *known = find_file(watch, key);
    struct probes *probes = NULL;
    if (known != NULL) {
        free(real);
        return known->probes;
    }
    struct watched *files = array_grow(watch->files, &watch->file_capacity, watch->file_count + 1, sizeof *files);
    if (files == NULL) {
        err_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    watch->files = files;
    const struct probes_options options = {
        .globs = watch->options->functions.items,
        .glob_count = watch->options->functions.count,
        .every_instruction = watch->options->every_instruction,
        .debug_root = watch->options->debug_root,
    };
    if (probes_find(key, &options, &probes, err) < 0) {
        probes = NULL;
        goto out;
    }
    watch->files[watch->file_count++] = (struct watched){.probes = probes};
out:
    free(real);
    return probes;
}

const struct probes *watch_look(struct watch *watch, const char *path, struct err *err)
{
    pthread_mutex_lock(&watch->lock);
    const struct probes *probes = look(watch, path, err);
    watch->is_blind = probes == NULL;
    pthread_mutex_unlock(&watch->lock);
    return probes;
}

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void free_functions(struct collector_function *functions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(functions[i].name);
        free(functions[i].file);
        free(functions[i].lines);
    }
    free(functions);
}

/* The same functions in the collector's words. NULL when memory is short. */
static struct collector_function *copy_functions(const struct probes *probes)
{
    struct collector_function *functions = calloc(probes->function_count, sizeof *functions);
    if (functions == NULL)
        return NULL;
    for (size_t i = 0; i < probes->function_count; i++) {
        const struct probes_function *from = &probes->functions[i];
        struct collector_function *to = &functions[i];
        to->name = copy(from->name != NULL ? from->name : "?");
        to->file = copy(from->file != NULL ? from->file : "?");
        to->line = from->line;
        to->last_line = from->last_line;
        to->annotated = from->annotated;
        to->optimized = from->optimized;
        to->lines = malloc(from->line_count * sizeof *to->lines + 1);
        if (to->name == NULL || to->file == NULL || to->lines == NULL) {
            free_functions(functions, probes->function_count);
            return NULL;
        }
        if (from->line_count > 0)
            memcpy(to->lines, from->lines, from->line_count * sizeof *to->lines);
        to->line_count = from->line_count;
    }
    return functions;
}

int watch_plan(const char *path, uint32_t plan_id, void **plan, size_t *plan_bytes,
               struct collector_function **functions, size_t *function_count, void *data)
{
    struct watch *watch = data;
    struct err err = {""};
    int status = 0;
    *plan = NULL;
    *plan_bytes = 0;
    *functions = NULL;
    *function_count = 0;
    pthread_mutex_lock(&watch->lock);
    const struct probes *probes = look(watch, path, &err);
    if (probes == NULL) {
        /* A module without a file ([vdso], deleted) is ordinary; nothing to stop at there. */
        message(MESSAGE_DETAIL, "%s: not watched: %s", path, err.text);
    } else if (probes->function_count > 0 && probes->site_count > 0) {
        struct collector_function *copies = copy_functions(probes);
        status = copies == NULL ? -ENOMEM : probes_encode(probes, plan_id, plan, plan_bytes, &err);
        if (status < 0 && copies != NULL)
            free_functions(copies, probes->function_count);
        if (status == 0) {
            *functions = copies;
            *function_count = probes->function_count;
        }
    }
    pthread_mutex_unlock(&watch->lock);
    return status;
}

static void warn_glob(struct watch *watch, const struct probes_note *note, const char *path)
{
    for (size_t i = 0; i < watch->options->functions.count; i++)
        if (note->subject != NULL && strcmp(watch->options->functions.items[i], note->subject) == 0)
            watch->glob_warned[i] = true;
    message(MESSAGE_WARNING, "--function %s: no function of %s matches; did you mean %s?", note->subject, path,
            note->detail);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void warn_note(const char *path, const struct probes_note *note)
{
    const char *subject = note->subject != NULL ? note->subject : path, *detail = or_empty(note->detail);
    switch (note->kind) {
    case PROBES_NOTE_NO_DEBUG_INFO:
        if (*detail != '\0')
            message(MESSAGE_WARNING, "%s: no line numbers for %s: it was compiled without -g; rebuild it with -g", path,
                    detail);
        else
            message(MESSAGE_WARNING, "%s: no line numbers: it was compiled without -g; rebuild it with -g", path);
        break;
    case PROBES_NOTE_DEBUG_FILE_MISSING:
        message(MESSAGE_WARNING,
                "%s: no line numbers: its separate debug file %s is not there; install its -dbgsym "
                "package, or put it below /usr/lib/debug",
                path, subject);
        break;
    case PROBES_NOTE_DEBUG_FILE_STALE:
        message(MESSAGE_WARNING,
                "%s: no line numbers: its separate debug file %s belongs to another build; install the one "
                "of this build",
                path, subject);
        break;
    case PROBES_NOTE_STRIPPED:
        message(MESSAGE_WARNING, "%s: stripped: functions have no names; link it without -s, and do not strip it",
                path);
        break;
    case PROBES_NOTE_SITES_SKIPPED:
        message(MESSAGE_DETAIL, "%s: instructions that cannot be stopped at: %s", path, detail);
        break;
    case PROBES_NOTE_GLOB_UNMATCHED:
        break; /* judged over all files */
    }
}

/* A source that changed after the program was built: the text beside the numbers may be another line's. */
static void warn_newer_sources(const struct probes *probes)
{
    struct stat program, source;
    if (stat(probes->path, &program) != 0)
        return;
    const char *last = "";
    for (size_t i = 0; i < probes->function_count; i++) {
        const char *file = probes->functions[i].file;
        if (file == NULL || strcmp(file, last) == 0)
            continue;
        last = file;
        if (stat(file, &source) == 0 && source.st_mtim.tv_sec > program.st_mtim.tv_sec)
            message(MESSAGE_WARNING, "%s: changed after %s was built: lines may be off; rebuild it", file,
                    probes->path);
    }
}

void watch_warn_before(struct watch *watch, const struct probes *probes)
{
    for (size_t i = 0; i < probes->note_count; i++) {
        const struct probes_note *note = &probes->notes[i];
        if (note->kind == PROBES_NOTE_GLOB_UNMATCHED && note->detail != NULL)
            warn_glob(watch, note, probes->path);
        else
            warn_note(probes->path, note);
    }
    warn_newer_sources(probes);
    for (size_t i = 0; i < watch->file_count; i++)
        if (watch->files[i].probes == probes)
            watch->files[i].warned = true;
}

static bool is_unmatched_in(const struct probes *probes, const char *glob)
{
    for (size_t i = 0; i < probes->note_count; i++)
        if (probes->notes[i].kind == PROBES_NOTE_GLOB_UNMATCHED && probes->notes[i].subject != NULL &&
            strcmp(probes->notes[i].subject, glob) == 0)
            return true;
    return false;
}

static bool matches_somewhere(const struct watch *watch, const char *glob)
{
    for (size_t i = 0; i < watch->file_count; i++)
        if (!is_unmatched_in(watch->files[i].probes, glob))
            return true;
    return false;
}

static size_t count_functions(const struct watch *watch)
{
    size_t count = 0;
    for (size_t i = 0; i < watch->file_count; i++)
        count += watch->files[i].probes->function_count;
    return count;
}

/* Is something annotated after all, but without lines? That was said then. */
static bool lacks_debug_info(const struct watch *watch)
{
    for (size_t i = 0; i < watch->file_count; i++)
        for (size_t j = 0; j < watch->files[i].probes->note_count; j++)
            if (watch->files[i].probes->notes[j].kind == PROBES_NOTE_NO_DEBUG_INFO)
                return true;
    return false;
}

static bool is_empty(const struct watch *watch)
{
    bool is_told = watch->is_blind || lacks_debug_info(watch);
    return watch->options->functions.count == 0 && count_functions(watch) == 0 && !is_told;
}

bool watch_is_empty(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    bool empty = is_empty(watch);
    pthread_mutex_unlock(&watch->lock);
    return empty;
}

/* That a library has no lines matters if a function in it was to be watched. With --function, every library is looked
   at, and most of a system's have their debug files in packages that nobody installs: see warn_unmatched. */
static bool matters(const struct watch *watch, const struct probes_note *note)
{
    switch (note->kind) {
    case PROBES_NOTE_STRIPPED:
        return false;
    case PROBES_NOTE_NO_DEBUG_INFO:
        return note->detail != NULL;
    case PROBES_NOTE_DEBUG_FILE_MISSING:
        return watch->options->functions.count == 0;
    default:
        return true;
    }
}

static size_t count_without_debug_file(const struct watch *watch)
{
    size_t count = 0;
    for (size_t i = 0; i < watch->file_count; i++)
        for (size_t j = 0; j < watch->files[i].probes->note_count; j++)
            count += watch->files[i].probes->notes[j].kind == PROBES_NOTE_DEBUG_FILE_MISSING;
    return count;
}

static void warn_unmatched(const struct watch *watch, const char *glob, const char *program)
{
    char unread[128] = "";
    size_t count = count_without_debug_file(watch);
    if (count > 0)
        snprintf(unread, sizeof unread, "; the debug files of %zu libraries are not installed (-v names them)", count);
    message(
        MESSAGE_WARNING,
        "--function %s: no function matches in %s or its libraries; names are those of the source, * stands for any "
        "characters%s",
        glob, program, unread);
}

static void warn_empty(const char *program, const char *functions)
{
    if (*functions == '\0')
        message(MESSAGE_WARNING,
                "%s: no function is annotated, so there is no line report; put SYSENG_MEM_PROFILE before "
                "one (#include <syseng_mem.h>), or name one with --function",
                program);
    else
        message(MESSAGE_WARNING,
                "%s: no function is annotated; for a line report, name one with --function, or put SYSENG_MEM_PROFILE "
                "before it; most is allocated in %s",
                program, functions);
}

void watch_warn_after(struct watch *watch, const char *program, const char *functions)
{
    pthread_mutex_lock(&watch->lock);
    for (size_t i = 0; i < watch->file_count; i++) {
        struct watched *file = &watch->files[i];
        for (size_t j = 0; j < file->probes->note_count && !file->warned; j++) {
            const struct probes_note *note = &file->probes->notes[j];
            if (matters(watch, note))
                warn_note(file->probes->path, note);
            else if (note->kind == PROBES_NOTE_DEBUG_FILE_MISSING)
                message(MESSAGE_DETAIL, "%s: its debug file %s is not there", file->probes->path, note->subject);
        }
        if (!file->warned)
            warn_newer_sources(file->probes);
    }
    for (size_t i = 0; i < watch->options->functions.count; i++) {
        const char *glob = watch->options->functions.items[i];
        if (!watch->glob_warned[i] && !matches_somewhere(watch, glob))
            warn_unmatched(watch, glob, program);
    }
    if (is_empty(watch))
        warn_empty(program, functions);
    pthread_mutex_unlock(&watch->lock);
}
