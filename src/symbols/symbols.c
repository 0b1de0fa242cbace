/* Addresses to source: the files that were asked about, and the answers that were given. */

#include "symbols/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "elf/elf-file.h"
#include "elf/strings.h"
#include "symbols/object.h"
#include "symbols/servers.h"

struct answer {
    uint64_t address;
    uint32_t object; /* number + 1; 0: the slot is free */
    bool has_lines;  /* they were asked for */
    uint32_t count;
    size_t first; /* in `frames` */
};

struct symbols {
    char *debug_root;
    struct servers *servers; /* or NULL */
    struct strings names;
    struct strings paths;    /* number of a path: index of its object */
    struct object **objects; /* NULL: the file could not be read */
    size_t object_count, object_capacity;
    struct answer *answers; /* open addressing, a power of two */
    size_t answer_count, slot_count;
    struct symbols_frame *frames;
    size_t frame_count, frame_capacity;
};

struct symbols *symbols_new(const char *debug_root)
{
    struct symbols *symbols = calloc(1, sizeof *symbols);
    if (symbols == NULL || debug_root == NULL)
        return symbols;
    symbols->debug_root = strdup(debug_root);
    if (symbols->debug_root == NULL) {
        free(symbols);
        return NULL;
    }
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    if (symbols == NULL)
        return;
    for (size_t i = 0; i < symbols->object_count; i++)
        object_close(symbols->objects[i]);
    servers_free(symbols->servers);
    strings_fini(&symbols->names);
    strings_fini(&symbols->paths);
    free(symbols->objects);
    free(symbols->answers);
    free(symbols->frames);
    free(symbols->debug_root);
    free(symbols);
}

int symbols_can_ask_servers(struct err *err)
{
    return servers_check(err);
}

int symbols_ask_servers(struct symbols *symbols, struct err *err)
{
    const int code = servers_check(err);
    if (code != 0 || symbols->servers != NULL)
        return code;
    symbols->servers = servers_new();
    return symbols->servers != NULL ? 0 : err_set(err, -ENOMEM, "the client of debuginfod cannot be set up");
}

int symbols_servers_failure(const struct symbols *symbols)
{
    return symbols->servers != NULL ? servers_failure(symbols->servers) : 0;
}

/* The number of the file's object, which is opened the first time; STRINGS_NONE when memory is out. */
static uint32_t find_object(struct symbols *symbols, const char *path)
{
    struct object **objects =
        array_grow(symbols->objects, &symbols->object_capacity, symbols->object_count + 1, sizeof *objects);
    if (objects == NULL)
        return STRINGS_NONE;
    symbols->objects = objects;
    const uint32_t number = strings_add(&symbols->paths, path);
    if (number == symbols->object_count)
        objects[symbols->object_count++] = object_open(path, symbols->debug_root, symbols->servers, &symbols->names);
    return number;
}

/* The slot of an answer, or the free one where it belongs. */
static struct answer *find_answer(const struct symbols *symbols, uint32_t object, uint64_t address, bool has_lines)
{
    const uint64_t hash = (address ^ (uint64_t)object << 48) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (hash >> 20) & (symbols->slot_count - 1);
    for (;; at = (at + 1) & (symbols->slot_count - 1)) {
        struct answer *answer = &symbols->answers[at];
        if (answer->object == 0 ||
            (answer->object == object + 1 && answer->address == address && answer->has_lines == has_lines))
            return answer;
    }
}

static bool grow_answers(struct symbols *symbols)
{
    if ((symbols->answer_count + 1) * 2 <= symbols->slot_count)
        return true;
    struct answer *old = symbols->answers;
    const size_t old_count = symbols->slot_count, count = old_count == 0 ? 256 : old_count * 2;
    struct answer *answers = calloc(count, sizeof *answers);
    if (answers == NULL)
        return false;
    symbols->answers = answers;
    symbols->slot_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].object != 0)
            *find_answer(symbols, old[i].object - 1, old[i].address, old[i].has_lines) = old[i];
    free(old);
    return true;
}

/* Look up and remember; NULL when memory is out. */
static const struct answer *find_out(struct symbols *symbols, uint32_t object, uint64_t address, bool wants_lines)
{
    if (!grow_answers(symbols))
        return NULL;
    struct answer *answer = find_answer(symbols, object, address, wants_lines);
    if (answer->object != 0)
        return answer;
    struct symbols_frame *frames = array_grow(symbols->frames, &symbols->frame_capacity,
                                              symbols->frame_count + SYMBOLS_MAX_FRAMES, sizeof *frames);
    if (frames == NULL)
        return NULL;
    symbols->frames = frames;
    const size_t count = object_lookup(symbols->objects[object], address, wants_lines, frames + symbols->frame_count);
    *answer = (struct answer){.address = address,
                              .object = object + 1,
                              .has_lines = wants_lines,
                              .count = (uint32_t)count,
                              .first = symbols->frame_count};
    symbols->answer_count++;
    symbols->frame_count += count;
    return answer;
}

static size_t look_up(struct symbols *symbols, const char *path, uint64_t address, bool wants_lines,
                      struct symbols_frame *out, size_t max)
{
    const uint32_t object = find_object(symbols, path);
    if (object == STRINGS_NONE || symbols->objects[object] == NULL)
        return 0;
    const struct answer *answer = find_out(symbols, object, address, wants_lines);
    if (answer == NULL)
        return 0;
    if (max > 0)
        memcpy(out, symbols->frames + answer->first, (answer->count < max ? answer->count : max) * sizeof *out);
    return answer->count;
}

size_t symbols_lookup(struct symbols *symbols, const char *path, uint64_t address, struct symbols_frame *out,
                      size_t max)
{
    return look_up(symbols, path, address, true, out, max);
}

size_t symbols_name(struct symbols *symbols, const char *path, uint64_t address, struct symbols_frame *out, size_t max)
{
    return look_up(symbols, path, address, false, out, max);
}

char *symbols_build_id(const char *path)
{
    static const char digits[] = "0123456789abcdef";
    struct elf_file file;
    size_t size_bytes;
    if (elf_file_open(&file, path, NULL) != 0)
        return NULL;
    const uint8_t *id = elf_file_build_id(&file, &size_bytes);
    char *text = id != NULL ? malloc(2 * size_bytes + 1) : NULL;
    for (size_t i = 0; text != NULL && i < size_bytes; i++) {
        text[2 * i] = digits[id[i] >> 4];
        text[2 * i + 1] = digits[id[i] & 15];
    }
    if (text != NULL)
        text[2 * size_bytes] = '\0';
    elf_file_close(&file);
    return text;
}
