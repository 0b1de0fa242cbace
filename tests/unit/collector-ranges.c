/* collector/ranges: against a slow model, an owner for each address. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "collector/ranges.h"

#define ADDRESSES 200
#define SITES 7

struct model {
    uint32_t owner[ADDRESSES]; /* site + 1, 0: nobody */
    uint64_t taken[SITES];
};

static void count_taken(uint32_t site, uint64_t bytes, unsigned pieces, void *data)
{
    struct model *model = data;
    assert_in_range(pieces, 0, 2);
    model->taken[site] += bytes;
}

static void assert_agrees(const struct ranges *ranges, const struct model *model)
{
    uint64_t covered = 0, owned = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *range = &ranges->items[i];
        assert_true(range->start < range->end);
        assert_true(i == 0 || ranges->items[i - 1].end <= range->start);
        covered += range->end - range->start;
        for (uint64_t at = range->start; at < range->end; at++)
            assert_int_equal(model->owner[at], range->site + 1);
    }
    for (int i = 0; i < ADDRESSES; i++)
        owned += model->owner[i] != 0;
    assert_int_equal(covered, owned);
}

static void any_sequence_agrees_with_a_slow_model(void **state)
{
    static struct model model;
    struct ranges ranges = {0};
    uint64_t random = 1, expected[SITES] = {0};
    for (int round = 0; round < 20000; round++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t start = (random >> 33) % (ADDRESSES - 1), end = start + 1 + (random >> 41) % 30;
        uint32_t site = (random >> 50) % SITES;
        end = end < ADDRESSES ? end : ADDRESSES;
        for (uint64_t at = start; at < end; at++) {
            if (model.owner[at] != 0)
                expected[model.owner[at] - 1]++;
            model.owner[at] = 0;
        }
        assert_int_equal(ranges_remove(&ranges, start, end, count_taken, &model), 0);
        assert_memory_equal(model.taken, expected, sizeof expected);
        assert_agrees(&ranges, &model);
        if (random >> 63)
            continue;
        for (uint64_t at = start; at < end; at++)
            model.owner[at] = site + 1;
        assert_int_equal(ranges_add(&ranges, start, end, site), 0);
        assert_agrees(&ranges, &model);
    }
    ranges_fini(&ranges);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_sequence_agrees_with_a_slow_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
