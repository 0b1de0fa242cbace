/* preload/unwind: every walk equals libunwind's, whatever happened since the walk before. */

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <cmocka.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "preload/displace.h"
#include "preload/unwind.h"

/* What unwind.c takes from its neighbours. */
struct guest guest;
volatile bool guest_sandboxed;

uint64_t displace_original(uint64_t pc)
{
    return 0;
}

static struct unwind *unwind;
static uint32_t memo_count = UNWIND_MEMOS;
static uint64_t compared, differing, recalled;

static __attribute__((noinline)) void compare(void)
{
    uint64_t *frame = __builtin_frame_address(0);
    struct unwind_start start = {.return_address = frame[1], .sp = (uint64_t)(frame + 2), .bp = frame[0]};
    unwind_walk(unwind, &start);
    static uint64_t last[UNWIND_DEPTH];
    uint32_t count = unwind_last(unwind, last, UNWIND_DEPTH), at = 0;
    recalled += unwind->recalled != NULL;

    unw_context_t context;
    unw_cursor_t cursor;
    unw_getcontext(&context);
    unw_init_local(&cursor, &context);
    compared++;
    while (unw_step(&cursor) > 0) {
        unw_word_t pc;
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        if (pc == 0)
            break;
        uint64_t ours = at < count ? last[at++] : 0;
        if (ours != pc && !(unw_is_signal_frame(&cursor) > 0 && ours == pc + 1) && ours != pc + 1) {
            differing++;
            return;
        }
    }
    if (at != count)
        differing++;
}

static volatile int sink;

static __attribute__((noinline)) int leaf(int x)
{
    compare();
    return x + sink;
}

static __attribute__((noinline)) int plain(int x)
{
    int y = leaf(x);
    return y + leaf(x + 1);
}

static __attribute__((noinline)) int with_alloca(int x)
{
    char *room = __builtin_alloca((size_t)x + 16);
    memset(room, x, (size_t)x + 16);
    int y = plain(room[3]);
    return y + room[x];
}

static __attribute__((noinline)) int aligned(int x)
{
    _Alignas(64) char room[256];
    memset(room, x, sizeof room);
    compare();
    return with_alloca(room[7] & 15) + room[9];
}

static __attribute__((noinline)) int recursive(int x)
{
    int y = x & 1 ? plain(x) : aligned(x & 31);
    if (x > 0)
        y += recursive(x - 1);
    return y + leaf(x);
}

static int by_value(const void *a, const void *b)
{
    sink += (int)((uintptr_t)a & 1);
    compare();
    return *(const int *)a - *(const int *)b;
}

static jmp_buf back;

static __attribute__((noinline)) void jump(int x)
{
    compare();
    if (sink == INT_MIN) /* never; the compiler does not know */
        return;
    if (x == 0)
        longjmp(back, 1);
    jump(x - 1);
    compare();
}

static void on_signal(int number)
{
    compare();
    plain(number);
}

static int set_up(void **state)
{
    guest.pid = (uint32_t)getpid();
    unwind = mmap(NULL, sizeof *unwind, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    compared = differing = recalled = 0;
    if (unwind == MAP_FAILED)
        return 1;
    unwind->memo_mask = memo_count - 1;
    return 0;
}

static int set_up_with_one_memo(void **state)
{
    memo_count = 1;
    int status = set_up(state);
    memo_count = UNWIND_MEMOS;
    return status;
}

static int tear_down(void **state)
{
    return munmap(unwind, sizeof *unwind);
}

static void walks_equal_through_calls_loops_and_recursion(void **state)
{
    for (int i = 0; i < 200; i++)
        recursive(i % 23);
    assert_true(compared > 1000);
    assert_int_equal(differing, 0);
    assert_int_equal(unwind->stopped, 0);
}

static __attribute__((noinline)) void alternate(int x)
{
    for (int i = 0; i < x; i++) {
        compare();
        sink++;
        compare();
    }
}

static void walks_that_repeat_are_recalled(void **state)
{
    alternate(100);
    assert_true(recalled > compared / 2);
    assert_int_equal(differing, 0);
    unwind_reset(unwind);
    uint64_t before = recalled;
    compare();
    assert_int_equal(recalled, before);
    assert_int_equal(differing, 0);
}

static void walks_equal_through_callbacks_of_the_c_library(void **state)
{
    int numbers[100];
    for (int i = 0; i < 100; i++)
        numbers[i] = i * 37 % 101;
    qsort(numbers, 100, sizeof *numbers, by_value);
    assert_true(compared > 100);
    assert_int_equal(differing, 0);
}

static void walks_equal_after_longjmp(void **state)
{
    for (volatile int i = 0; i < 50; i++) {
        if (setjmp(back) == 0)
            jump(i % 7);
        plain(i);
    }
    assert_int_equal(differing, 0);
}

static void walks_equal_within_signal_handlers(void **state)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    for (int on_stack = 0; on_stack < 2; on_stack++) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = on_stack ? SA_ONSTACK : 0};
        sigaction(SIGUSR1, &action, NULL);
        for (int i = 0; i < 20; i++) {
            plain(i);
            raise(SIGUSR1);
            plain(i);
        }
    }
    alternate.ss_flags = SS_DISABLE;
    sigaltstack(&alternate, NULL);
    assert_int_equal(differing, 0);
}

static ucontext_t main_context, contexts[3];

static void coroutine(int number)
{
    for (int i = 0; i < 20; i++) {
        recursive(number + i % 5);
        swapcontext(&contexts[number], number == 2 ? &main_context : &contexts[number + 1]);
        compare();
    }
}

static void walks_equal_on_coroutine_stacks(void **state)
{
    for (int i = 0; i < 3; i++) {
        getcontext(&contexts[i]);
        contexts[i].uc_stack.ss_sp = malloc(65536);
        contexts[i].uc_stack.ss_size = 65536;
        contexts[i].uc_link = &main_context;
        makecontext(&contexts[i], (void (*)(void))coroutine, 1, i);
    }
    for (int i = 0; i < 20; i++) {
        swapcontext(&main_context, &contexts[0]);
        plain(i);
    }
    assert_int_equal(differing, 0);
    for (int i = 0; i < 3; i++)
        free(contexts[i].uc_stack.ss_sp);
}

static __attribute__((noinline)) uint64_t path_here(void)
{
    uint64_t *frame = __builtin_frame_address(0);
    struct unwind_start start = {.return_address = frame[1], .sp = (uint64_t)(frame + 2), .bp = frame[0]};
    return unwind_walk(unwind, &start);
}

/* Not alike, or the compiler would make one of them. */
static __attribute__((noinline)) uint64_t through_one(void)
{
    return path_here() ^ 1;
}

static __attribute__((noinline)) uint64_t through_other(void)
{
    return path_here() ^ 2;
}

static void equal_stacks_have_equal_paths_and_others_do_not(void **state)
{
    uint64_t paths[4];
    for (volatile int i = 0; i < 4; i++) /* one call each, not unrolled */
        paths[i] = i % 2 ? through_one() : through_other();
    assert_true(paths[0] == paths[2] && paths[1] == paths[3]);
    assert_true(paths[0] != paths[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(walks_equal_through_calls_loops_and_recursion, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walks_that_repeat_are_recalled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walks_equal_through_calls_loops_and_recursion, set_up_with_one_memo, tear_down),
        cmocka_unit_test_setup_teardown(walks_equal_through_callbacks_of_the_c_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walks_equal_after_longjmp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walks_equal_after_longjmp, set_up_with_one_memo, tear_down),
        cmocka_unit_test_setup_teardown(walks_equal_within_signal_handlers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(walks_equal_on_coroutine_stacks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_stacks_have_equal_paths_and_others_do_not, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
