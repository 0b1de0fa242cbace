/* collector/timeline: a bounded number of points that keep the heights. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "collector/timeline.h"

static void points_come_at_their_interval(void **state)
{
    struct timeline timeline = {0};
    assert_true(timeline_is_due(&timeline, 0));
    timeline_add(&timeline, &(struct session_point){.ns = 5});
    assert_false(timeline_is_due(&timeline, 6));
    assert_false(timeline_is_due(&timeline, 4 + TIMELINE_INTERVAL_NS));
    assert_true(timeline_is_due(&timeline, 5 + TIMELINE_INTERVAL_NS));
    free(timeline.points);
}

static void a_long_run_has_fewer_points_but_the_highest(void **state)
{
    struct timeline timeline = {0};
    uint64_t added = 0;
    for (uint64_t ns = 0; ns < 100 * TIMELINE_POINTS * TIMELINE_INTERVAL_NS; ns += TIMELINE_INTERVAL_NS) {
        if (!timeline_is_due(&timeline, ns))
            continue;
        timeline_add(&timeline, &(struct session_point){.ns = ns, .heap_bytes = added++ == 777 ? 1000 : 10});
        assert_in_range(timeline.count, 1, TIMELINE_POINTS);
    }
    assert_int_equal(timeline_interval(&timeline), TIMELINE_INTERVAL_NS << 7);
    size_t high = 0;
    for (size_t i = 0; i < timeline.count; i++) {
        high += timeline.points[i].heap_bytes == 1000;
        if (i > 0)
            assert_true(timeline.points[i].ns > timeline.points[i - 1].ns);
    }
    assert_int_equal(high, 1);
    assert_in_range(timeline.count, TIMELINE_POINTS / 2, TIMELINE_POINTS);
    free(timeline.points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_come_at_their_interval),
        cmocka_unit_test(a_long_run_has_fewer_points_but_the_highest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
