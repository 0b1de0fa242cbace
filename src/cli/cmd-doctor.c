/* doctor: can this program be profiled, and what is missing? Looks at files and at this machine; runs nothing of the
   program's. */

#include "cli/cmd.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/loader-list.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/preload-path.h"
#include "cli/profile.h"
#include "cli/program.h"
#include "cli/rss-granularity.h"
#include "probes/probes.h"

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_ERROR };

struct finding {
    enum level level;
    const char *topic; /* one word, for programs that read the JSON */
    char *text;
};

struct doctor {
    const struct options *options;
    struct finding *findings;
    size_t count, capacity;
    bool out_of_memory;
    size_t function_count;
};

static void find(struct doctor *doctor, enum level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void find(struct doctor *doctor, enum level level, const char *topic, const char *format, ...)
{
    struct finding *findings = array_grow(doctor->findings, &doctor->capacity, doctor->count + 1, sizeof *findings);
    char *raw = NULL;
    struct text clean = TEXT_EMPTY;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&raw, format, args);
    va_end(args);
    if (findings != NULL)
        doctor->findings = findings;
    if (length >= 0)
        text_add_printable(&clean, raw);
    char *text = length >= 0 && !clean.failed ? strdup(text_get(&clean)) : NULL;
    if (findings == NULL || text == NULL) {
        doctor->out_of_memory = true;
        free(text);
    } else {
        doctor->findings[doctor->count++] = (struct finding){.level = level, .topic = topic, .text = text};
    }
    text_fini(&clean);
    if (length >= 0)
        free(raw);
}

static void judge_kind(struct doctor *doctor, const struct program *program)
{
    struct err text;
    const struct inspect *code = program_code(program);
    const char *obstacle = program_obstacle(program, &text);
    if (program->inspect.kind == INSPECT_SCRIPT)
        find(doctor, LEVEL_OK, "kind", "a script: its interpreter %s is profiled, and what that starts",
             program->interpreter != NULL ? program->interpreter : program->inspect.interpreter);
    if (obstacle != NULL)
        find(doctor, LEVEL_ERROR, "kind", "%s: %s", program_code_path(program), obstacle);
    else
        find(doctor, LEVEL_OK, "kind", "%s: dynamically linked x86-64 program (%s, not set-user-ID, %s)",
             program_code_path(program), code->pie ? "PIE" : "not PIE",
             code->sanitizer != NULL ? code->sanitizer : "no sanitizer");
    if (code->own_allocator != NULL)
        find(doctor, LEVEL_WARN, "allocator",
             "brings its own malloc (%s): calls within the program itself may pass us by; link it without, or with the "
             "shared "
             "library",
             code->own_allocator);
}

/* Which of the libraries brings malloc: the first that is known for it, else libc. */
static void judge_allocator(struct doctor *doctor, const struct loader_list *list)
{
    static const char *const allocators[] = {"jemalloc", "tcmalloc", "mimalloc"};
    const char *found = "glibc";
    for (size_t i = list->count; i-- > 0;)
        for (size_t j = 0; j < sizeof allocators / sizeof *allocators; j++)
            if (strstr(list->items[i].name, allocators[j]) != NULL)
                found = list->items[i].name;
    find(doctor, LEVEL_OK, "allocator", "malloc is that of %s, which can be watched", found);
}

static void judge_debug_info(struct doctor *doctor, const struct inspect *code)
{
    if (code->has_line_table)
        find(doctor, LEVEL_OK, "debug-info", "debug information: DWARF %d%s%s", code->dwarf_version,
             code->producer != NULL ? ", " : "", code->producer != NULL ? code->producer : "");
    else if (code->has_debug_info)
        find(doctor, LEVEL_WARN, "debug-info",
             "debug information without line numbers: lines cannot be shown; rebuild with -g");
    else
        find(doctor, LEVEL_WARN, "debug-info",
             "no debug information%s: lines cannot be shown, totals can; rebuild with -g%s",
             code->stripped ? ", and stripped" : "", code->stripped ? ", and do not strip it" : "");
}

static void judge_note(struct doctor *doctor, const char *path, const struct probes_note *note)
{
    const char *subject = note->subject != NULL ? note->subject : "",
               *detail = note->detail != NULL ? note->detail : "";
    if (note->kind == PROBES_NOTE_DEBUG_FILE_MISSING)
        find(doctor, LEVEL_WARN, "debug-info", "%s: separate debug file %s not found; install its -dbgsym package",
             path, subject);
    else if (note->kind == PROBES_NOTE_DEBUG_FILE_STALE)
        find(doctor, LEVEL_WARN, "debug-info",
             "%s: separate debug file %s belongs to another build; install this one's", path, subject);
    else if (note->kind == PROBES_NOTE_GLOB_UNMATCHED && *detail != '\0')
        find(doctor, LEVEL_WARN, "functions", "--function %s: no function of %s matches; did you mean %s?", subject,
             path, detail);
    else if (note->kind == PROBES_NOTE_GLOB_UNMATCHED)
        find(doctor, LEVEL_WARN, "functions", "--function %s: no function of %s matches", subject, path);
}

static void judge_source(struct doctor *doctor, const struct probes *probes, const char *file)
{
    struct stat source, program;
    if (stat(file, &source) != 0)
        find(doctor, LEVEL_WARN, "source",
             "%s: source not found: rows will have no text; put it there, or start syseng-mem "
             "where it was compiled",
             file);
    else if (stat(probes->path, &program) == 0 && source.st_mtim.tv_sec > program.st_mtim.tv_sec)
        find(doctor, LEVEL_WARN, "source", "%s: changed after %s was built: lines may be off; rebuild it", file,
             probes->path);
    else
        find(doctor, LEVEL_OK, "source", "%s: source found, older than the program", file);
}

static void judge_functions(struct doctor *doctor, const struct probes *probes)
{
    const char *last = "";
    for (size_t i = 0; i < probes->function_count; i++) {
        const struct probes_function *function = &probes->functions[i];
        const char *file = function->file != NULL ? function->file : "?";
        find(doctor, LEVEL_OK, "functions", "%s: %s (%s:%u)", function->annotated ? "annotated" : "chosen",
             function->name, file, function->line);
        if (function->optimized)
            find(doctor, LEVEL_WARN, "optimization",
                 "%s: compiled with optimisation: some of its lines are merged or gone; for exact lines use -O0 or -Og",
                 function->name);
        if (strcmp(file, last) != 0 && strcmp(file, "?") != 0)
            judge_source(doctor, probes, file);
        last = file;
    }
    doctor->function_count += probes->function_count;
}

static void judge_probes(struct doctor *doctor, const char *path, bool is_library)
{
    struct probes *probes;
    struct err err;
    const struct options_watch *watch = &doctor->options->watch;
    const struct probes_options options = {.globs = watch->functions.items,
                                           .glob_count = watch->functions.count,
                                           .debug_root = watch->debug_root};
    if (probes_find(path, &options, &probes, &err) < 0) {
        find(doctor, LEVEL_WARN, "functions", "%s", err.text);
        return;
    }
    for (size_t i = 0; i < probes->note_count; i++)
        if (!is_library || (probes->function_count > 0 && probes->notes[i].kind != PROBES_NOTE_GLOB_UNMATCHED))
            judge_note(doctor, path, &probes->notes[i]);
    judge_functions(doctor, probes);
    probes_free(probes);
}

static void judge_libraries(struct doctor *doctor, const struct program *program)
{
    const struct inspect *code = program_code(program);
    struct loader_list list;
    struct err err;
    if (code->kind != INSPECT_ELF_DYNAMIC || code->interpreter == NULL)
        return;
    if (loader_list_read(code->interpreter, program_code_path(program), &list, &err) < 0) {
        find(doctor, LEVEL_WARN, "libraries", "shared libraries unknown: %s", err.text);
        return;
    }
    size_t missing = 0;
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i].path == NULL) {
            find(doctor, LEVEL_ERROR, "libraries", "%s: needed, but not found; install it, or set LD_LIBRARY_PATH",
                 list.items[i].name);
            missing++;
        } else {
            judge_probes(doctor, list.items[i].path, true);
        }
    }
    if (missing == 0)
        find(doctor, LEVEL_OK, "libraries", "shared libraries: %zu, all found", list.count);
    if (code->own_allocator == NULL)
        judge_allocator(doctor, &list);
    loader_list_fini(&list);
}

static void judge_machine(struct doctor *doctor)
{
    struct err err;
    char *path;
    uint64_t late_bytes;
    if (preload_path_find(&path, &err) == 0) {
        find(doctor, LEVEL_OK, "installation", "preload library: %s", path);
        free(path);
    } else {
        find(doctor, LEVEL_ERROR, "installation", "%s", err.text);
    }
    find(doctor, LEVEL_OK, "privileges", "none needed: no ptrace, no capabilities");
    if (rss_granularity_measure(&late_bytes) < 0)
        find(doctor, LEVEL_WARN, "rss",
             "/proc/self/statm cannot be read: Mem usage and Increment stay blank; mount /proc");
    else if (late_bytes == 0)
        find(doctor, LEVEL_OK, "rss", "this kernel counts resident memory exactly");
    else
        find(doctor, LEVEL_WARN, "rss",
             "this kernel counts resident memory up to %s late: smaller increments may show on a later row; Linux 6.16 "
             "and "
             "later are exact",
             units_bytes(late_bytes).text);
    if (preload_path_find_jemalloc(&path, &err) == 0) {
        find(doctor, LEVEL_OK, "jemalloc", "--allocator=jemalloc would use %s", path);
        free(path);
    } else {
        find(doctor, LEVEL_OK, "jemalloc", "--allocator=jemalloc is not available until: apt-get install libjemalloc2");
    }
}

static void examine(struct doctor *doctor)
{
    struct program program;
    struct err err;
    if (program_find(doctor->options->program, doctor->options->watch.debug_root, &program, &err) < 0) {
        find(doctor, LEVEL_ERROR, "program", "%s", err.text);
        return;
    }
    const struct inspect *code = program_code(&program);
    judge_kind(doctor, &program);
    if (code->kind == INSPECT_ELF_DYNAMIC) {
        judge_debug_info(doctor, code);
        judge_probes(doctor, program_code_path(&program), false);
        judge_libraries(doctor, &program);
        if (doctor->function_count == 0)
            find(doctor, LEVEL_WARN, "functions",
                 "no function is %s, so there is no line report; put SYSENG_MEM_PROFILE before one (#include "
                 "<syseng_mem.h>), or name one with --function",
                 doctor->options->watch.functions.count > 0 ? "chosen" : "annotated");
    }
    judge_machine(doctor);
    program_fini(&program);
}

static bool is_usable(const struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->count; i++)
        if (doctor->findings[i].level == LEVEL_ERROR)
            return false;
    return true;
}

static const char *const level_names[] = {[LEVEL_OK] = "ok", [LEVEL_WARN] = "warn", [LEVEL_ERROR] = "error"};

static void print_text(const struct doctor *doctor, FILE *out)
{
    static const char *const colors[] = {
        [LEVEL_OK] = "\033[32m", [LEVEL_WARN] = "\033[1;35m", [LEVEL_ERROR] = "\033[1;31m"};
    bool color = message_wants_color(doctor->options->color, fileno(out));
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        if (doctor->options->quiet && finding->level == LEVEL_OK)
            continue;
        fprintf(out, "%s%-5s%s %s\n", color ? colors[finding->level] : "", level_names[finding->level],
                color ? "\033[0m" : "", finding->text);
    }
}

static int print_json(const struct doctor *doctor, FILE *out)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        /* A path need not be UTF-8, JSON must. */
        json_t *text = json_string(finding->text);
        if (text == NULL)
            text = json_string("(a name that is not UTF-8)");
        json_array_append_new(findings, json_pack("{s:s, s:s, s:o}", "level", level_names[finding->level], "topic",
                                                  finding->topic, "text", text));
    }
    json_t *name = json_string(doctor->options->program);
    json_t *root = json_pack("{s:o, s:b, s:o}", "program", name != NULL ? name : json_null(), "usable",
                             is_usable(doctor), "findings", findings);
    int status = root != NULL ? json_dumpf(root, out, JSON_INDENT(2)) : -1;
    json_decref(root);
    if (status == 0)
        fputc('\n', out);
    return status == 0 ? 0 : -EIO;
}

int cmd_doctor(const struct options *options)
{
    struct doctor doctor = {.options = options};
    struct output output;
    struct err err;
    examine(&doctor);
    int status = output_open(&output, NULL, &err);
    if (status == 0 && doctor.out_of_memory)
        status = err_set(&err, -ENOMEM, "out of memory");
    if (status == 0) {
        int written = 0;
        if (options->report.json)
            written = print_json(&doctor, output.stream);
        else
            print_text(&doctor, output.stream);
        status = output_close(&output, written, &err);
    }
    if (status < 0)
        message(MESSAGE_ERROR, "%s", err.text);
    bool usable = is_usable(&doctor);
    for (size_t i = 0; i < doctor.count; i++)
        free(doctor.findings[i].text);
    free(doctor.findings);
    return status < 0 ? PROFILE_FAILED : usable ? 0 : 1;
}
