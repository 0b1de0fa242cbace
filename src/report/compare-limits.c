/* --fail-on: by how much a request may grow. */

#include "report/compare.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/check-limits.h"

const char *const compare_metric_names[COMPARE_METRIC_COUNT] = {
    [COMPARE_PEAK] = "peak",     [COMPARE_ALLOCATED] = "allocated",
    [COMPARE_ALLOCS] = "allocs", [COMPARE_NOT_FREED] = "not-freed",
    [COMPARE_RSS] = "rss",       [COMPARE_TIME] = "time",
};

struct item {
    const char *spec, *text; /* all, and this one */
    int length;
    struct err *err;
};

static unsigned position(const struct item *item)
{
    return (unsigned)(item->text - item->spec) + 1;
}

static int refuse_item(const struct item *item, const char *cure)
{
    return err_set(item->err, -EINVAL, "'%.*s' at position %u is no limit; %s", item->length, item->text,
                   position(item), cure);
}

/* "10", "12.5": no sign, no exponent. False when it is none or something follows. */
static bool parse_decimal(const char *text, size_t length, double *out)
{
    char digits[32], *end;
    if (length == 0 || length >= sizeof digits || strspn(text, "0123456789.") < length ||
        !isdigit((unsigned char)*text))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    *out = strtod(digits, &end);
    return *end == '\0';
}

static int parse_percent(const struct item *item, const char *value, size_t length, struct compare_limit *out)
{
    while (length > 0 && value[length - 1] == ' ')
        length--;
    out->is_percent = true;
    return parse_decimal(value, length, &out->percent) ? 0 : refuse_item(item, "write a percentage like 10% or 2.5%");
}

static int parse_amount(const struct item *item, const char *value, size_t length, struct compare_limit *out)
{
    char text[64];
    if (out->metric == COMPARE_TIME)
        return refuse_item(item, "for time write a percentage, such as time>20%");
    if (length < sizeof text) {
        memcpy(text, value, length);
        text[length] = '\0';
    }
    if (out->metric == COMPARE_ALLOCS) {
        double number;
        const bool is_count =
            memchr(value, '.', length) == NULL && length < 16 && parse_decimal(value, length, &number);
        out->amount = is_count ? (uint64_t)number : 0;
        return is_count ? 0 : refuse_item(item, "for allocs write a whole number or a percentage");
    }
    if (length >= sizeof text || !limits_parse_bytes(text, &out->amount))
        return refuse_item(item, "write a percentage, or a size with B, KiB, MiB, GiB, kB, MB or GB");
    return 0;
}

static int parse_item(const struct item *item, struct compare_limit *out)
{
    const char *end = item->text + item->length, *sign = memchr(item->text, '>', (size_t)item->length);
    if (sign == NULL)
        return refuse_item(item, "write METRIC>LIMIT, such as peak>10%");
    size_t name = (size_t)(sign - item->text);
    while (name > 0 && item->text[name - 1] == ' ')
        name--;
    int metric = 0;
    while (metric < COMPARE_METRIC_COUNT &&
           (strncmp(item->text, compare_metric_names[metric], name) != 0 || compare_metric_names[metric][name] != '\0'))
        metric++;
    if (metric == COMPARE_METRIC_COUNT)
        return err_set(item->err, -EINVAL,
                       "'%.*s' at position %u is no metric; there are peak, allocated, allocs, not-freed, rss and time",
                       (int)name, item->text, position(item));
    *out =
        (struct compare_limit){.metric = (enum compare_metric)metric, .text = item->text, .text_length = item->length};
    const char *value = sign + 1 + strspn(sign + 1, " ");
    if (value >= end)
        return refuse_item(item, "something must follow '>', such as 10%");
    return end[-1] == '%' ? parse_percent(item, value, (size_t)(end - 1 - value), out)
                          : parse_amount(item, value, (size_t)(end - value), out);
}

int compare_limits_parse(const char *spec, struct compare_limits *out, struct err *err)
{
    *out = (struct compare_limits){.count = 0};
    if (strcmp(spec, "none") == 0)
        return 0;
    for (const char *at = spec;; at++) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ",");
        const char *next = at + length;
        while (length > 0 && at[length - 1] == ' ')
            length--;
        const struct item item = {.spec = spec, .text = at, .length = (int)length, .err = err};
        if (length == 0)
            return err_set(err, -EINVAL, "a limit is missing at position %u; write METRIC>LIMIT, such as peak>10%%",
                           position(&item));
        if (out->count == COMPARE_LIMITS_MOST)
            return err_set(err, -EINVAL, "more than %d limits", COMPARE_LIMITS_MOST);
        const int status = parse_item(&item, &out->items[out->count]);
        if (status < 0)
            return status;
        out->count++;
        at = next;
        if (*at == '\0')
            return 0;
    }
}

bool compare_exceeds(const struct compare_request *request, const struct compare_limit *limit)
{
    const struct compare_pair *pair = &request->metrics[limit->metric];
    double percent;
    int64_t change;
    if (!compare_is_known(pair) || compare_sign(pair) <= 0)
        return false;
    if (limit->metric == COMPARE_TIME && request->time.verdict != COMPARE_TIME_SLOWER)
        return false;
    if (limit->is_percent) /* of nothing, any growth is more than any percentage */
        return !compare_percent(pair, &percent) || percent > limit->percent;
    /* A fraction of a byte or call above a whole number is above it. */
    const bool is_exact = compare_change(pair, &change);
    const uint64_t whole = (uint64_t)change;
    return is_exact ? whole > limit->amount : whole >= limit->amount;
}

bool compare_is_worse(const struct compare_result *result, const struct compare_limits *limits)
{
    for (size_t i = 0; i < result->request_count; i++)
        for (size_t j = 0; j < limits->count; j++)
            if (compare_exceeds(&result->requests[i], &limits->items[j]))
                return true;
    return false;
}
