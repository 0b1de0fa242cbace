/* Source files: reading, splitting into lines, naming. Where a function begins and ends is in block.c. */

#include "report/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name comes out of somebody's debug information. Nothing larger is source text, and offsets are 32 bits. */
#define SOURCE_MAX_BYTES (256u << 20)

static int read_all(int fd, size_t size, char **out, size_t *out_length)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return -ENOMEM;
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, text + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int code = -errno;
            free(text);
            return code;
        }
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *out = text;
    *out_length = length;
    return 0;
}

static int read_file(const char *path, char **text, size_t *length)
{
    /* O_NONBLOCK: a FIFO of that name must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    struct stat stat;
    int code;
    if (fstat(fd, &stat) != 0)
        code = -errno;
    else if (!S_ISREG(stat.st_mode))
        code = -EINVAL;
    else if (stat.st_size > SOURCE_MAX_BYTES)
        code = -EFBIG;
    else
        code = read_all(fd, (size_t)stat.st_size, text, length);
    close(fd);
    return code;
}

static int split_lines(struct source *source)
{
    size_t newlines = 0;
    for (size_t i = 0; i < source->length; i++)
        newlines += source->text[i] == '\n';
    bool unfinished = source->length > 0 && source->text[source->length - 1] != '\n';
    source->line_offsets = calloc(newlines + 2, sizeof *source->line_offsets);
    if (source->line_offsets == NULL)
        return -ENOMEM;
    source->line_count = (uint32_t)(newlines + unfinished);
    uint32_t line = 0;
    for (size_t i = 0; i < source->length; i++)
        if (source->text[i] == '\n')
            source->line_offsets[++line] = i + 1;
    if (unfinished)
        source->line_offsets[++line] = source->length + 1; /* as if a newline followed */
    return 0;
}

/* What `out->text` is read into. */
static int parse(struct source *out)
{
    int code = split_lines(out);
    if (code == 0)
        code = lexer_run(out->text, out->length, &out->tokens, &out->token_count);
    if (code != 0)
        source_close(out);
    return code;
}

int source_open(const char *path, struct source *out)
{
    *out = (struct source){0};
    int code = read_file(path, &out->text, &out->length);
    return code == 0 ? parse(out) : code;
}

void source_close(struct source *source)
{
    free(source->text);
    free(source->line_offsets);
    free(source->tokens);
    *source = (struct source){0};
}

struct source_cache source_cache_of(const struct report_options *options)
{
    return (struct source_cache){.read = options->read_source, .data = options->source_data};
}

/* A source that cannot be had is one without lines. */
static void fill(const struct source_cache *cache, const char *path, struct source *out)
{
    *out = (struct source){0};
    if (cache->read == NULL) {
        source_open(path, out);
        return;
    }
    out->text = cache->read(cache->data, path, &out->length);
    if (out->text != NULL)
        parse(out);
}

const struct source *source_cache_get(struct source_cache *cache, const char *path)
{
    static const struct source none;
    if (path == NULL)
        return &none;
    for (unsigned i = 0; i < SOURCE_CACHE_FILES; i++) {
        unsigned at = (cache->last + i) % SOURCE_CACHE_FILES;
        if (cache->files[at].path != NULL && strcmp(path, cache->files[at].path) == 0) {
            cache->last = at;
            return &cache->files[at].source;
        }
    }
    unsigned at = cache->last = cache->next++ % SOURCE_CACHE_FILES;
    source_close(&cache->files[at].source);
    free(cache->files[at].path);
    /* Without a copy of the path the next call reads the file anew, nothing worse. */
    cache->files[at].path = strdup(path);
    fill(cache, path, &cache->files[at].source);
    return &cache->files[at].source;
}

void source_cache_fini(struct source_cache *cache)
{
    for (unsigned i = 0; i < SOURCE_CACHE_FILES; i++) {
        source_close(&cache->files[i].source);
        free(cache->files[i].path);
    }
    *cache = (struct source_cache){.read = cache->read, .data = cache->data};
}

const char *source_line(const struct source *source, uint32_t line, size_t *length)
{
    if (line == 0 || line > source->line_count)
        return NULL;
    size_t start = source->line_offsets[line - 1];
    *length = source->line_offsets[line] - start - 1;
    return source->text + start;
}

void source_add_trimmed(struct text *out, const char *line, size_t length, size_t most)
{
    while (length > 0 && (*line == ' ' || *line == '\t'))
        line++, length--;
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
        length--;
    const bool is_cut = length > most;
    length = is_cut ? most : length;
    while (is_cut && length > 0 && ((unsigned char)line[length] & 0xc0) == 0x80) /* within a character of UTF-8 */
        length--;
    for (size_t i = 0; i < length; i++)
        text_add_bytes(out, (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? " " : &line[i], 1);
    if (is_cut)
        text_add(out, "...");
}

/* What of `path` lies below `directory`, or NULL. */
static const char *below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    if (length == 1)
        return NULL; /* everything is below /: that is no place to be relative to */
    if (strncmp(path, directory, length) != 0 || path[length] != '/' || path[length + 1] == '\0')
        return NULL;
    return path + length + 1;
}

void source_add_name(struct text *out, const char *path)
{
    char *directory = path[0] == '/' ? getcwd(NULL, 0) : NULL;
    if (directory == NULL) {
        text_add_printable(out, path);
        return;
    }
    /* The kernel's name of a file has no "..": compilers note "/src/build/../app.c". */
    char *real = realpath(path, NULL);
    const char *name = below(path, directory);
    if (real != NULL && (name == NULL || strstr(path, "/.") != NULL))
        name = below(real, directory);
    text_add_printable(out, name != NULL ? name : path);
    free(real);
    free(directory);
}
