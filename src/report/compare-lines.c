/* The alignment of highest score, by dynamic programming (S. B. Needleman, C. D. Wunsch, Journal of Molecular Biology
   48, 1970) over what lies between the first and the last lines that differ. */

#include "report/compare-lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A table of so many scores is made at most: functions of a thousand lines that have none in common. */
#define CELLS_MOST ((size_t)1 << 20)

/* A pair of similar lines is never worth as much as one of equal lines; an equal brace or blank line next to nothing.
 */
#define SCORE_EQUAL 1000
#define SCORE_EQUAL_TRIVIAL 10
#define SCORE_SIMILAR 400

struct line {
    const char *text;
    size_t length;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct line line_at(const struct compare_span *span, size_t index)
{
    struct line line = {.text = ""};
    const char *text = source_line(span->source, span->first + (uint32_t)index, &line.length);
    if (text == NULL)
        return (struct line){.text = ""};
    line.text = text;
    while (line.length > 0 && is_blank(line.text[line.length - 1]))
        line.length--;
    while (line.length > 0 && is_blank(*line.text))
        line.text++, line.length--;
    return line;
}

/* Braces and blank lines are everywhere. */
static bool is_trivial(const struct line *line)
{
    return line->length <= 1;
}

static bool is_equal(const struct line *a, const struct line *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* At least half of both must be the same, at their beginnings and ends. */
static uint32_t score_similar(const struct line *a, const struct line *b)
{
    const size_t least = a->length < b->length ? a->length : b->length, both = a->length + b->length;
    size_t head = 0, tail = 0;
    if (least < 4 || 4 * least < both)
        return 0;
    while (head < least && a->text[head] == b->text[head])
        head++;
    while (tail < least - head && a->text[a->length - tail - 1] == b->text[b->length - tail - 1])
        tail++;
    const size_t same = 2 * (head + tail);
    return 2 * same >= both ? (uint32_t)(SCORE_SIMILAR * same / both) : 0;
}

static uint32_t score(const struct line *a, const struct line *b)
{
    if (is_equal(a, b))
        return is_trivial(a) ? SCORE_EQUAL_TRIVIAL : SCORE_EQUAL;
    return score_similar(a, b);
}

/* What lies between the common beginning and the common end. */
struct middle {
    const struct line *old, *new;
    size_t old_count, new_count;
};

/* best[i][j]: of the lines from i and j on. Walks the way that led to best[0][0]. */
static void follow(const struct middle *middle, const uint32_t *best, size_t new_first, uint32_t *partners)
{
    const size_t width = middle->new_count + 1;
    for (size_t i = 0, j = 0; i < middle->old_count && j < middle->new_count;) {
        const uint32_t here = best[i * width + j], gain = score(&middle->old[i], &middle->new[j]);
        if (gain > 0 && here == gain + best[(i + 1) * width + j + 1])
            partners[i++] = (uint32_t)(new_first + j++) + 1;
        else if (here == best[(i + 1) * width + j])
            i++;
        else
            j++;
    }
}

static int align(const struct middle *middle, size_t new_first, uint32_t *partners)
{
    const size_t width = middle->new_count + 1;
    if (middle->old_count == 0 || middle->new_count == 0)
        return 0;
    if (middle->old_count + 1 > CELLS_MOST / width)
        return -E2BIG;
    uint32_t *best = calloc((middle->old_count + 1) * width, sizeof *best);
    if (best == NULL)
        return -ENOMEM;
    for (size_t i = middle->old_count; i-- > 0;) {
        for (size_t j = middle->new_count; j-- > 0;) {
            const uint32_t gain = score(&middle->old[i], &middle->new[j]);
            const uint32_t below = best[(i + 1) * width + j], beside = best[i * width + j + 1];
            uint32_t most = below > beside ? below : beside;
            if (gain > 0 && gain + best[(i + 1) * width + j + 1] > most)
                most = gain + best[(i + 1) * width + j + 1];
            best[i * width + j] = most;
        }
    }
    follow(middle, best, new_first, partners);
    free(best);
    return 0;
}

static int pair_lines(const struct line *old, size_t old_count, const struct line *new, size_t new_count,
                      uint32_t *partners)
{
    const size_t least = old_count < new_count ? old_count : new_count;
    size_t head = 0, tail = 0;
    for (; head < least && is_equal(&old[head], &new[head]); head++)
        partners[head] = (uint32_t)head + 1;
    for (; tail < least - head && is_equal(&old[old_count - tail - 1], &new[new_count - tail - 1]); tail++)
        partners[old_count - tail - 1] = (uint32_t)(new_count - tail);
    const struct middle middle = {old + head, new + head, old_count - head - tail, new_count - head - tail};
    return align(&middle, head, partners + head);
}

int compare_lines_pair(const struct compare_span *old, const struct compare_span *new, uint32_t *partners)
{
    const size_t old_count = compare_span_count(old), new_count = compare_span_count(new);
    struct line *lines = malloc((old_count + new_count + 1) * sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < old_count; i++)
        lines[i] = line_at(old, i);
    for (size_t i = 0; i < new_count; i++)
        lines[old_count + i] = line_at(new, i);
    memset(partners, 0, old_count * sizeof *partners);
    const int code = pair_lines(lines, old_count, lines + old_count, new_count, partners);
    free(lines);
    return code;
}

static size_t count_lines(const struct compare_span *span, const uint32_t *partners)
{
    size_t count = 0;
    for (size_t i = 0; i < compare_span_count(span); i++) {
        const struct line line = line_at(span, i);
        count += !is_trivial(&line) && (partners == NULL || partners[i] != 0);
    }
    return count;
}

int compare_lines_are_alike(const struct compare_span *old, const struct compare_span *new, bool *out)
{
    uint32_t *partners = calloc(compare_span_count(old) + 1, sizeof *partners);
    const int code = partners != NULL ? compare_lines_pair(old, new, partners) : -ENOMEM;
    if (code == 0) {
        const size_t old_count = count_lines(old, NULL), new_count = count_lines(new, NULL);
        *out = 2 * count_lines(old, partners) >= (old_count < new_count ? old_count : new_count);
    }
    free(partners);
    return code;
}
