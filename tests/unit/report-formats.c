/* The formats for other tools: what they hold for one session, that all of them have the same sums, and that windows in
   which nothing happened give whole files. tests/e2e/formats.test opens them with their own tools. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>
#include <zlib.h>

#include "base/text.h"
#include "formats-session.h"
#include "golden.h"
#include "report/call-graph.h"
#include "report/formats.h"
#include "report/model.h"
#include "report/pprof.pb-c.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef int write_fn(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

static const struct report_origin origin = {.path = "profiling/2026-11-23_14:59:27/GET.memory.000012ms/callstack.txt",
                                            .time_s = 1795445967,
                                            .commit = "19eff8d",
                                            .subject = "dup \"headers\"\n"};
static const struct report_options options = {.source = true, .lookup = formats_look_up, .origin = &origin};

static struct model model_of(const struct session *session, uint32_t request)
{
    struct model model;
    assert_int_equal(model_build(session, request, formats_look_up, NULL, &model), 0);
    return model;
}

static char *render(write_fn *write, const struct model *model, size_t *length)
{
    char *text = NULL;
    struct err err = {""};
    FILE *out = open_memstream(&text, length);
    assert_non_null(out);
    const int code = write(model, &options, out, &err);
    if (code != 0)
        fail_msg("%s", err.text);
    assert_int_equal(fclose(out), 0);
    return text;
}

static char *render_request(write_fn *write, uint32_t request, size_t *length)
{
    struct session session = formats_session();
    struct model model = model_of(&session, request);
    char *text = render(write, &model, length);
    model_fini(&model);
    return text;
}

static void compare(const char *golden, char *text, size_t length)
{
    golden_mask_version(text, &length);
    golden_compare(golden, text, length);
    free(text);
}

static void compare_format(const char *golden, write_fn *write)
{
    size_t length;
    char *text = render_request(write, FORMATS_MEMORY, &length);
    compare(golden, text, length);
}

static void callstack(void **state)
{
    compare_format("formats-callstack.txt", report_callstack);
}

static void callgrind(void **state)
{
    compare_format("formats.kgrind", report_callgrind);
}

static void dot(void **state)
{
    compare_format("formats.dot", report_dot);
}

static void folded(void **state)
{
    compare_format("formats.folded", report_folded);
}

static void speedscope(void **state)
{
    compare_format("formats.speedscope.json", report_speedscope);
}

static void massif_of_a_request(void **state)
{
    compare_format("formats-request.massif", report_massif);
}

static void massif_of_a_run(void **state)
{
    struct session session = formats_run();
    struct model model = model_of(&session, 0);
    size_t length;
    char *text = render(report_massif, &model, &length);
    compare("formats-run.massif", text, length);
    model_fini(&model);
}

/* Uncompress and unpack. */
static Pprof__Profile *unpack(const char *bytes, size_t length)
{
    static unsigned char unpacked[1 << 20];
    z_stream zip = {.next_in = (Bytef *)(uintptr_t)bytes,
                    .avail_in = (uInt)length,
                    .next_out = unpacked,
                    .avail_out = sizeof unpacked};
    assert_int_equal(inflateInit2(&zip, 15 + 16), Z_OK);
    assert_int_equal(inflate(&zip, Z_FINISH), Z_STREAM_END);
    assert_int_equal(inflateEnd(&zip), Z_OK);
    Pprof__Profile *profile = pprof__profile__unpack(NULL, zip.total_out, unpacked);
    assert_non_null(profile);
    return profile;
}

static const char *string_at(const Pprof__Profile *profile, int64_t number)
{
    assert_in_range(number, 0, profile->n_string_table - 1);
    return profile->string_table[number];
}

static void show_location(struct text *out, const Pprof__Profile *profile, const Pprof__Location *location)
{
    text_addf(out, "location %" PRIu64 " mapping %" PRIu64 " 0x%" PRIx64 ":", location->id, location->mapping_id,
              location->address);
    for (size_t i = 0; i < location->n_line; i++) {
        const Pprof__Function *function = profile->function[location->line[i]->function_id - 1];
        assert_int_equal(function->id, location->line[i]->function_id);
        text_addf(out, " [%s|%s|%s:%" PRId64 " line %" PRId64 "]", string_at(profile, function->name),
                  string_at(profile, function->system_name), string_at(profile, function->filename),
                  function->start_line, location->line[i]->line);
    }
    text_add(out, "\n");
}

static void show_sample(struct text *out, const Pprof__Profile *profile, const Pprof__Sample *sample)
{
    for (size_t i = 0; i < sample->n_value; i++)
        text_addf(out, "%" PRId64 " ", sample->value[i]);
    for (size_t i = 0; i < sample->n_location_id; i++)
        text_addf(out, "%s%" PRIu64, i > 0 ? "," : "", sample->location_id[i]);
    for (size_t i = 0; i < sample->n_label; i++) {
        const Pprof__Label *label = sample->label[i];
        text_addf(out, " %s=%s", string_at(profile, label->key), string_at(profile, label->str));
        if (label->str == 0)
            text_addf(out, "%" PRId64 " %s", label->num, string_at(profile, label->num_unit));
    }
    text_add(out, "\n");
}

static void show_profile(struct text *out, const Pprof__Profile *profile)
{
    text_addf(out, "time %" PRId64 " duration %" PRId64 " period %" PRId64 " %s default %s\n", profile->time_nanos,
              profile->duration_nanos, profile->period, string_at(profile, profile->period_type->type),
              string_at(profile, profile->default_sample_type));
    for (size_t i = 0; i < profile->n_comment; i++)
        text_addf(out, "comment %s\n", string_at(profile, profile->comment[i]));
    for (size_t i = 0; i < profile->n_mapping; i++) {
        const Pprof__Mapping *mapping = profile->mapping[i];
        text_addf(out, "mapping %" PRIu64 " 0x%" PRIx64 "-0x%" PRIx64 " %s (%s) %d%d%d%d\n", mapping->id,
                  mapping->memory_start, mapping->memory_limit, string_at(profile, mapping->filename),
                  string_at(profile, mapping->build_id), mapping->has_functions, mapping->has_filenames,
                  mapping->has_line_numbers, mapping->has_inline_frames);
    }
    for (size_t i = 0; i < profile->n_location; i++)
        show_location(out, profile, profile->location[i]);
    for (size_t i = 0; i < profile->n_sample_type; i++)
        text_addf(out, "%s/%s ", string_at(profile, profile->sample_type[i]->type),
                  string_at(profile, profile->sample_type[i]->unit));
    text_add(out, "\n");
    for (size_t i = 0; i < profile->n_sample; i++)
        show_sample(out, profile, profile->sample[i]);
}

static void pprof(void **state)
{
    size_t length;
    char *bytes = render_request(report_pprof, FORMATS_MEMORY, &length);
    Pprof__Profile *profile = unpack(bytes, length);
    struct text text = TEXT_EMPTY;
    show_profile(&text, profile);
    assert_string_equal(string_at(profile, 0), "");
    pprof__profile__free_unpacked(profile, NULL);
    free(bytes);
    char *shown = strdup(text_get(&text));
    assert_non_null(shown);
    compare("formats-pprof.txt", shown, text.length);
    text_fini(&text);
}

/* What each format holds of each measure, as a reader of it adds up; UINT64_MAX where it does not tell. */
struct sums {
    uint64_t of[MODEL_MEASURE_COUNT];
};

static struct sums no_sums(void)
{
    struct sums sums;
    memset(&sums, 0xff, sizeof sums);
    return sums;
}

static struct sums sums_of_pprof(const struct model *model)
{
    static const enum model_measure order[] = {MODEL_ALLOC_COUNT, MODEL_ALLOC_BYTES, MODEL_LIVE_COUNT,
                                               MODEL_LIVE_BYTES,  MODEL_PEAK_BYTES,  MODEL_TIME_NS};
    struct sums sums = no_sums();
    size_t length;
    char *bytes = render(report_pprof, model, &length);
    Pprof__Profile *profile = unpack(bytes, length);
    assert_int_equal(profile->n_sample_type, COUNT(order));
    for (size_t i = 0; i < COUNT(order); i++)
        sums.of[order[i]] = 0;
    for (size_t i = 0; i < profile->n_sample; i++)
        for (size_t j = 0; j < COUNT(order); j++)
            sums.of[order[j]] += (uint64_t)profile->sample[i]->value[j];
    pprof__profile__free_unpacked(profile, NULL);
    free(bytes);
    return sums;
}

static struct sums sums_of_speedscope(const struct model *model)
{
    static const char *const names[] = {"allocations",     "bytes allocated",   "blocks not freed",
                                        "bytes not freed", "bytes at the peak", "temporary allocations",
                                        "CPU time"};
    struct sums sums = no_sums();
    size_t length, number;
    char *text = render(report_speedscope, model, &length);
    json_t *root = json_loadb(text, length, 0, NULL), *profile, *weight;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "profiles"), number, profile)
    {
        uint64_t sum = 0;
        size_t i, measure = 0;
        json_array_foreach(json_object_get(profile, "weights"), i, weight) sum += (uint64_t)json_integer_value(weight);
        assert_int_equal(sum, json_integer_value(json_object_get(profile, "endValue")));
        assert_int_equal(json_array_size(json_object_get(profile, "samples")), i);
        while (strcmp(names[measure], json_string_value(json_object_get(profile, "name"))) != 0)
            assert_true(++measure < COUNT(names));
        sums.of[measure] = sum;
    }
    json_decref(root);
    free(text);
    return sums;
}

static struct sums sums_of_folded(const struct model *model)
{
    struct sums sums = no_sums();
    for (int measure = 0; measure < MODEL_MEASURE_COUNT; measure++) {
        char *text = NULL, *rest = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        assert_int_equal(report_folded_of(model, measure, &options, out, NULL), 0);
        assert_int_equal(fclose(out), 0);
        sums.of[measure] = 0;
        for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
            char *blank = strchr(line, ' '), *end;
            assert_non_null(blank);
            sums.of[measure] += strtoull(blank, &end, 10);
            assert_int_equal(*end, '\0');
        }
        free(text);
    }
    return sums;
}

#define EVENTS 6
static const enum model_measure events[EVENTS] = {MODEL_ALLOC_BYTES, MODEL_LIVE_BYTES, MODEL_PEAK_BYTES,
                                                  MODEL_ALLOC_COUNT, MODEL_LIVE_COUNT, MODEL_TIME_NS};

/* A reader of callgrind's format: by number of function what it costs itself, what the calls of it do, and those in it.
 */
struct kgrind {
    uint64_t own[64][EVENTS], called[64][EVENTS], calling[64][EVENTS];
    bool has_calls[64];
    uint64_t summary[EVENTS], totals[EVENTS];
};

static void read_costs(const char *text, uint64_t into[EVENTS])
{
    char *end;
    for (int i = 0; i < EVENTS; i++, text = end) {
        into[i] += strtoull(text, &end, 10);
        assert_ptr_not_equal(text, end);
    }
    assert_int_equal(*end, '\0');
}

static struct kgrind read_kgrind(char *text)
{
    struct kgrind read = {0};
    unsigned function = 0, callee = 0;
    bool is_call = false;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "summary:", 8) == 0)
            read_costs(line + 8, read.summary);
        else if (strncmp(line, "totals:", 7) == 0)
            read_costs(line + 7, read.totals);
        else if (sscanf(line, "fn=(%u)", &function) == 1 || sscanf(line, "cfn=(%u)", &callee) == 1)
            assert_true(function < 64 && callee < 64);
        else if (strncmp(line, "calls=", 6) == 0)
            is_call = read.has_calls[callee] = true;
        else if (*line >= '0' && *line <= '9') {
            read_costs(strchr(line, ' '), is_call ? read.called[callee] : read.own[function]);
            if (is_call)
                read_costs(strchr(line, ' '), read.calling[function]);
            is_call = false;
        }
    }
    return read;
}

static struct sums sums_of_callgrind(const struct model *model)
{
    struct sums sums = no_sums();
    size_t length;
    char *text = render(report_callgrind, model, &length);
    struct kgrind read = read_kgrind(text);
    for (int event = 0; event < EVENTS; event++) {
        uint64_t *sum = &sums.of[events[event]];
        *sum = 0;
        for (size_t i = 0; i < 64; i++)
            *sum += read.own[i][event];
        assert_int_equal(*sum, read.summary[event]);
        assert_int_equal(*sum, read.totals[event]);
    }
    free(text);
    return sums;
}

/* Bytes of a function are in the unit of the table, so that only the heading is exact; numbers are exact in both. */
static struct sums sums_of_callstack(const struct model *model)
{
    struct sums sums = no_sums();
    size_t length;
    char *text = render(report_callstack, model, &length);
    const char *heading = strstr(text, " allocations of ");
    assert_non_null(heading);
    while (heading > text && heading[-1] != '\n')
        heading--;
    assert_int_equal(sscanf(heading,
                            " %" SCNu64 " allocations of %" SCNu64 " bytes; %" SCNu64 " blocks, %" SCNu64
                            " bytes not freed; peak %" SCNu64,
                            &sums.of[MODEL_ALLOC_COUNT], &sums.of[MODEL_ALLOC_BYTES], &sums.of[MODEL_LIVE_COUNT],
                            &sums.of[MODEL_LIVE_BYTES], &sums.of[MODEL_PEAK_BYTES]),
                     5);
    uint64_t count = 0, of_function;
    const char *rows = strstr(text, "  nallocs ");
    assert_non_null(rows);
    while ((rows = strchr(rows, '\n')) != NULL && sscanf(++rows, "%" SCNu64, &of_function) == 1)
        count += of_function;
    assert_int_equal(count, sums.of[MODEL_ALLOC_COUNT]);
    free(text);
    return sums;
}

/* The leaves of the tree. */
static struct sums sums_of_massif(const struct model *model)
{
    struct sums sums = no_sums();
    size_t length;
    char *rest = NULL, *text = render(report_massif, model, &length);
    sums.of[MODEL_PEAK_BYTES] = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        unsigned children;
        uint64_t bytes;
        if (sscanf(line, " n%u: %" SCNu64, &children, &bytes) == 2 && children == 0)
            sums.of[MODEL_PEAK_BYTES] += bytes;
    }
    free(text);
    return sums;
}

static struct sums (*const readers[])(const struct model *model) = {
    sums_of_pprof, sums_of_speedscope, sums_of_folded, sums_of_callgrind, sums_of_callstack, sums_of_massif};

static void all_formats_have_the_same_sums(void **state)
{
    struct session session = formats_session();
    for (uint32_t request = 0; request < FORMATS_REQUEST_COUNT; request++) {
        struct model model = model_of(&session, request);
        for (size_t i = 0; i < COUNT(readers); i++) {
            const struct sums sums = readers[i](&model);
            for (int measure = 0; measure < MODEL_MEASURE_COUNT; measure++)
                if (sums.of[measure] != UINT64_MAX && sums.of[measure] != model.totals[measure])
                    fail_msg("request %u, reader %zu: measure %d is %ju instead of %ju", request, i, measure,
                             (uintmax_t)sums.of[measure], (uintmax_t)model.totals[measure]);
        }
        model_fini(&model);
    }
}

static void recursion_counts_once_however_readers_add_up(void **state)
{
    struct session session = formats_session();
    struct model model = model_of(&session, FORMATS_MEMORY);
    struct call_graph graph;
    size_t length;
    char *text = render(report_callgrind, &model, &length);
    struct kgrind read = read_kgrind(text);
    uint64_t even = 0;
    assert_int_equal(call_graph_build(&model, CALL_GRAPH_FUNCTIONS, &graph), 0);
    for (uint32_t i = 0; i < model.function_count; i++)
        if (strcmp(model.functions[i].name, "even") == 0)
            even = graph.nodes[i].total[MODEL_ALLOC_BYTES];
    assert_int_equal(even, 4096 + 1000); /* two stacks, in each of which it stands several times */
    unsigned same = 0;
    for (size_t i = 0; i < 64; i++) {
        assert_true(read.called[i][0] <= model.totals[MODEL_ALLOC_BYTES]);
        same += read.has_calls[i] && read.called[i][0] == even;
    }
    assert_in_range(same, 1, 2);     /* odd is in both stacks as well */
    assert_false(read.has_calls[1]); /* the root */
    assert_int_equal(read.calling[1][0], model.totals[MODEL_ALLOC_BYTES]);
    call_graph_fini(&graph);
    free(text);
    model_fini(&model);
}

static void a_leak_shows_beside_five_hundred_mebibytes(void **state)
{
    size_t length;
    char *text = render_request(report_dot, FORMATS_MEMORY, &length);
    assert_non_null(strstr(text, "header_dup\\n0.00%\\n(0.00%)\\n1\u00d7\\nleaks 16 B"));
    assert_null(strstr(text, "inner")); /* as small, but given back */
    free(text);
    text = render_request(report_callstack, FORMATS_MEMORY, &length);
    assert_non_null(strstr(text, "       16 /srv/src/app.c:20(header_dup)\n"));
    free(text);
}

static void a_window_without_anything(void **state)
{
    size_t length;
    char *text = render_request(report_callstack, FORMATS_EMPTY, &length);
    compare("formats-callstack-empty.txt", text, length);
    text = render_request(report_folded, FORMATS_EMPTY, &length);
    assert_int_equal(length, 0);
    free(text);
    text = render_request(report_dot, FORMATS_EMPTY, &length);
    assert_null(strstr(text, "nan"));
    free(text);
}

static void what_was_not_recorded_is_left_out_or_said(void **state)
{
    struct session session = formats_session();
    session.has_times = false;
    struct model model = model_of(&session, FORMATS_MEMORY);
    size_t length;
    char *text = render(report_callstack, &model, &length);
    assert_null(strstr(text, "CPU time"));
    free(text);
    text = render(report_callgrind, &model, &length);
    assert_non_null(strstr(text, "events: AllocBytes LiveBytes PeakBytes AllocCalls LiveBlocks\n"));
    free(text);
    text = render(report_speedscope, &model, &length);
    assert_null(strstr(text, "nanoseconds"));
    free(text);
    text = render(report_pprof, &model, &length);
    Pprof__Profile *profile = unpack(text, length);
    assert_int_equal(profile->n_sample_type, 6);
    assert_non_null(strstr(string_at(profile, profile->comment[profile->n_comment - 1]), "CPU time was not measured"));
    pprof__profile__free_unpacked(profile, NULL);
    free(text);
    model_fini(&model);
    session.has_times = true;
    session.has_sites = false;
    session.site_count = 0;
    model = model_of(&session, FORMATS_MEMORY);
    text = render(report_callgrind, &model, &length);
    assert_non_null(strstr(text, "events: ns\nsummary: 12000000\n"));
    free(text);
    text = render(report_folded, &model, &length);
    assert_string_equal(text, "main 1000000\nmain;even;odd;even;odd 2000000\nmain;traffic 9000000\n");
    free(text);
    model_fini(&model);
}

static void lost_samples_are_told(void **state)
{
    struct session session = formats_session();
    struct session_request request = session.requests[FORMATS_MEMORY];
    request.cpu.lost_count = 7;
    session.requests = &request;
    session.request_count = 1;
    struct model model = model_of(&session, 0);
    size_t length;
    char *text = render(report_callstack, &model, &length);
    assert_non_null(strstr(text, " of CPU time in 12 samples; 7 more were lost\n"));
    free(text);
    model_fini(&model);
}

static void estimates_are_called_so(void **state)
{
    static write_fn *const texts[] = {report_callstack, report_callgrind, report_dot, report_speedscope, report_massif};
    struct session session = formats_session();
    session.sample_bytes = 524288;
    struct model model = model_of(&session, FORMATS_MEMORY);
    size_t length;
    for (size_t i = 0; i < COUNT(texts); i++) {
        char *text = render(texts[i], &model, &length);
        assert_non_null(strstr(text, ", estimated from one allocation in 512.0 KiB"));
        free(text);
    }
    char *bytes = render(report_pprof, &model, &length);
    Pprof__Profile *profile = unpack(bytes, length);
    assert_int_equal(profile->period, 524288);
    assert_non_null(strstr(string_at(profile, profile->comment[0]), ", estimated from one allocation in 512.0 KiB"));
    pprof__profile__free_unpacked(profile, NULL);
    free(bytes);
    model_fini(&model);
}

static write_fn *const formats[] = {report_callstack, report_pprof,      report_callgrind, report_dot,
                                    report_folded,    report_speedscope, report_massif};

static void without_any_record_there_is_no_profile(void **state)
{
    struct session session = formats_session();
    session.has_times = session.has_sites = false;
    struct model model = model_of(&session, FORMATS_EMPTY);
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct err err = {""};
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        assert_int_equal(formats[i](&model, &options, out, &err), -ENODATA);
        assert_non_null(strstr(err.text, "recorded"));
        fclose(out);
        assert_int_equal(length, 0);
        free(text);
    }
    model_fini(&model);
}

static void a_full_disk_is_told(void **state)
{
    struct session session = formats_session();
    struct model model = model_of(&session, FORMATS_MEMORY);
    for (size_t i = 0; i < COUNT(formats); i++) {
        struct err err = {""};
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        assert_int_equal(formats[i](&model, &options, full, &err), -ENOSPC);
        assert_non_null(strstr(err.text, strerror(ENOSPC)));
        fclose(full);
    }
    model_fini(&model);
}

/* How many more allocations succeed: those of the code under test are linked to these. */
static size_t allowed = SIZE_MAX;

static bool spend(void)
{
    if (allowed == SIZE_MAX)
        return true;
    return allowed > 0 && allowed-- > 0;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return spend() ? __real_malloc(bytes) : NULL;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return spend() ? __real_calloc(count, bytes) : NULL;
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return spend() ? __real_realloc(old, bytes) : NULL;
}

/* Each allocation fails in turn. */
static void without_memory_no_half_file_passes_for_a_whole_one(void **state)
{
    struct session session = formats_session();
    struct model model = model_of(&session, FORMATS_MEMORY);
    for (size_t i = 0; i < COUNT(formats); i++) {
        int code = -ENOMEM;
        size_t turn = 0, whole_length;
        char *whole = render(formats[i], &model, &whole_length);
        for (; code != 0; turn++) {
            struct err err = {""};
            char *text = NULL;
            size_t length;
            FILE *out = open_memstream(&text, &length);
            assert_non_null(out);
            allowed = turn;
            code = formats[i](&model, &options, out, &err);
            allowed = SIZE_MAX;
            fclose(out);
            if (code == 0) {
                assert_int_equal(length, whole_length);
                assert_memory_equal(text, whole, length);
            } else {
                assert_int_equal(code, -ENOMEM);
                assert_non_null(strstr(err.text, strerror(ENOMEM)));
            }
            free(text);
        }
        assert_true(turn > 1);
        free(whole);
    }
    model_fini(&model);
}

#define MANY 10000

/* Each stack has a function of its own, of which each is the program's and keeps a byte. */
static size_t look_up_many(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                           size_t max)
{
    static char names[MANY][16];
    snprintf(names[address % MANY], sizeof names[0], "f%" PRIu64, address % MANY);
    out[0] = (struct symbols_frame){.function = names[address % MANY], .file = "many.c", .line = 1};
    return 1;
}

static void a_large_graph_is_cut_and_says_so(void **state)
{
    static struct session_frame frames[2 * MANY];
    static struct session_site sites[MANY];
    struct session session = formats_session();
    for (uint32_t i = 0; i < MANY; i++) {
        frames[2 * i] = (struct session_frame){0, 2 + i % (MANY - 2)};
        frames[2 * i + 1] = (struct session_frame){0, 1};
        sites[i] = (struct session_site){.frame_first = 2 * i,
                                         .frame_count = 2,
                                         .alloc_bytes = 1 + i,
                                         .alloc_count = 1,
                                         .live_bytes = 1,
                                         .live_count = 1,
                                         .window_live_bytes = 1,
                                         .window_live_count = 1};
    }
    session.frames = frames;
    session.frame_count = COUNT(frames);
    session.sites = sites;
    session.site_count = MANY;
    session.has_times = false;
    struct model model;
    assert_int_equal(model_build(&session, 0, look_up_many, NULL, &model), 0);
    size_t length, nodes = 0;
    char *text = render(report_dot, &model, &length);
    for (const char *at = text; (at = strstr(at, " [fillcolor=")) != NULL; at++)
        nodes++;
    assert_in_range(nodes, 100, 301);
    assert_non_null(strstr(text, "more functions that 9.7 KiB are blamed on are not shown"));
    free(text);
    model_fini(&model);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* A stand-in for graphviz, found by PATH alone. */
static void put_dot(const char *directory, const char *script)
{
    char path[64];
    snprintf(path, sizeof path, "%s/dot", directory);
    write_file(path, script);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(setenv("PATH", directory, 1), 0);
}

static void pictures(void **state)
{
    char directory[] = "/tmp/report-formats-XXXXXX", dot_path[64], picture[64], line[64] = "";
    const char *given = getenv("PATH");
    char *before = strdup(given != NULL ? given : "/bin:/usr/bin");
    struct err err = {""};
    assert_non_null(mkdtemp(directory));
    snprintf(dot_path, sizeof dot_path, "%s/-a b.dot", directory);
    snprintf(picture, sizeof picture, "%s/a 'b.png", directory);
    assert_int_equal(setenv("PATH", directory, 1), 0);
    assert_int_equal(report_dot_render(dot_path, picture, "png", &err), -ENOENT);
    assert_null(strstr(err.text, "graphviz"));
    write_file(dot_path, "digraph {}\n");
    assert_int_equal(report_dot_render(dot_path, picture, "png", &err), -ENOENT);
    assert_non_null(strstr(err.text, "dot not found, "));
    assert_non_null(strstr(err.text, "; apt install graphviz"));
    assert_int_not_equal(access(picture, F_OK), 0);

    put_dot(directory, "#!/bin/sh\necho \"no $1\" >&2\nexit 3\n");
    assert_int_equal(report_dot_render(dot_path, picture, "gif", &err), -EIO);
    assert_non_null(strstr(err.text, "dot ended with status 3: no -Tgif"));
    assert_int_not_equal(access(picture, F_OK), 0);
    put_dot(directory, "#!/bin/sh\nkill -9 $$\n");
    assert_int_equal(report_dot_render(dot_path, picture, "png", &err), -EIO);
    assert_non_null(strstr(err.text, "killed by signal 9"));

    put_dot(directory, "#!/bin/sh\necho \"$1\"\nread line\necho \"$line\"\n");
    assert_int_equal(report_dot_render(dot_path, picture, "svg", &err), 0);
    FILE *file = fopen(picture, "r");
    assert_non_null(file);
    assert_int_equal(fread(line, 1, sizeof line - 1, file), strlen("-Tsvg\ndigraph {}\n"));
    assert_string_equal(line, "-Tsvg\ndigraph {}\n");
    fclose(file);
    unlink(picture);
    unlink(dot_path);
    snprintf(picture, sizeof picture, "%s/dot", directory);
    unlink(picture);
    rmdir(directory);
    setenv("PATH", before, 1);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callstack),
        cmocka_unit_test(callgrind),
        cmocka_unit_test(dot),
        cmocka_unit_test(folded),
        cmocka_unit_test(speedscope),
        cmocka_unit_test(massif_of_a_request),
        cmocka_unit_test(massif_of_a_run),
        cmocka_unit_test(pprof),
        cmocka_unit_test(all_formats_have_the_same_sums),
        cmocka_unit_test(recursion_counts_once_however_readers_add_up),
        cmocka_unit_test(a_leak_shows_beside_five_hundred_mebibytes),
        cmocka_unit_test(a_window_without_anything),
        cmocka_unit_test(what_was_not_recorded_is_left_out_or_said),
        cmocka_unit_test(lost_samples_are_told),
        cmocka_unit_test(estimates_are_called_so),
        cmocka_unit_test(without_any_record_there_is_no_profile),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(without_memory_no_half_file_passes_for_a_whole_one),
        cmocka_unit_test(a_large_graph_is_cut_and_says_so),
        cmocka_unit_test(pictures),
    };
    setenv("TZ", "UTC", 1);
    if (chdir(TEST_SRCDIR "/golden") != 0)
        return 99;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
