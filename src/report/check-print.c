/* Words, places and identities of findings. */

#include "report/check-print.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "report/source.h"

const char *check_kind_name(enum check_kind kind)
{
    static const char *const names[] = {[CHECK_LEAK] = "LEAK", [CHECK_LIMIT] = "LIMIT", [CHECK_FAILED] = "FAIL"};
    return names[kind];
}

const char *check_rule(const struct check_finding *finding)
{
    static const char *const leaks[] = {[CHECK_GROWING] = "leak/growing",
                                        [CHECK_UNREACHABLE] = "leak/unreachable",
                                        [CHECK_STILL_LIVE] = "leak/still-live",
                                        [CHECK_KEPT] = "leak/kept"};
    static const char *const limits[] = {[LIMITS_PEAK] = "limit/peak",
                                         [LIMITS_ALLOCATED] = "limit/allocated",
                                         [LIMITS_ALLOCS] = "limit/allocs",
                                         [LIMITS_NOT_FREED] = "limit/not-freed",
                                         [LIMITS_RSS] = "limit/rss"};
    return finding->kind == CHECK_LEAK    ? leaks[finding->evidence]
           : finding->kind == CHECK_LIMIT ? limits[finding->key]
                                          : "failed";
}

static void add_range(struct text *out, uint64_t low, uint64_t high, bool is_bytes)
{
    if (is_bytes && low == high)
        text_add(out, units_bytes(low).text);
    else if (is_bytes)
        text_addf(out, "%s to %s", units_bytes(low).text, units_bytes(high).text);
    else if (low == high)
        text_addf(out, "%" PRIu64 " block%s", low, low == 1 ? "" : "s");
    else
        text_addf(out, "%" PRIu64 " to %" PRIu64 " blocks", low, high);
}

static void add_leak(struct text *out, const struct check_request *request, const struct check_finding *finding)
{
    add_range(out, finding->bytes_low, finding->bytes_high, true);
    text_add(out, " in ");
    add_range(out, finding->blocks_low, finding->blocks_high, false);
    if (finding->evidence == CHECK_STILL_LIVE)
        text_add(out, " still live at exit");
    else if (!request->is_run)
        text_addf(out, " per request, %u of %u repeat%s", finding->windows, request->count,
                  request->count == 1 ? "" : "s");
    if (finding->evidence == CHECK_KEPT)
        text_add(out, ", kept");
    if (finding->reach == CHECK_REACH_ALL && finding->evidence != CHECK_KEPT)
        text_add(out, ", still reachable");
    else if (finding->reach == CHECK_REACH_SOME)
        text_addf(out, ", %" PRIu64 " of %" PRIu64 " blocks unreachable", finding->lost_blocks, finding->blocks_total);
    else if (finding->reach == CHECK_REACH_NONE)
        text_add(out, ", unreachable");
    if (check_is_indirect(finding))
        text_add(out, ", lost blocks lead to it");
    if (finding->led_blocks > 0) {
        text_addf(out, "; leads to %s in ", units_bytes(finding->led_bytes).text);
        add_range(out, finding->led_blocks, finding->led_blocks, false);
    }
}

bool check_is_indirect(const struct check_finding *finding)
{
    return finding->lost_blocks > 0 && finding->indirect_blocks == finding->lost_blocks;
}

static void add_limit(struct text *out, const struct check_finding *finding)
{
    struct text value = TEXT_EMPTY;
    if (finding->key == LIMITS_ALLOCS)
        text_addf(&value, "%" PRIu64, finding->value);
    else
        text_add(&value, units_bytes(finding->value).text);
    text_addf(out, "%s ", limits_key_names[finding->key]);
    /* What rounding would hide is told in bytes. */
    if (finding->key != LIMITS_ALLOCS && strcmp(text_get(&value), units_bytes(finding->limit).text) == 0)
        text_addf(out, "%" PRIu64 " B", finding->value);
    else
        text_add(out, text_get(&value));
    text_add(out, " > ");
    text_add_printable(out, finding->limit_text);
    text_add(out, " (");
    source_add_name(out, finding->limit_file);
    text_addf(out, ":%u)", finding->limit_line);
    text_fini(&value);
}

void check_add_what(struct text *out, const struct check_result *result, const struct check_finding *finding)
{
    if (finding->kind == CHECK_LEAK)
        add_leak(out, &result->requests[finding->request], finding);
    else if (finding->kind == CHECK_LIMIT)
        add_limit(out, finding);
    else
        text_add(out, finding->text);
}

const char *check_why_unknown(const struct check_result *result)
{
    static const char *const why[] = {
        [SESSION_LOOK_NONE] = "it was gone before anybody could look",
        [SESSION_LOOK_DONE] = NULL,
        [SESSION_LOOK_NOT_PERMITTED] = "the kernel does not let it be looked at (ptrace is not permitted)",
        [SESSION_LOOK_FAILED] = "it did not stand still, or its memory could not be read",
    };
    return why[result->unknown_why];
}

static void add_count(struct text *out, size_t count, const char *noun)
{
    text_addf(out, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}

void check_add_totals(struct text *out, const struct check_result *result)
{
    const struct {
        size_t count;
        const char *noun;
    } parts[] = {{result->leak_count, "leak"}, {result->limit_count, "limit"}, {result->failed_count, "failure"}};
    bool is_run = result->request_count > 0 && result->requests[0].is_run;
    add_count(out, result->finding_count, "finding");
    if (is_run)
        text_add(out, " in the whole run");
    else {
        text_add(out, " in ");
        add_count(out, result->request_count, "request");
    }
    const char *separator = " (";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].count == 0)
            continue;
        text_add(out, separator);
        add_count(out, parts[i].count, parts[i].noun);
        separator = ", ";
    }
    text_addf(out, "%s, %zu suppressed", result->finding_count > 0 ? ")" : "", result->suppressed_count);
}

const char *check_base_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return path == NULL ? "?" : slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

const char *check_blamed_function(const struct check_finding *finding)
{
    return finding->blamed < finding->frame_count ? finding->frames[finding->blamed].function : NULL;
}

bool check_add_suppression(struct text *out, const struct check_finding *finding)
{
    size_t shown = check_shown_frames(finding);
    const char *function = check_blamed_function(finding);
    for (size_t i = 0; function == NULL && i < shown; i++)
        function = finding->frames[i].function;
    if (function == NULL && (shown == 0 || finding->frames[0].module == NULL))
        return false;
    text_add(out, "leak:");
    text_add_printable(out, function != NULL ? function : check_base_name(finding->frames[0].module));
    return true;
}

static bool is_start(const struct check_frame *frame)
{
    static const char *const names[] = {"libc.so", "libc-2.", "ld-linux", "libpthread"};
    const char *name = check_base_name(frame->module);
    if (frame->function != NULL && strcmp(frame->function, "_start") == 0)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

size_t check_shown_frames(const struct check_finding *finding)
{
    size_t end = finding->frame_count;
    /* _start of a stripped program has no name, but libc right above it. */
    if (end > 2 && finding->frames[end - 1].function == NULL && is_start(&finding->frames[end - 2]))
        end--;
    while (end > 0 && is_start(&finding->frames[end - 1]))
        end--;
    return end > 0 ? end : finding->frame_count;
}

bool check_find_place(const struct check_finding *finding, struct check_place *out)
{
    if (finding->kind == CHECK_LIMIT) {
        *out = (struct check_place){finding->limit_file, finding->limit_line};
        return true;
    }
    if (finding->blamed >= finding->frame_count)
        return false;
    const struct check_frame *frame = &finding->frames[finding->blamed];
    *out = (struct check_place){frame->file, frame->line};
    return frame->file != NULL && frame->line > 0;
}

/* Absolute, without "." and ".." (lexically: the file need not be there). */
static void add_absolute(struct text *out, const char *path)
{
    char current[PATH_MAX];
    struct text raw = TEXT_EMPTY;
    if (path[0] != '/' && getcwd(current, sizeof current) != NULL)
        text_addf(&raw, "%s/", current);
    text_add(&raw, path);
    char *rest = raw.bytes, *part;
    size_t start = out->length;
    while (!raw.failed && (part = strsep(&rest, "/")) != NULL) {
        if (*part == '\0' || strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") != 0) {
            text_addf(out, "/%s", part);
            continue;
        }
        char *slash = out->length > start ? strrchr(out->bytes + start, '/') : NULL;
        if (slash != NULL) {
            out->length = (size_t)(slash - out->bytes);
            *slash = '\0';
        }
    }
    text_fini(&raw);
}

/* The directory that paths are relative to; "" when even the current one is not known. */
static const char *repository(void)
{
    static char root[PATH_MAX];
    if (root[0] != '\0' || getcwd(root, sizeof root - 8) == NULL)
        return root;
    char current[PATH_MAX];
    strcpy(current, root);
    for (;;) {
        size_t length = strlen(root);
        struct stat status;
        strcpy(root + length, "/.git");
        bool found = stat(root, &status) == 0;
        root[length] = '\0';
        if (found)
            return root;
        char *slash = strrchr(root, '/');
        if (slash == NULL || slash == root)
            return strcpy(root, current);
        *slash = '\0';
    }
}

void check_add_path(struct text *out, const char *path)
{
    struct text absolute = TEXT_EMPTY;
    const char *root = repository();
    size_t length = strlen(root);
    add_absolute(&absolute, path);
    const char *text = text_get(&absolute);
    if (length > 1 && strncmp(text, root, length) == 0 && text[length] == '/')
        text += length + 1;
    text_add_printable(out, text);
    text_fini(&absolute);
}

void check_add_uri(struct text *out, const char *path)
{
    struct text plain = TEXT_EMPTY;
    check_add_path(&plain, path);
    const char *text = text_get(&plain);
    if (text[0] == '/')
        text_add(out, "file://");
    for (; *text != '\0'; text++) {
        bool is_plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                        (*text >= '0' && *text <= '9') || strchr("/._~-+@,", *text) != NULL;
        if (is_plain)
            text_add_bytes(out, text, 1);
        else
            text_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
    text_fini(&plain);
}

void check_add_function(struct text *out, const struct check_frame *frame)
{
    if (frame->function != NULL)
        text_add_printable(out, frame->function);
    else if (frame->module != NULL)
        text_addf(out, "%s+0x%" PRIx64, check_base_name(frame->module), frame->address);
    else
        text_addf(out, "0x%" PRIx64, frame->address);
}

static bool is_system(const char *module)
{
    return module != NULL && (strncmp(module, "/lib", 4) == 0 || strncmp(module, "/usr/lib", 8) == 0);
}

void check_add_frame_place(struct text *out, const struct check_frame *frame)
{
    /* A system's library names its files from where it was compiled: which library it is says more. */
    bool is_elsewhere = frame->file != NULL && frame->file[0] != '/' && is_system(frame->module);
    if (frame->file == NULL || frame->line == 0 || is_elsewhere) {
        text_add_printable(out, check_base_name(frame->module));
        return;
    }
    source_add_name(out, frame->file);
    text_addf(out, ":%u", frame->line);
}

void check_add_stack(struct text *out, const struct check_finding *finding)
{
    size_t shown = check_shown_frames(finding);
    for (size_t i = 0; i < shown; i++) {
        text_addf(out, "#%zu ", i);
        check_add_function(out, &finding->frames[i]);
        text_add(out, "  ");
        check_add_frame_place(out, &finding->frames[i]);
        text_add(out, "\n");
    }
}

int check_write(struct text *text, FILE *out, struct err *err)
{
    int status = text->failed ? err_set(err, -ENOMEM, "out of memory") : 0;
    errno = 0;
    if (status == 0 && text->length > 0 && fwrite(text->bytes, 1, text->length, out) != text->length)
        status = errno != 0 ? -errno : -EIO;
    text_fini(text);
    return status;
}
