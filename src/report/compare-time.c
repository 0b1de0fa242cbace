/* Ranks of all times together, and medians. */

#include "report/compare-time.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The normal distribution's two-sided 1 % point. */
#define CRITICAL_Z 2.5758293
/* Turns a median absolute deviation into a standard deviation. */
#define MAD_SCALE 1.4826

struct ranked {
    uint64_t ns;
    int side;
};

static int by_time(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    return (a->ns > b->ns) - (a->ns < b->ns);
}

static int by_value(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t median_of(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    const uint64_t low = values[(count - 1) / 2], high = values[count / 2];
    return low + (high - low) / 2;
}

/* The median, and the deviation from it. */
static int measure(const uint64_t *times, size_t count, uint64_t *median, double *deviation)
{
    uint64_t *values = malloc(count * sizeof *values);
    if (values == NULL)
        return -ENOMEM;
    memcpy(values, times, count * sizeof *values);
    *median = median_of(values, count);
    for (size_t i = 0; i < count; i++)
        values[i] = times[i] > *median ? times[i] - *median : *median - times[i];
    *deviation = MAD_SCALE * (double)median_of(values, count);
    free(values);
    return 0;
}

/* The standardised U of sorted times, of which `counts` are on each side: positive when the new ones are longer. */
static double standardise(const struct ranked *times, const size_t counts[COMPARE_SIDES])
{
    const double old = (double)counts[COMPARE_OLD], new = (double)counts[COMPARE_NEW], all = old + new;
    const size_t total = counts[COMPARE_OLD] + counts[COMPARE_NEW];
    double ranks_of_new = 0, ties = 0;
    for (size_t first = 0, end; first < total; first = end) {
        for (end = first + 1; end < total && times[end].ns == times[first].ns; end++)
            ;
        const double tied = (double)(end - first), rank = (double)(first + 1 + end) / 2;
        ties += tied * tied * tied - tied;
        for (size_t i = first; i < end; i++)
            ranks_of_new += times[i].side == COMPARE_NEW ? rank : 0;
    }
    const double distance = ranks_of_new - new *(new + 1) / 2 - old *new / 2;
    const double variance = old * new / 12 * (all + 1 - ties / (all * (all - 1)));
    if (variance <= 0 || fabs(distance) <= 0.5)
        return 0;
    return (distance - copysign(0.5, distance)) / sqrt(variance);
}

/* Could times that do not overlap at all be told apart? */
static bool is_enough(const size_t counts[COMPARE_SIDES])
{
    const double old = (double)counts[COMPARE_OLD], new = (double)counts[COMPARE_NEW];
    return (old * new / 2 - 0.5) / sqrt(old * new *(old + new + 1) / 12) > CRITICAL_Z;
}

static int rank(const uint64_t *const times[COMPARE_SIDES], const size_t counts[COMPARE_SIDES], double *z)
{
    const size_t total = counts[COMPARE_OLD] + counts[COMPARE_NEW];
    struct ranked *all = malloc(total * sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < total; i++) {
        const bool is_old = i < counts[COMPARE_OLD];
        all[i] = (struct ranked){.ns = is_old ? times[COMPARE_OLD][i] : times[COMPARE_NEW][i - counts[COMPARE_OLD]],
                                 .side = is_old ? COMPARE_OLD : COMPARE_NEW};
    }
    qsort(all, total, sizeof *all, by_time);
    *z = standardise(all, counts);
    free(all);
    return 0;
}

int compare_time_test(const uint64_t *const times[COMPARE_SIDES], const size_t counts[COMPARE_SIDES],
                      struct compare_time *out)
{
    double deviations[COMPARE_SIDES], z;
    *out = (struct compare_time){.verdict = COMPARE_TIME_SINGLE};
    for (int side = 0; side < COMPARE_SIDES; side++) {
        out->runs[side] = counts[side];
        if (measure(times[side], counts[side], &out->median_ns[side], &deviations[side]) != 0)
            return -ENOMEM;
        const double noise = deviations[side] / fmax((double)out->median_ns[side], 1);
        out->noise = fmax(out->noise, noise);
    }
    if (counts[COMPARE_OLD] < 2 || counts[COMPARE_NEW] < 2)
        return 0;
    if (rank(times, counts, &z) != 0)
        return -ENOMEM;
    const double apart = (double)out->median_ns[COMPARE_NEW] - (double)out->median_ns[COMPARE_OLD];
    const bool is_beyond = fabs(apart) > fmax(deviations[COMPARE_OLD], deviations[COMPARE_NEW]);
    if (!is_enough(counts))
        out->verdict = COMPARE_TIME_TOO_FEW;
    else if (fabs(z) <= CRITICAL_Z || !is_beyond || (z > 0) != (apart > 0))
        out->verdict = COMPARE_TIME_NOISE;
    else
        out->verdict = z > 0 ? COMPARE_TIME_SLOWER : COMPARE_TIME_FASTER;
    return 0;
}
