/* sampler/follow: records as the kernel writes them, made of this program's own stack. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "mutate.h"
#include "sampler/follow.h"
#include "sampler/records.h"

#define PID 77u
#define STACK_BYTES 4096u
#define RECORD_BYTES 8192u

/* One record under construction. */
struct bytes {
    uint8_t items[RECORD_BYTES] __attribute__((aligned(8)));
    size_t count;
};

static void put(struct bytes *bytes, const void *what, size_t count)
{
    assert_true(bytes->count + count <= sizeof bytes->items);
    memcpy(bytes->items + bytes->count, what, count);
    bytes->count += count;
}

static void put32(struct bytes *bytes, uint32_t value)
{
    put(bytes, &value, sizeof value);
}

static void put64(struct bytes *bytes, uint64_t value)
{
    put(bytes, &value, sizeof value);
}

static void begin(struct bytes *bytes, uint32_t type, uint16_t misc)
{
    const struct perf_event_header header = {.type = type, .misc = misc};
    bytes->count = 0;
    put(bytes, &header, sizeof header);
}

static void end(struct bytes *bytes, uint64_t time_ns)
{
    struct perf_event_header header;
    memcpy(&header, bytes->items, sizeof header);
    if (header.type != PERF_RECORD_SAMPLE) {
        put32(bytes, PID);
        put32(bytes, PID);
        put64(bytes, time_ns);
    }
    header.size = (uint16_t)bytes->count;
    memcpy(bytes->items, &header, sizeof header);
}

static void make_mapping(struct bytes *bytes, uint64_t start, uint64_t length, uint64_t offset, const char *path)
{
    char padded[256] = "";
    begin(bytes, PERF_RECORD_MMAP2, 0);
    put32(bytes, PID);
    put32(bytes, PID);
    put64(bytes, start);
    put64(bytes, length);
    put64(bytes, offset);
    put64(bytes, 0);
    put64(bytes, 0);
    put64(bytes, 0);
    put64(bytes, 0);
    snprintf(padded, sizeof padded, "%s", path);
    put(bytes, padded, (strlen(padded) + 8) / 8 * 8);
    end(bytes, 1);
}

/* What a sample would hold of here. */
static struct bytes captured;

static __attribute__((noinline, no_sanitize_address)) void capture(void)
{
    uint64_t sp, bp, ip;
    __asm__ volatile("mov %%rsp, %0\n\tmov %%rbp, %1\n\tlea 0f(%%rip), %2\n0:" : "=r"(sp), "=r"(bp), "=r"(ip));
    begin(&captured, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
    put32(&captured, PID);
    put32(&captured, PID);
    put64(&captured, 2);
    put64(&captured, PERF_SAMPLE_REGS_ABI_64);
    for (int i = 0; i < 6; i++)
        put64(&captured, 0);
    put64(&captured, bp);
    put64(&captured, sp);
    put64(&captured, ip);
    for (int i = 8; i < 16; i++)
        put64(&captured, 0);
    put64(&captured, STACK_BYTES);
    /* Not memcpy, which a sanitizer watches. */
    for (uint64_t at = 0; at < STACK_BYTES; at += 8)
        put64(&captured, *(volatile uint64_t *)(sp + at));
    put64(&captured, STACK_BYTES);
    end(&captured, 2);
}

static uint64_t returns[3]; /* addresses in the functions below, less one */

static __attribute__((noinline)) void inner(void)
{
    returns[0] = (uint64_t)__builtin_return_address(0) - 1;
    capture();
    __asm__ volatile("");
}

static __attribute__((noinline)) void middle(int bytes)
{
    volatile char *room = __builtin_alloca((size_t)bytes); /* a frame that only rbp leads out of */
    room[0] = 1;
    returns[1] = (uint64_t)__builtin_return_address(0) - 1;
    inner();
    __asm__ volatile("" : : "r"(room[0]));
}

static __attribute__((noinline)) void outer(void)
{
    returns[2] = (uint64_t)__builtin_return_address(0) - 1;
    middle(100);
    __asm__ volatile("");
}

static void feed(struct follow *follow, const struct bytes *bytes)
{
    follow_feed(follow, bytes->items, bytes->count);
}

/* Tell of all executable mappings of this process. */
static void feed_maps(struct follow *follow)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long start, behind, offset;
        char access[8], path[256] = "//anon";
        struct bytes bytes;
        if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s", &start, &behind, access, &offset, path) < 4 ||
            access[2] != 'x')
            continue;
        make_mapping(&bytes, start, behind - start, offset, path);
        feed(follow, &bytes);
    }
    fclose(maps);
}

static struct follow *new_follow(const char *own_name)
{
    const struct sampler_options options = {.own_name = own_name};
    struct follow *follow = follow_new(&options);
    assert_non_null(follow);
    follow_window(follow, 0);
    return follow;
}

static bool names_self(const char *path)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';
    return strcmp(path, self) == 0;
}

static void a_sample_becomes_the_stack_that_it_was_taken_of(void **state)
{
    struct follow *follow = new_follow("ours.so");
    feed_maps(follow);
    outer();
    feed(follow, &captured);
    feed(follow, &captured);
    assert_int_equal(follow_counts(follow).program, 2);
    const struct tally *tally = follow_tally(follow);
    assert_int_equal(tally->stack_count, 1);
    const struct tally_stack *stack = &tally->stacks[0];
    assert_int_equal(stack->sample_count, 2);
    assert_true(stack->frame_count > 4);
    const struct session_frame *frames = tally->frames + stack->frame_first;
    assert_true(names_self(follow_module(follow, frames[0].module)));
    /* capture, called by inner, called by: middle, outer, this function. */
    uint64_t bias = returns[0] - frames[2].address;
    assert_int_equal(frames[3].address, returns[1] - bias);
    assert_int_equal(frames[4].address, returns[2] - bias);
    assert_int_equal(bias % 4096, 0);
    follow_free(follow);
}

static void what_does_not_fit_the_dump_ends_early(void **state)
{
    struct follow *follow = new_follow("ours.so");
    feed_maps(follow);
    outer();
    struct bytes shorter = captured;
    const uint64_t used = 8;
    memcpy(shorter.items + shorter.count - 8, &used, sizeof used);
    feed(follow, &shorter);
    const struct tally *tally = follow_tally(follow);
    assert_int_equal(tally->stack_count, 1);
    assert_true(tally->stacks[0].stopped);
    assert_in_range(tally->stacks[0].frame_count, 1, 2);
    follow_free(follow);
}

static void time_of_our_own_library_is_left_out(void **state)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';
    struct follow *follow = new_follow(strrchr(self, '/') + 1);
    feed_maps(follow);
    outer();
    feed(follow, &captured);
    assert_int_equal(follow_counts(follow).own, 1);
    assert_int_equal(follow_counts(follow).program, 0);
    assert_int_equal(follow_tally(follow)->stack_count, 0);
    follow_free(follow);
}

static void samples_count_in_the_window_that_is_open(void **state)
{
    struct follow *follow = new_follow("ours.so");
    feed_maps(follow);
    outer();
    feed(follow, &captured);
    follow_window(follow, 1);
    assert_int_equal(follow_counts(follow).program, 0);
    feed(follow, &captured);
    assert_int_equal(follow_counts(follow).program, 1);
    assert_int_equal(follow_tally(follow)->stack_count, 2);
    assert_int_equal(follow_tally(follow)->stacks[1].window, 1);
    follow_free(follow);
}

static void what_the_kernel_lost_is_counted(void **state)
{
    struct follow *follow = new_follow("ours.so");
    struct bytes bytes;
    begin(&bytes, PERF_RECORD_LOST, 0);
    put64(&bytes, 1);
    put64(&bytes, 12);
    end(&bytes, 3);
    feed(follow, &bytes);
    assert_int_equal(follow_counts(follow).lost, 12);
    follow_free(follow);
}

static void a_sample_without_registers_has_no_frames(void **state)
{
    struct follow *follow = new_follow("ours.so");
    struct bytes bytes;
    begin(&bytes, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
    put32(&bytes, PID);
    put32(&bytes, PID);
    put64(&bytes, 2);
    put64(&bytes, PERF_SAMPLE_REGS_ABI_NONE);
    put64(&bytes, 0);
    end(&bytes, 2);
    feed(follow, &bytes);
    assert_int_equal(follow_counts(follow).program, 1);
    assert_int_equal(follow_tally(follow)->stacks[0].frame_count, 0);
    assert_true(follow_tally(follow)->stacks[0].stopped);
    follow_free(follow);
}

static void truncated_records_are_refused(void **state)
{
    struct bytes mapping;
    struct record record;
    outer();
    make_mapping(&mapping, 4096, 4096, 0, "/bin/true");
    assert_true(record_read(captured.items, captured.count, &record));
    assert_true(record_read(mapping.items, mapping.count, &record));
    for (size_t size = 0; size < captured.count; size += 8) {
        uint8_t *exact = malloc(size + 1);
        memcpy(exact, captured.items, size);
        if (size >= sizeof(struct perf_event_header)) {
            uint16_t short_size = (uint16_t)size;
            memcpy(exact + offsetof(struct perf_event_header, size), &short_size, sizeof short_size);
        }
        assert_false(record_read(exact, size, &record));
        free(exact);
    }
}

static void mutated_records_are_survived(void **state)
{
    struct follow *follow = new_follow("ours.so");
    uint32_t random = 7;
    feed_maps(follow);
    outer();
    for (int i = 0; i < 20000; i++) {
        struct bytes bytes = captured;
        if (i % 4 == 0)
            make_mapping(&bytes, next_random(&random), next_random(&random), next_random(&random), "/proc/self/exe");
        for (uint32_t changes = 1 + next_random(&random) % 8; changes > 0; changes--)
            bytes.items[next_random(&random) % (i % 2 == 0 ? 240 : bytes.count)] = (uint8_t)next_random(&random);
        feed(follow, &bytes);
    }
    assert_true(follow_counts(follow).program > 0);
    assert_true(follow_counts(follow).lost > 0);
    follow_free(follow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_becomes_the_stack_that_it_was_taken_of),
        cmocka_unit_test(what_does_not_fit_the_dump_ends_early),
        cmocka_unit_test(time_of_our_own_library_is_left_out),
        cmocka_unit_test(samples_count_in_the_window_that_is_open),
        cmocka_unit_test(what_the_kernel_lost_is_counted),
        cmocka_unit_test(a_sample_without_registers_has_no_frames),
        cmocka_unit_test(truncated_records_are_refused),
        cmocka_unit_test(mutated_records_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
