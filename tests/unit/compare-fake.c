/* Snapshots made by hand. */

#include "compare-fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *modules[] = {(char[]){"/srv/app"}};

static size_t look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                      size_t max)
{
    const struct fake *fake = data;
    assert_true(address < fake->symbol_count);
    *out = fake->symbols[address];
    return 1;
}

static char *read_source(void *data, const char *path, size_t *length)
{
    const struct fake *fake = data;
    for (size_t i = 0; i < fake->source_count; i++) {
        if (strcmp(fake->paths[i], path) != 0)
            continue;
        *length = strlen(fake->texts[i]);
        return strdup(fake->texts[i]);
    }
    return NULL;
}

void fake_init(struct fake *fake, const char *method, const char *target)
{
    *fake = (struct fake){
        .request = {.method = strdup(method),
                    .target = strdup(target),
                    .status = 200,
                    .ordinal = 1,
                    .elapsed_ns = 410000,
                    .finished = true},
        .sites = calloc(FAKE_MOST, sizeof *fake->sites),
        .frames = calloc(3 * FAKE_MOST, sizeof *fake->frames),
        .symbols = calloc(FAKE_MOST, sizeof *fake->symbols),
    };
    assert_non_null(fake->sites);
    assert_non_null(fake->frames);
    assert_non_null(fake->symbols);
    fake->session = (struct session){.requests = &fake->request,
                                     .request_count = 1,
                                     .has_sites = true,
                                     .sites = fake->sites,
                                     .frames = fake->frames,
                                     .modules = modules,
                                     .module_count = 1};
    fake->options = (struct report_options){
        .source = true, .lookup = look_up, .lookup_data = fake, .read_source = read_source, .source_data = fake};
}

void fake_fini(struct fake *fake)
{
    if (fake->is_built)
        model_fini(&fake->model);
    free(fake->request.method);
    free(fake->request.target);
    free(fake->sites);
    free(fake->frames);
    free(fake->symbols);
}

void fake_source(struct fake *fake, const char *path, const char *text)
{
    for (size_t i = 0; i < fake->source_count; i++)
        if (strcmp(fake->paths[i], path) == 0)
            return;
    assert_true(fake->source_count < sizeof fake->paths / sizeof *fake->paths);
    fake->paths[fake->source_count] = path;
    fake->texts[fake->source_count++] = text;
}

uint64_t fake_line(struct fake *fake, const char *function, const char *file, uint32_t defined, uint32_t line)
{
    assert_true(fake->symbol_count < FAKE_MOST);
    fake->symbols[fake->symbol_count] = (struct symbols_frame){
        .function = function, .file = file, .line = line, .function_file = file, .function_line = defined};
    return fake->symbol_count++;
}

void fake_stack(struct fake *fake, uint64_t bytes, uint64_t live, size_t count, const uint64_t *addresses)
{
    struct session *session = &fake->session;
    assert_true(session->site_count < FAKE_MOST && session->frame_count + count <= (size_t)3 * FAKE_MOST);
    fake->sites[session->site_count++] = (struct session_site){.frame_first = (uint32_t)session->frame_count,
                                                               .frame_count = (uint32_t)count,
                                                               .alloc_bytes = bytes,
                                                               .alloc_count = 1,
                                                               .window_live_bytes = live,
                                                               .window_live_count = live > 0,
                                                               .peak_bytes = bytes};
    for (size_t i = 0; i < count; i++)
        fake->frames[session->frame_count++] = (struct session_frame){.module = 0, .address = addresses[i]};
    fake->request.totals.alloc_bytes += bytes;
    fake->request.totals.alloc_count++;
    fake->request.totals.peak_bytes += (int64_t)bytes;
    fake->request.totals.not_freed_bytes += (int64_t)live;
}

void fake_repeat(struct fake *fake, uint32_t count, const uint64_t *ns)
{
    fake->request.repeat_count = count;
    if (ns == NULL)
        return;
    assert_true(count <= sizeof fake->times / sizeof *fake->times);
    memcpy(fake->times, ns, count * sizeof *ns);
    fake->request.firings_ns = fake->times;
}

const struct model *fake_model(struct fake *fake)
{
    if (!fake->is_built)
        assert_int_equal(model_build(&fake->session, 0, look_up, fake, &fake->model), 0);
    fake->is_built = true;
    return &fake->model;
}

struct compare_snapshot fake_snapshot(struct fake *fake, const char *name, struct compare_input *input)
{
    *input = (struct compare_input){.model = fake_model(fake), .options = &fake->options};
    return (struct compare_snapshot){.name = name, .inputs = input, .input_count = 1};
}
