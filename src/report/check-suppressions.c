/* Patterns, and the two files' grammars. A suppression of valgrind names the allocating function first, which our
   stacks leave out: they begin with its caller. */

#include "report/check-suppressions.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define FILE_MOST_BYTES ((size_t)16 << 20)

enum line_kind { LINE_FUNCTION, LINE_OBJECT, LINE_SOURCE, LINE_ANY };

struct frame_line {
    enum line_kind kind;
    char *pattern;
};

struct suppression {
    char *text; /* as it is named when nobody needed it */
    char *path;
    uint32_t line;
    bool used;
    char *pattern; /* of LeakSanitizer; NULL: valgrind's lines count */
    struct frame_line *lines;
    size_t line_count, line_room;
};

struct suppressions {
    struct suppression *items;
    size_t count, room;
};

struct suppressions *suppressions_new(void)
{
    return calloc(1, sizeof(struct suppressions));
}

static void suppression_fini(struct suppression *suppression)
{
    for (size_t i = 0; i < suppression->line_count; i++)
        free(suppression->lines[i].pattern);
    free(suppression->lines);
    free(suppression->text);
    free(suppression->path);
    free(suppression->pattern);
}

void suppressions_free(struct suppressions *suppressions)
{
    if (suppressions == NULL)
        return;
    for (size_t i = 0; i < suppressions->count; i++)
        suppression_fini(&suppressions->items[i]);
    free(suppressions->items);
    free(suppressions);
}

static int add(struct suppressions *suppressions, struct suppression *suppression)
{
    struct suppression *items =
        array_grow(suppressions->items, &suppressions->room, suppressions->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    suppressions->items = items;
    items[suppressions->count++] = *suppression;
    *suppression = (struct suppression){0};
    return 0;
}

/* `text` at its beginning against a pattern, in which only '*' and a final '$' mean something. */
static bool matches_here(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (*pattern == '\0' || (*pattern == '$' && pattern[1] == '\0' && *text == '\0')) {
            return true;
        } else if (*text != '\0' && *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL && *retry != '\0') {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
}

bool suppressions_pattern_matches(const char *pattern, const char *text)
{
    if (text == NULL)
        return false;
    if (*pattern == '^')
        return matches_here(pattern + 1, text);
    do {
        if (matches_here(pattern, text))
            return true;
    } while (*text++ != '\0');
    return false;
}

/* One line of a file without blanks at its ends; NULL at the end. Cuts `*rest`. */
static char *next_line(char **rest, uint32_t *number)
{
    char *line = *rest;
    if (line == NULL || *line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    ++*number;
    line += strspn(line, " \t\r");
    size_t length = strlen(line);
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
        line[--length] = '\0';
    return line;
}

static int add_frame_line(struct suppression *suppression, enum line_kind kind, const char *pattern)
{
    struct frame_line *lines =
        array_grow(suppression->lines, &suppression->line_room, suppression->line_count + 1, sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    suppression->lines = lines;
    lines[suppression->line_count] = (struct frame_line){.kind = kind, .pattern = strdup(pattern)};
    return lines[suppression->line_count++].pattern != NULL ? 0 : -ENOMEM;
}

static int parse_frame_line(struct suppression *suppression, const char *line)
{
    if (strcmp(line, "...") == 0)
        return add_frame_line(suppression, LINE_ANY, "");
    static const struct {
        const char *prefix;
        enum line_kind kind;
    } kinds[] = {{"fun:", LINE_FUNCTION}, {"obj:", LINE_OBJECT}, {"src:", LINE_SOURCE}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(line, kinds[i].prefix, 4) == 0)
            return add_frame_line(suppression, kinds[i].kind, line + 4);
    return -EINVAL;
}

/* "Memcheck:Leak", "Memcheck,Helgrind:Leak" */
static bool is_leak_kind(const char *line)
{
    const char *colon = strchr(line, ':');
    if (colon == NULL || strcmp(colon + 1, "Leak") != 0)
        return false;
    const char *tool = strstr(line, "Memcheck");
    return tool != NULL && tool < colon;
}

struct reader {
    const char *path;
    char *rest;
    uint32_t line;
    struct err *err;
};

/* The line after "{" until "}". */
static int parse_block(struct suppressions *suppressions, struct reader *reader)
{
    uint32_t start = reader->line, index = 0;
    struct suppression suppression = {.line = start, .path = strdup(reader->path)};
    bool is_leak = false, ended = false;
    int status = suppression.path != NULL ? 0 : -ENOMEM;
    char *line;
    while (status == 0 && !ended && (line = next_line(&reader->rest, &reader->line)) != NULL) {
        if (*line == '\0' || *line == '#')
            continue;
        if (strcmp(line, "}") == 0) {
            ended = true;
        } else if (index++ == 0) {
            suppression.text = strdup(line);
            status = suppression.text != NULL ? 0 : -ENOMEM;
        } else if (index == 2) {
            is_leak = is_leak_kind(line);
            if (strchr(line, ':') == NULL)
                status = err_set(reader->err, -EINVAL, "%s:%u: '%s' is no kind of error; write Memcheck:Leak",
                                 reader->path, reader->line, line);
        } else if (is_leak && strncmp(line, "match-leak-kinds:", 17) != 0) {
            status = parse_frame_line(&suppression, line);
            if (status == -EINVAL)
                err_set(reader->err, status, "%s:%u: '%s' is no frame; write fun:NAME, obj:FILE, src:FILE or ...",
                        reader->path, reader->line, line);
        }
    }
    if (status == 0 && !ended)
        status =
            err_set(reader->err, -EINVAL, "%s:%u: this block is not closed; end it with a line }", reader->path, start);
    else if (status == 0 && (index < 2 || (is_leak && suppression.line_count == 0)))
        status = err_set(reader->err, -EINVAL,
                         "%s:%u: this block is too short; it holds a name, Memcheck:Leak and frames, a line each",
                         reader->path, start);
    if (status == 0 && is_leak)
        status = add(suppressions, &suppression);
    suppression_fini(&suppression);
    return status;
}

static int parse_leak(struct suppressions *suppressions, struct reader *reader, const char *line)
{
    if (strncmp(line, "leak:", 5) != 0 || line[5] == '\0')
        return err_set(reader->err, -EINVAL,
                       "%s:%u: '%s' is no suppression; write leak:PATTERN, or a block of valgrind's in braces",
                       reader->path, reader->line, line);
    struct suppression suppression = {
        .line = reader->line, .path = strdup(reader->path), .text = strdup(line), .pattern = strdup(line + 5)};
    int status = suppression.path != NULL && suppression.text != NULL && suppression.pattern != NULL
                     ? add(suppressions, &suppression)
                     : -ENOMEM;
    suppression_fini(&suppression);
    return status;
}

int suppressions_parse(struct suppressions *suppressions, const char *path, const char *text, struct err *err)
{
    char *copy = strdup(text);
    struct reader reader = {.path = path, .rest = copy, .err = err};
    int status = copy != NULL ? 0 : -ENOMEM;
    char *line;
    while (status == 0 && (line = next_line(&reader.rest, &reader.line)) != NULL) {
        if (*line == '\0' || *line == '#')
            continue;
        status = strcmp(line, "{") == 0 ? parse_block(suppressions, &reader) : parse_leak(suppressions, &reader, line);
    }
    free(copy);
    return status == -ENOMEM ? err_set(err, status, "out of memory") : status;
}

int suppressions_read(struct suppressions *suppressions, const char *path, struct err *err)
{
    struct text text = TEXT_EMPTY;
    int status = text_add_file(&text, path, FILE_MOST_BYTES);
    if (status < 0)
        err_set(err, status, "%s: %s", path, strerror(-status));
    else if (text_zero_line(&text) > 0)
        status = err_set(err, -EINVAL, "%s:%u: a zero byte; this is no text", path, text_zero_line(&text));
    else
        status = suppressions_parse(suppressions, path, text_get(&text), err);
    text_fini(&text);
    return status;
}

static bool line_matches(const struct frame_line *line, const struct check_frame *frame)
{
    switch (line->kind) {
    case LINE_FUNCTION:
        return (frame->function != NULL && fnmatch(line->pattern, frame->function, 0) == 0) ||
               (frame->linkage_name != NULL && fnmatch(line->pattern, frame->linkage_name, 0) == 0);
    case LINE_OBJECT:
        return frame->module != NULL && fnmatch(line->pattern, frame->module, 0) == 0;
    case LINE_SOURCE: {
        char place[4096];
        const char *slash = frame->file != NULL ? strrchr(frame->file, '/') : NULL;
        if (frame->file == NULL)
            return false;
        snprintf(place, sizeof place, "%s:%u", slash != NULL ? slash + 1 : frame->file, frame->line);
        return fnmatch(line->pattern, place, 0) == 0 || fnmatch(line->pattern, frame->file, 0) == 0;
    }
    case LINE_ANY:
        return true;
    }
    return false;
}

/* From the innermost frame; frames beyond the last line are of no interest. What follows a "..." is looked for as far
   in as can be: if it is there at all, the rest has the most frames left to match. */
static bool lines_match(const struct frame_line *lines, size_t line_count, const struct check_frame *frames,
                        size_t count)
{
    size_t line = 0, frame = 0, any = SIZE_MAX, retry = 0; /* behind the last "...", and where that was tried */
    while (line < line_count) {
        if (lines[line].kind == LINE_ANY) {
            any = ++line;
            retry = frame;
        } else if (frame < count && line_matches(&lines[line], &frames[frame])) {
            line++, frame++;
        } else if (any != SIZE_MAX && retry < count) {
            line = any;
            frame = ++retry;
        } else {
            return false;
        }
    }
    return true;
}

static bool is_allocator(const struct frame_line *line)
{
    static const char *const names[] = {"malloc", "calloc",        "realloc", "reallocarray", "memalign",
                                        "valloc", "pvalloc",       "_Znwm",   "_Znam",        "posix_memalign",
                                        "strdup", "aligned_alloc", "_Znwmt",  "_Znamt",       "_ZnwmRKSt9nothrow_t"};
    for (size_t i = 0; i < sizeof names / sizeof *names && line->kind == LINE_FUNCTION; i++)
        if (fnmatch(line->pattern, names[i], 0) == 0)
            return true;
    return false;
}

static bool matches(const struct suppression *suppression, const struct check_frame *frames, size_t count)
{
    if (suppression->pattern == NULL)
        return lines_match(suppression->lines, suppression->line_count, frames, count) ||
               (is_allocator(suppression->lines) &&
                lines_match(suppression->lines + 1, suppression->line_count - 1, frames, count));
    for (size_t i = 0; i < count; i++)
        if (suppressions_pattern_matches(suppression->pattern, frames[i].function) ||
            suppressions_pattern_matches(suppression->pattern, frames[i].linkage_name) ||
            suppressions_pattern_matches(suppression->pattern, frames[i].file) ||
            suppressions_pattern_matches(suppression->pattern, frames[i].module))
            return true;
    return false;
}

bool suppressions_match(struct suppressions *suppressions, const struct check_frame *frames, size_t count)
{
    bool any = false;
    for (size_t i = 0; suppressions != NULL && i < suppressions->count; i++) {
        if (!matches(&suppressions->items[i], frames, count))
            continue;
        suppressions->items[i].used = true;
        any = true;
    }
    return any;
}

bool suppressions_next_unused(const struct suppressions *suppressions, size_t *at, const char **text, const char **path,
                              uint32_t *line)
{
    while (suppressions != NULL && *at < suppressions->count) {
        const struct suppression *one = &suppressions->items[(*at)++];
        if (one->used)
            continue;
        *text = one->text;
        *path = one->path;
        *line = one->line;
        return true;
    }
    return false;
}
