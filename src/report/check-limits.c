/* Limits: a file of `key = value` under sections, and which of them holds for a request. */

#include "report/check-limits.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define FILE_MOST_BYTES ((size_t)1 << 20)

const char *const limits_key_names[LIMITS_KEY_COUNT] = {
    [LIMITS_PEAK] = "peak",     [LIMITS_ALLOCATED] = "allocated",
    [LIMITS_ALLOCS] = "allocs", [LIMITS_NOT_FREED] = "not-freed",
    [LIMITS_RSS] = "rss",
};

struct section {
    char *name; /* NULL: for all requests */
    uint32_t line;
    size_t path; /* index in paths */
    bool used;
    bool has[LIMITS_KEY_COUNT];
    uint64_t value[LIMITS_KEY_COUNT];
    char *text[LIMITS_KEY_COUNT];
    uint32_t lines[LIMITS_KEY_COUNT];
};

struct limits {
    struct section *sections;
    size_t count, room;
    char **paths;
    size_t path_count, path_room;
};

struct limits *limits_new(void)
{
    return calloc(1, sizeof(struct limits));
}

void limits_free(struct limits *limits)
{
    if (limits == NULL)
        return;
    for (size_t i = 0; i < limits->count; i++) {
        free(limits->sections[i].name);
        for (int key = 0; key < LIMITS_KEY_COUNT; key++)
            free(limits->sections[i].text[key]);
    }
    for (size_t i = 0; i < limits->path_count; i++)
        free(limits->paths[i]);
    free(limits->sections);
    free(limits->paths);
    free(limits);
}

bool limits_parse_bytes(const char *text, uint64_t *out)
{
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"", 1},     {"B", 1},      {"kB", 1e3},   {"KB", 1e3},      {"MB", 1e6},
                 {"GB", 1e9}, {"KiB", 1024}, {"kiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};
    if (!isdigit((unsigned char)*text) || strpbrk(text, "xXpP") != NULL)
        return false;
    char *end;
    double number = strtod(text, &end);
    end += strspn(end, " \t");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        double bytes = number * units[i].bytes;
        if (!(bytes >= 0) || bytes > 1e18)
            return false;
        *out = (uint64_t)floor(bytes);
        return true;
    }
    return false;
}

static bool parse_count(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return isdigit((unsigned char)*text) && *end == '\0' && errno == 0;
}

struct reader {
    struct limits *limits;
    const char *path;
    size_t path_index;
    uint32_t line;
    size_t section; /* index */
    struct err *err;
};

static int begin_section(struct reader *reader, char *name)
{
    struct limits *limits = reader->limits;
    struct section *sections = array_grow(limits->sections, &limits->room, limits->count + 1, sizeof *sections);
    if (sections == NULL) {
        free(name);
        return -ENOMEM;
    }
    limits->sections = sections;
    sections[limits->count] = (struct section){.name = name, .line = reader->line, .path = reader->path_index};
    reader->section = limits->count++;
    return 0;
}

/* "[limit]" or "[limit "GET /memory"]" */
static int parse_section(struct reader *reader, const char *line)
{
    static const char head[] = "[limit";
    const char *rest = line + sizeof head - 1;
    if (strcmp(line, "[limit]") == 0)
        return begin_section(reader, NULL);
    if (strncmp(line, head, sizeof head - 1) == 0 && (*rest == ' ' || *rest == '\t')) {
        rest += strspn(rest, " \t");
        size_t length = strlen(rest);
        if (length > 3 && *rest == '"' && strcmp(rest + length - 2, "\"]") == 0) {
            bool has_method = rest[1] != '/';
            char *name = has_method ? strndup(rest + 1, length - 3) : NULL;
            if (!has_method && asprintf(&name, "GET %.*s", (int)(length - 3), rest + 1) < 0)
                name = NULL;
            return name != NULL ? begin_section(reader, name) : -ENOMEM;
        }
    }
    return err_set(reader->err, -EINVAL, "%s:%u: '%s' is no section; write [limit \"GET /path\"], or [limit] for all",
                   reader->path, reader->line, line);
}

static int unknown_key(const struct reader *reader, const char *key)
{
    return err_set(reader->err, -EINVAL,
                   "%s:%u: '%s' is no limit; there are peak, allocated, allocs, not-freed and rss", reader->path,
                   reader->line, key);
}

static int set_limit(struct reader *reader, const char *name, const char *value)
{
    struct section *section = &reader->limits->sections[reader->section];
    int key = 0;
    while (key < LIMITS_KEY_COUNT && strcmp(name, limits_key_names[key]) != 0)
        key++;
    if (key == LIMITS_KEY_COUNT)
        return unknown_key(reader, name);
    if (key == LIMITS_ALLOCS && !parse_count(value, &section->value[key]))
        return err_set(reader->err, -EINVAL, "%s:%u: allocs: '%s' is no count; write a whole number", reader->path,
                       reader->line, value);
    if (key != LIMITS_ALLOCS && !limits_parse_bytes(value, &section->value[key]))
        return err_set(reader->err, -EINVAL,
                       "%s:%u: %s: '%s' is no size; write a number and B, KiB, MiB, GiB, kB, MB or GB", reader->path,
                       reader->line, name, value);
    if (section->has[key])
        return err_set(reader->err, -EINVAL, "%s:%u: %s stands in line %u already; remove one", reader->path,
                       reader->line, name, section->lines[key]);
    section->has[key] = true;
    section->lines[key] = reader->line;
    section->text[key] = strdup(value);
    return section->text[key] != NULL ? 0 : -ENOMEM;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

static int parse_line(struct reader *reader, char *raw)
{
    char *line = trim(raw);
    if (*line == '\0' || *line == '#' || *line == ';')
        return 0;
    if (*line == '[')
        return parse_section(reader, line);
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return err_set(reader->err, -EINVAL, "%s:%u: '%s' is no limit; write it like peak = 500 KiB", reader->path,
                       reader->line, line);
    *equals = '\0';
    char *value = trim(equals + 1), *comment = strpbrk(value, "#;");
    if (comment != NULL)
        *comment = '\0';
    return set_limit(reader, trim(line), trim(value));
}

int limits_parse(struct limits *limits, const char *path, const char *text, struct err *err)
{
    struct reader reader = {.limits = limits, .path = path, .err = err, .path_index = limits->path_count};
    char **paths = array_grow(limits->paths, &limits->path_room, limits->path_count + 1, sizeof *paths);
    if (paths == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    limits->paths = paths;
    char *copy = strdup(text), *rest = copy, *line;
    paths[limits->path_count] = strdup(path);
    int status = copy != NULL && paths[limits->path_count++] != NULL ? begin_section(&reader, NULL) : -ENOMEM;
    while (status == 0 && (line = strsep(&rest, "\n")) != NULL) {
        reader.line++;
        status = parse_line(&reader, line);
    }
    free(copy);
    return status == -ENOMEM ? err_set(err, status, "out of memory") : status;
}

int limits_read(struct limits *limits, const char *path, struct err *err)
{
    struct text text = TEXT_EMPTY;
    int status = text_add_file(&text, path, FILE_MOST_BYTES);
    if (status < 0)
        err_set(err, status, "%s: %s", path, strerror(-status));
    else if (text_zero_line(&text) > 0)
        status = err_set(err, -EINVAL, "%s:%u: a zero byte; this is no text", path, text_zero_line(&text));
    else
        status = limits_parse(limits, path, text_get(&text), err);
    text_fini(&text);
    return status;
}

/* Does a section's "GET /memory" name this request? The run has no target. */
static bool is_named(const char *section, const char *method, const char *target)
{
    if (method == NULL)
        return strcmp(section, "run") == 0;
    size_t length = strlen(method);
    if (strncmp(section, method, length) != 0 || section[length] != ' ')
        return false;
    const char *pattern = section + length + 1 + strspn(section + length + 1, " ");
    if (strcmp(pattern, target) == 0 || fnmatch(pattern, target, 0) == 0)
        return true;
    size_t path = strcspn(target, "?");
    char *bare = strchr(pattern, '?') == NULL ? strndup(target, path) : NULL;
    bool matches = bare != NULL && fnmatch(pattern, bare, 0) == 0;
    free(bare);
    return matches;
}

bool limits_find(struct limits *limits, const char *method, const char *target, enum limits_key key,
                 struct limits_value *out)
{
    const struct section *found = NULL;
    for (size_t i = 0; limits != NULL && i < limits->count; i++) {
        struct section *section = &limits->sections[i];
        if (section->name != NULL && !is_named(section->name, method, target))
            continue;
        section->used = true;
        if (section->has[key] && (section->name != NULL || found == NULL || found->name == NULL))
            found = section;
    }
    if (found == NULL)
        return false;
    *out = (struct limits_value){.value = found->value[key],
                                 .text = found->text[key],
                                 .path = limits->paths[found->path],
                                 .line = found->lines[key]};
    return true;
}

bool limits_next_unused(const struct limits *limits, size_t *at, const char **name, const char **path, uint32_t *line)
{
    while (limits != NULL && *at < limits->count) {
        const struct section *section = &limits->sections[(*at)++];
        if (section->used || section->name == NULL)
            continue;
        *name = section->name;
        *path = limits->paths[section->path];
        *line = section->line;
        return true;
    }
    return false;
}
