/* Paths are sorted by their ends: a path's longest counterpart on the other side is then one of its two neighbours. */

#include "report/compare-paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So many suggestions are tried, those that most pairs make. */
#define SUGGESTIONS_MOST 8

static size_t shorter(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Bytes in common, from the end. */
static size_t common_end(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = 0;
    while (common < shorter(a_length, b_length) && a[a_length - common - 1] == b[b_length - common - 1])
        common++;
    return common;
}

static int compare_ends(const char *a, const char *b)
{
    const size_t a_length = strlen(a), b_length = strlen(b), common = common_end(a, a_length, b, b_length);
    if (common == shorter(a_length, b_length))
        return (a_length > b_length) - (a_length < b_length);
    const unsigned char left = (unsigned char)a[a_length - common - 1], right = (unsigned char)b[b_length - common - 1];
    return left < right ? -1 : 1;
}

static int by_end(const void *left, const void *right)
{
    return compare_ends(*(const char *const *)left, *(const char *const *)right);
}

/* Does a name begin there: at the beginning of a path, or behind a slash? */
static int begins_name(const char *path, size_t at)
{
    return at == 0 || path[at - 1] == '/';
}

/* The beginnings of two paths before the names that they have in common; false when they share no name. */
static int pair_up(const char *old, const char *new, struct compare_roots *out)
{
    const size_t old_length = strlen(old), new_length = strlen(new);
    size_t common = common_end(old, old_length, new, new_length);
    while (common > 0 && !(begins_name(old, old_length - common) && begins_name(new, new_length - common)))
        common--;
    *out = (struct compare_roots){{old, new}, {old_length - common, new_length - common}};
    return common > 0;
}

static int compare_beginnings(const struct compare_roots *a, const struct compare_roots *b)
{
    for (int side = 0; side < 2; side++) {
        const int by = memcmp(a->paths[side], b->paths[side], shorter(a->lengths[side], b->lengths[side]));
        if (by != 0 || a->lengths[side] != b->lengths[side])
            return by != 0 ? by : a->lengths[side] < b->lengths[side] ? -1 : 1;
    }
    return 0;
}

/* A suggestion, and how many pairs make it. */
struct suggestion {
    struct compare_roots roots;
    size_t votes;
};

static int by_beginnings(const void *left, const void *right)
{
    const struct suggestion *a = left, *b = right;
    return compare_beginnings(&a->roots, &b->roots);
}

static int by_votes(const void *left, const void *right)
{
    const struct suggestion *a = left, *b = right;
    return a->votes != b->votes ? (a->votes < b->votes) - (a->votes > b->votes)
                                : compare_beginnings(&a->roots, &b->roots);
}

/* Make one of those that are equal. Returns how many there are, those with most votes first. */
static size_t count_votes(struct suggestion *suggestions, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(suggestions, count, sizeof *suggestions, by_beginnings);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_beginnings(&suggestions[kept - 1].roots, &suggestions[i].roots) == 0)
            suggestions[kept - 1].votes++;
        else
            suggestions[kept++] = (struct suggestion){suggestions[i].roots, 1};
    }
    if (kept > 1)
        qsort(suggestions, kept, sizeof *suggestions, by_votes);
    return kept;
}

static size_t suggest(const char **paths[2], const size_t counts[2], struct suggestion *out)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < counts[0]; i++) {
        const char *old = paths[0][i];
        struct compare_roots before, behind;
        while (at < counts[1] && compare_ends(paths[1][at], old) < 0)
            at++;
        const int has_before = at > 0 && pair_up(old, paths[1][at - 1], &before);
        const int has_behind = at < counts[1] && pair_up(old, paths[1][at], &behind);
        if (has_behind && (!has_before || behind.lengths[0] <= before.lengths[0]))
            out[count++].roots = behind;
        else if (has_before)
            out[count++].roots = before;
    }
    return count_votes(out, count);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* How many old files have a new one of the same name under these roots? `names` has room for all new ones. */
static size_t count_same(const char **paths[2], const size_t counts[2], const struct compare_roots *roots,
                         const char **names)
{
    size_t same = 0;
    for (size_t i = 0; i < counts[1]; i++)
        names[i] = compare_paths_strip(roots, 1, paths[1][i]);
    qsort(names, counts[1], sizeof *names, by_text);
    for (size_t i = 0; i < counts[0]; i++) {
        const char *name = compare_paths_strip(roots, 0, paths[0][i]);
        same += bsearch(&name, names, counts[1], sizeof *names, by_text) != NULL;
    }
    return same;
}

int compare_paths_find(const char **paths[2], const size_t counts[2], struct compare_roots *out)
{
    *out = (struct compare_roots){{"", ""}, {0, 0}};
    if (counts[0] == 0 || counts[1] == 0)
        return 0;
    struct suggestion *suggestions = malloc(counts[0] * sizeof *suggestions);
    const char **names = malloc(counts[1] * sizeof *names);
    if (suggestions == NULL || names == NULL) {
        free(suggestions);
        free(names);
        return -ENOMEM;
    }
    for (int side = 0; side < 2; side++)
        qsort(paths[side], counts[side], sizeof *paths[side], by_end);
    const size_t count = suggest(paths, counts, suggestions);
    size_t most = count_same(paths, counts, out, names);
    for (size_t i = 0; i < count && i < SUGGESTIONS_MOST; i++) {
        const size_t same = count_same(paths, counts, &suggestions[i].roots, names);
        if (same <= most)
            continue;
        most = same;
        *out = suggestions[i].roots;
    }
    free(suggestions);
    free(names);
    return 0;
}

const char *compare_paths_strip(const struct compare_roots *roots, int side, const char *path)
{
    return strncmp(path, roots->paths[side], roots->lengths[side]) == 0 ? path + roots->lengths[side] : path;
}
