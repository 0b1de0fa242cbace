/* probes_find and probes_encode on this very program: it annotates some of its own functions. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <Zydis/Zydis.h>

#include "elf/elf-file.h"
#include "probes/probes.h"
#include "syseng_mem.h"

static volatile int sink;

enum { MARKED_LINE = __LINE__ + 2 };
SYSENG_MEM_PROFILE
static int marked(int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += sink; /* the loop makes a conditional branch */
    return sum;
}

enum { SWITCHING_LINE = __LINE__ + 2 };
SYSENG_MEM_PROFILE
static int switching(int n)
{
    switch (n) {
    case 0:
        return sink + 3;
    case 1:
        return marked(5);
    case 2:
        sink = 4;
        break;
    case 3:
        sink = 9;
        break;
    case 4:
        return marked(sink);
    case 5:
        return -1;
    }
    return marked(n);
}

static __attribute__((noinline)) int stated(int n)
{
    SYSENG_MEM_PROFILE_HERE;
    sink = n;
    return n + 1;
}

static __attribute__((noinline)) int unmarked_neighbour(int n)
{
    sink = n * 2;
    return n;
}

static char own_path[4096];

static struct probes *find(const char *path, const struct probes_options *options)
{
    struct probes *probes = NULL;
    struct err err = {""};
    const int code = probes_find(path, options, &probes, &err);
    if (code != 0)
        fail_msg("%d: %s", code, err.text);
    return probes;
}

static const struct probes_function *function_named(const struct probes *probes, const char *name)
{
    for (size_t i = 0; i < probes->function_count; i++)
        if (strcmp(probes->functions[i].name, name) == 0)
            return &probes->functions[i];
    return NULL;
}

static void exactly_the_annotated_functions_are_found(void **state)
{
    struct probes *probes = find(own_path, NULL);
    assert_int_equal(probes->function_count, 3);
    const struct probes_function *function = function_named(probes, "marked");
    assert_non_null(function);
    assert_true(function->annotated);
    assert_int_equal(function->line, MARKED_LINE);
    assert_true(function->last_line > MARKED_LINE + 1 && function->last_line <= MARKED_LINE + 6);
    const char *slash = strrchr(function->file, '/');
    assert_string_equal(slash != NULL ? slash + 1 : function->file, "probes-find.c");
    assert_non_null(function = function_named(probes, "switching"));
    assert_int_equal(function->line, SWITCHING_LINE);
    assert_non_null(function_named(probes, "stated"));
    assert_null(function_named(probes, "unmarked_neighbour"));
    probes_free(probes);
}

static void lines_are_ascending_and_within_the_function(void **state)
{
    struct probes *probes = find(own_path, NULL);
    for (size_t i = 0; i < probes->function_count; i++) {
        const struct probes_function *function = &probes->functions[i];
        for (size_t k = 0; k < function->line_count; k++) {
            assert_true(function->lines[k] >= function->line && function->lines[k] <= function->last_line);
            assert_true(k == 0 || function->lines[k] > function->lines[k - 1]);
        }
    }
    probes_free(probes);
}

static void each_function_has_one_entry_and_every_return_is_an_exit(void **state)
{
    struct probes *probes = find(own_path, NULL);
    unsigned entries[3] = {0}, exits[3] = {0};
    assert_int_equal(probes->function_count, 3);
    for (size_t i = 0; i < probes->site_count; i++) {
        const struct wire_site *site = &probes->sites[i];
        assert_true(site->function < 3);
        entries[site->function] += (site->flags & WIRE_SITE_ENTRY) != 0;
        exits[site->function] += (site->flags & (WIRE_SITE_EXIT | WIRE_SITE_MAY_EXIT)) != 0;
        if (site->class == WIRE_SITE_RETURN)
            assert_true(site->flags & WIRE_SITE_EXIT);
        if (site->flags & WIRE_SITE_ENTRY)
            assert_in_range(site->offset, probes->functions[site->function].entry,
                            probes->functions[site->function].entry + 4);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(entries[i], 1);
        assert_true(exits[i] >= 1);
    }
    probes_free(probes);
}

/* The invariants that the guest relies on, for a plan with many kinds of instructions. */
static void check_sites(const struct probes *probes, const char *path)
{
    struct elf_file elf;
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    assert_int_equal(elf_file_open(&elf, path, NULL), 0);
    size_t on_boundary = 0;
    for (size_t f = 0; f < probes->function_count; f++) {
        const struct wire_function *function = &probes->ranges_of[f];
        for (uint32_t r = 0; r < function->range_count; r++) {
            const struct wire_range *range = &probes->ranges[function->range_first + r];
            size_t next = 0, left;
            while (next < probes->site_count && probes->sites[next].offset < range->low)
                next++;
            const uint8_t *bytes = elf_file_text_at(&elf, range->low, &left);
            assert_non_null(bytes);
            for (uint64_t at = range->low; at < range->high;) {
                ZydisDecodedInstruction insn;
                ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
                const uint8_t *here = bytes + (at - range->low);
                if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, here, range->high - at, &insn, operands))) {
                    at++;
                    continue;
                }
                if (next < probes->site_count && probes->sites[next].offset == at) {
                    const struct wire_site *site = &probes->sites[next++];
                    on_boundary++;
                    assert_int_equal(site->insn_bytes, insn.length);
                    assert_memory_equal(site->insn, here, insn.length);
                }
                at += insn.length;
            }
        }
    }
    assert_int_equal(on_boundary, probes->site_count);
    elf_file_close(&elf);
}

static int64_t relative(const struct wire_site *site)
{
    int32_t wide;
    if (site->insn_bytes - site->displacement_byte == 1)
        return (int8_t)site->insn[site->displacement_byte];
    memcpy(&wide, site->insn + site->displacement_byte, sizeof wide);
    return wide;
}

static void check_targets(const struct probes *probes)
{
    for (size_t i = 0; i < probes->site_count; i++) {
        const struct wire_site *site = &probes->sites[i];
        const uint64_t next = site->offset + site->insn_bytes;
        assert_true(site->class < WIRE_SITE_CLASS_COUNT);
        assert_true(i == 0 || site->offset >= probes->sites[i - 1].offset + probes->sites[i - 1].insn_bytes);
        switch (site->class) {
        case WIRE_SITE_JUMP:
        case WIRE_SITE_JUMP_IF:
        case WIRE_SITE_JUMP_COUNTER:
        case WIRE_SITE_CALL:
        case WIRE_SITE_COPY_RIP:
            assert_int_equal(site->target, next + (uint64_t)relative(site));
            break;
        case WIRE_SITE_CALL_INDIRECT:
        case WIRE_SITE_JUMP_INDIRECT:
            assert_true(site->scale != 0 || (site->base >= 0 && site->base < WIRE_SITE_REGISTER_RIP));
            if (site->base == WIRE_SITE_REGISTER_RIP)
                assert_int_equal(site->target, next + (uint64_t)site->displacement);
            break;
        default:
            break;
        }
    }
}

static void every_site_is_an_instruction_of_the_file_with_its_target(void **state)
{
    const char *const everything[] = {"*"};
    const struct probes_options all = {.globs = everything, .glob_count = 1, .every_instruction = true};
    struct probes *probes = find(own_path, &all);
    assert_true(probes->function_count > 20);
    assert_true(probes->site_count > 1000);
    check_sites(probes, own_path);
    check_targets(probes);
    unsigned seen[WIRE_SITE_CLASS_COUNT] = {0};
    for (size_t i = 0; i < probes->site_count; i++)
        seen[probes->sites[i].class]++;
    assert_true(seen[WIRE_SITE_COPY] && seen[WIRE_SITE_COPY_RIP] && seen[WIRE_SITE_JUMP] && seen[WIRE_SITE_JUMP_IF] &&
                seen[WIRE_SITE_CALL] && seen[WIRE_SITE_RETURN]);
    probes_free(probes);
}

/* As the guest's handler looks a stop up. */
static uint32_t look_up(const uint8_t *plan, uint64_t offset)
{
    struct wire_plan head;
    memcpy(&head, plan, sizeof head);
    const uint32_t *slots = (const uint32_t *)(const void *)(plan + head.hash_offset);
    const struct wire_site *sites = (const struct wire_site *)(const void *)(plan + head.sites_offset);
    uint32_t at = wire_plan_hash(offset) & (head.hash_slots - 1);
    for (; slots[at] != 0; at = (at + 1) & (head.hash_slots - 1))
        if (sites[slots[at] - 1].offset == offset)
            return slots[at];
    return 0;
}

static void the_encoded_plan_finds_each_site_and_nothing_else(void **state)
{
    struct probes *probes = find(own_path, NULL);
    void *plan = NULL;
    size_t size = 0;
    assert_int_equal(probes_encode(probes, 7, &plan, &size, NULL), 0);
    struct wire_plan head;
    memcpy(&head, plan, sizeof head);
    assert_int_equal(head.magic, WIRE_PLAN_MAGIC);
    assert_int_equal(head.plan_id, 7);
    assert_int_equal(head.total_bytes, size);
    assert_int_equal(head.hash_slots & (head.hash_slots - 1), 0);
    assert_true(head.hash_slots > head.site_count);
    size_t next = 0;
    for (uint64_t offset = head.low - 32; offset < head.high + 32; offset++) {
        const bool is_site = next < probes->site_count && probes->sites[next].offset == offset;
        const uint32_t found = look_up(plan, offset);
        assert_int_equal(found, is_site ? next + 1 : 0);
        next += is_site;
    }
    assert_int_equal(next, probes->site_count);
    free(plan);
    probes_free(probes);
}

static void an_empty_plan_encodes_as_well(void **state)
{
    struct probes *probes = find("/bin/true", NULL);
    void *plan = NULL;
    size_t size = 0;
    assert_int_equal(probes->function_count, 0);
    assert_int_equal(probes->note_count, 0);
    assert_int_equal(probes_encode(probes, 1, &plan, &size, NULL), 0);
    assert_int_equal(look_up(plan, 0x1000), 0);
    free(plan);
    probes_free(probes);
}

static void globs_choose_functions_and_those_without_a_match_are_told(void **state)
{
    const char *const globs[] = {"unmarked_neigh*", "swithcing", "no_such_function_anywhere"};
    const struct probes_options options = {.globs = globs, .glob_count = 3};
    struct probes *probes = find(own_path, &options);
    assert_int_equal(probes->function_count, 4);
    const struct probes_function *function = function_named(probes, "unmarked_neighbour");
    assert_non_null(function);
    assert_false(function->annotated);
    assert_int_equal(probes->note_count, 2);
    assert_int_equal(probes->notes[0].kind, PROBES_NOTE_GLOB_UNMATCHED);
    assert_string_equal(probes->notes[0].subject, "swithcing");
    assert_string_equal(probes->notes[0].detail, "switching");
    assert_string_equal(probes->notes[1].subject, "no_such_function_anywhere");
    assert_null(probes->notes[1].detail);
    probes_free(probes);
}

static void what_is_no_program_is_refused_with_a_sentence(void **state)
{
    struct probes *probes = NULL;
    struct err err = {""};
    assert_int_equal(probes_find("/no/such/file", NULL, &probes, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/no/such/file"));
    assert_int_equal(probes_find("/dev/null", NULL, &probes, &err), -ENOEXEC);
    assert_int_equal(probes_find("/etc/passwd", NULL, &probes, &err), -ENOEXEC);
    assert_int_equal(probes_find("/", NULL, &probes, &err), -ENOEXEC);
    assert_null(probes);
}

static uint8_t *read_own(size_t *size)
{
    struct stat status;
    const int fd = open(own_path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    uint8_t *bytes = malloc((size_t)status.st_size);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)status.st_size), status.st_size);
    close(fd);
    *size = (size_t)status.st_size;
    return bytes;
}

/* Read a damaged copy in every way; that it comes back is the test. */
static void read_damaged(const uint8_t *bytes, size_t size)
{
    const char *const everything[] = {"marked"};
    const struct probes_options options = {.globs = everything, .glob_count = 1};
    char path[] = "/tmp/probes-find-XXXXXX";
    struct probes *probes = NULL;
    struct inspect inspect;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
    if (probes_find(path, &options, &probes, NULL) == 0)
        probes_free(probes);
    if (inspect_file(path, NULL, &inspect, NULL) == 0)
        inspect_fini(&inspect);
    unlink(path);
}

static void truncated_files_are_survived(void **state)
{
    size_t size;
    uint8_t *bytes = read_own(&size);
    for (size_t i = 0; i < 24; i++)
        read_damaged(bytes, size * i / 24 + i);
    free(bytes);
}

/* Damage to what this module reads itself: the head and the tables of segments and sections. */
static void damaged_tables_are_survived(void **state)
{
    size_t size;
    uint8_t *bytes = read_own(&size);
    Elf64_Ehdr header;
    memcpy(&header, bytes, sizeof header);
    uint64_t random = 42;
    for (size_t i = 0; i < 60; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const size_t places[] = {random >> 33 & 63, header.e_phoff + (random >> 33) % (header.e_phnum * 56u),
                                 header.e_shoff + (random >> 33) % (header.e_shnum * 64u)};
        const size_t place = places[i % 3];
        const uint8_t old = bytes[place];
        bytes[place] = (uint8_t)(random >> 20);
        read_damaged(bytes, size);
        bytes[place] = old;
    }
    free(bytes);
}

int main(void)
{
    const ssize_t length = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
    if (length <= 0)
        return 99;
    sink = switching(1) + stated(2) + unmarked_neighbour(3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_annotated_functions_are_found),
        cmocka_unit_test(lines_are_ascending_and_within_the_function),
        cmocka_unit_test(each_function_has_one_entry_and_every_return_is_an_exit),
        cmocka_unit_test(every_site_is_an_instruction_of_the_file_with_its_target),
        cmocka_unit_test(the_encoded_plan_finds_each_site_and_nothing_else),
        cmocka_unit_test(an_empty_plan_encodes_as_well),
        cmocka_unit_test(globs_choose_functions_and_those_without_a_match_are_told),
        cmocka_unit_test(what_is_no_program_is_refused_with_a_sentence),
        cmocka_unit_test(truncated_files_are_survived),
        cmocka_unit_test(damaged_tables_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
