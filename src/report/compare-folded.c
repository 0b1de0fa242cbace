/* A comparison as folded stacks with two counts, as difffolded.pl of the FlameGraph tools writes them: bytes allocated
   per firing, old and new. The request is the root. */

#include <inttypes.h>

#include "report/check-print.h"
#include "report/compare-print.h"

/* ';' separates frames, and the counts begin at the last blank of the line. */
static void add_name(struct text *out, const char *name)
{
    const size_t start = out->length;
    text_add_printable(out, name);
    for (size_t i = start; i < out->length && !out->failed; i++)
        if (out->bytes[i] == ';')
            out->bytes[i] = ':';
}

/* To the nearest byte. */
static uint64_t per_firing(const struct compare_number *number)
{
    const uint64_t sum = (uint64_t)number->sum;
    return number->is_known ? sum / number->firings + (2 * (sum % number->firings) >= number->firings) : 0;
}

static void add_stack(struct text *out, const struct compare_result *result, const struct compare_request *request,
                      const struct compare_stack *stack)
{
    const struct compare_pair pair = compare_measure(request, stack->measures, MODEL_ALLOC_BYTES);
    const uint64_t old = per_firing(&pair.sides[COMPARE_OLD]), new = per_firing(&pair.sides[COMPARE_NEW]);
    if (old == 0 && new == 0)
        return;
    add_name(out, request->name);
    for (size_t i = stack->frame_count; i-- > 0;) {
        text_add(out, ";");
        add_name(out, result->functions[request->frames[stack->frame_first + i]].name);
    }
    text_addf(out, " %" PRIu64 " %" PRIu64 "\n", old, new);
}

int compare_folded(const struct compare_result *result, const struct compare_print *print, FILE *out, struct err *err)
{
    struct text text = TEXT_EMPTY;
    (void)print;
    for (size_t i = 0; i < result->request_count; i++)
        for (size_t j = 0; j < result->requests[i].stack_count; j++)
            add_stack(&text, result, &result->requests[i], &result->requests[i].stacks[j]);
    return check_write(&text, out, err);
}
