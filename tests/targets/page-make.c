/* page-make WHAT DIRECTORY: write a sample page to standard output; sources are those in DIRECTORY. For tests in a
 * browser. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/compare-world.h"
#include "../unit/page-session.h"

static int write_request(const struct page_sample *sample, bool source, struct err *err)
{
    struct model model;
    const struct report_options options = {.precision = 3,
                                           .source = source,
                                           .lookup = sample->lookup,
                                           .lookup_data = sample->lookup_data,
                                           .origin = &sample->origin};
    int code = model_build(sample->session, 0, sample->lookup, sample->lookup_data, &model);
    if (code != 0)
        return code;
    code = report_page(&model, &options, stdout, err);
    model_fini(&model);
    return code;
}

static int write_comparison(const struct compare_result *result, bool source, struct err *err)
{
    struct compare_limits limits;
    int code = compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, err);
    const struct compare_print print = {.limits = &limits, .source = source};
    return code != 0 ? code : compare_html(result, &print, stdout, err);
}

static int write_world(struct world *world, bool source, struct err *err)
{
    int code = write_comparison(&world->result, source, err);
    world_free(world);
    return code;
}

/* Part of the stacks of a session; in new some of them are larger or smaller than they were. */
static struct session change(const struct session *session, size_t first, size_t count, bool is_new)
{
    struct session changed = *session;
    changed.sites = calloc(count, sizeof *changed.sites);
    if (changed.sites == NULL)
        abort();
    changed.site_count = count;
    for (size_t i = 0; i < count; i++) {
        struct session_site *site = &changed.sites[i];
        *site = session->sites[first + i];
        if (is_new && (first + i) % 3 == 0)
            site->alloc_bytes *= 2;
        else if (is_new && (first + i) % 7 == 0)
            site->alloc_bytes /= 2;
    }
    return changed;
}

static int compare_sessions(const struct session sessions[COMPARE_SIDES], const struct page_sample *sample,
                            const char *subject, struct err *err)
{
    const struct report_options options = {
        .source = true, .lookup = sample->lookup, .lookup_data = sample->lookup_data};
    struct model models[COMPARE_SIDES] = {0};
    struct compare_input inputs[COMPARE_SIDES];
    struct compare_snapshot snapshots[COMPARE_SIDES];
    struct compare_result result = {0};
    int code = 0;
    for (int side = 0; side < COMPARE_SIDES && code == 0; side++) {
        code = model_build(&sessions[side], 0, sample->lookup, sample->lookup_data, &models[side]);
        inputs[side] = (struct compare_input){.model = &models[side], .options = &options, .folder = subject};
        snapshots[side] = (struct compare_snapshot){
            .name = subject, .commit = subject, .subject = subject, .inputs = &inputs[side], .input_count = 1};
    }
    if (code == 0)
        code = compare_build(snapshots, &result, err);
    if (code == 0)
        code = write_comparison(&result, true, err);
    compare_fini(&result);
    for (int side = 0; side < COMPARE_SIDES; side++)
        model_fini(&models[side]);
    return code;
}

/* A session beside what became of it: the first stacks went, the last ones came. */
static int write_change(const struct page_sample *sample, const char *subject, struct err *err)
{
    const size_t count = sample->session->site_count, few = count / 100 + 1;
    const struct session sessions[COMPARE_SIDES] = {change(sample->session, 0, count - few, false),
                                                    change(sample->session, few, count - few, true)};
    int code = compare_sessions(sessions, sample, subject, err);
    for (int side = 0; side < COMPARE_SIDES; side++)
        free(sessions[side].sites);
    return code;
}

static int write_page(const char *what, struct err *err)
{
    struct page_history history;
    int code;
    if (strcmp(what, "history") == 0) {
        history = page_sample_history(1000, 5);
        code = page_snapshots(&history, stdout, err);
        page_sample_history_free();
        return code;
    }
    if (strcmp(what, "snapshot") == 0) {
        history = page_sample_history(950, 5);
        code = page_snapshot(&history.snapshots[948], history.requests, history.request_count, stdout, err);
        page_sample_history_free();
        return code;
    }
    if (strcmp(what, "comparison") == 0)
        return write_world(world_changed(), true, err);
    if (strcmp(what, "comparison-no-source") == 0)
        return write_world(world_changed(), false, err);
    if (strcmp(what, "comparison-same") == 0)
        return write_world(world_unchanged(), true, err);
    if (strcmp(what, "comparison-hostile") == 0) {
        struct page_sample hostile = page_sample_hostile();
        return write_change(&hostile, "</script><script>window.attacked = 1</script><img src=x onerror=attacked=1>",
                            err);
    }
    if (strcmp(what, "large") == 0 || strcmp(what, "comparison-large") == 0) {
        struct page_sample large = page_sample_large(10000);
        code = strcmp(what, "large") == 0 ? write_request(&large, true, err) : write_change(&large, "large", err);
        page_sample_large_free(&large);
        return code;
    }
    struct page_sample sample = strcmp(what, "hostile") == 0 ? page_sample_hostile()
                                : strcmp(what, "empty") == 0 ? page_sample_empty()
                                                             : page_sample();
    return write_request(&sample, strcmp(what, "no-source") != 0, err);
}

int main(int argc, char **argv)
{
    struct err err = {""};
    if (argc != 3 || chdir(argv[2]) != 0) {
        fputs("usage: page-make WHAT DIRECTORY\n", stderr);
        return 2;
    }
    if (write_page(argv[1], &err) == 0)
        return 0;
    fprintf(stderr, "page-make: %s\n", err.text);
    return 1;
}
