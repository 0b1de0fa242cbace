/* Findings as one JSON object, described in docs/leaks.md; fields are only ever added. */

#include <config.h>

#include "report/json-build.h"
#include "report/check-print.h"
#include "report/overhead.h"
#include "report/stack-ends.h"

#define CHECK_FORMAT "syseng-mem-check"
#define CHECK_VERSION 1

static json_t *build_frame(struct json_build *build, const struct check_frame *frame)
{
    json_t *object = json_object();
    struct text file = TEXT_EMPTY;
    if (frame->file != NULL)
        check_add_path(&file, frame->file);
    build_put(build, object, "function", build_string(frame->function));
    build_put(build, object, "linkage_name", build_string(frame->linkage_name));
    build_put(build, object, "file", frame->file != NULL ? build_take(&file) : json_null());
    build_put(build, object, "line", frame->line > 0 ? build_integer(frame->line) : json_null());
    build_put(build, object, "inlined", json_boolean(frame->inlined));
    build_put(build, object, "module", build_string(frame->module));
    build_put(build, object, "address", build_integer(frame->address));
    text_fini(&file);
    return object;
}

static json_t *build_range(struct json_build *build, uint64_t low, uint64_t high)
{
    json_t *object = json_object();
    build_put(build, object, "low", build_integer(low));
    build_put(build, object, "high", build_integer(high));
    return object;
}

static void put_leak(struct json_build *build, json_t *object, const struct check_result *result,
                     const struct check_finding *finding)
{
    static const char *const evidence[] = {[CHECK_GROWING] = "growing",
                                           [CHECK_UNREACHABLE] = "unreachable",
                                           [CHECK_STILL_LIVE] = "still-live",
                                           [CHECK_KEPT] = "kept"};
    json_t *frames = json_array(), *reachable = json_null();
    struct text suppression = TEXT_EMPTY;
    for (size_t i = 0; i < finding->frame_count; i++)
        build_append(build, frames, build_frame(build, &finding->frames[i]));
    if (finding->reach != CHECK_REACH_UNKNOWN)
        reachable = json_boolean(finding->reach == CHECK_REACH_ALL);
    build_put(build, object, "evidence", build_string(evidence[finding->evidence]));
    build_put(build, object, "reachable", reachable);
    build_put(build, object, "bytes", build_range(build, finding->bytes_low, finding->bytes_high));
    build_put(build, object, "blocks", build_range(build, finding->blocks_low, finding->blocks_high));
    build_put(build, object, "total_bytes", build_integer(finding->bytes_total));
    build_put(build, object, "total_blocks", build_integer(finding->blocks_total));
    build_put(build, object, "unreachable_bytes", build_integer(finding->lost_bytes));
    build_put(build, object, "unreachable_blocks", build_integer(finding->lost_blocks));
    build_put(build, object, "indirect_bytes", build_integer(finding->indirect_bytes));
    build_put(build, object, "indirect_blocks", build_integer(finding->indirect_blocks));
    build_put(build, object, "leads_to_bytes", build_integer(finding->led_bytes));
    build_put(build, object, "leads_to_blocks", build_integer(finding->led_blocks));
    build_put(build, object, "repeats_with", build_integer(finding->windows));
    build_put(build, object, "repeats", build_integer(result->requests[finding->request].count));
    build_put(build, object, "stack", frames);
    build_put(build, object, "blamed",
              finding->blamed < finding->frame_count ? build_integer(finding->blamed) : json_null());
    bool has_name = check_add_suppression(&suppression, finding);
    build_put(build, object, "suppression", has_name ? build_take(&suppression) : json_null());
    text_fini(&suppression);
}

static void put_limit(struct json_build *build, json_t *object, const struct check_finding *finding)
{
    struct text file = TEXT_EMPTY;
    check_add_path(&file, finding->limit_file);
    build_put(build, object, "key", build_string(limits_key_names[finding->key]));
    build_put(build, object, "value", build_integer(finding->value));
    build_put(build, object, "limit", build_integer(finding->limit));
    build_put(build, object, "file", build_take(&file));
    build_put(build, object, "line", build_integer(finding->limit_line));
}

static json_t *build_finding(struct json_build *build, const struct check_result *result,
                             const struct check_finding *finding)
{
    static const char *const kinds[] = {[CHECK_LEAK] = "leak", [CHECK_LIMIT] = "limit", [CHECK_FAILED] = "failure"};
    json_t *object = json_object();
    struct text what = TEXT_EMPTY;
    check_add_what(&what, result, finding);
    build_put(build, object, "kind", build_string(kinds[finding->kind]));
    build_put(build, object, "rule", build_string(check_rule(finding)));
    build_put(build, object, "request", build_string(result->requests[finding->request].name));
    build_put(build, object, "text", build_take(&what));
    build_put(build, object, "fingerprint", build_string(finding->fingerprint));
    if (finding->kind == CHECK_LEAK)
        put_leak(build, object, result, finding);
    else if (finding->kind == CHECK_LIMIT)
        put_limit(build, object, finding);
    return object;
}

static json_t *build_findings(struct json_build *build, const struct check_result *result,
                              const struct check_finding *findings, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        build_append(build, array, build_finding(build, result, &findings[i]));
    return array;
}

static json_t *build_request(struct json_build *build, const struct check_request *request)
{
    json_t *object = json_object();
    build_put(build, object, "name", build_string(request->name));
    build_put(build, object, "run", json_boolean(request->is_run));
    build_put(build, object, "repeats", build_integer(request->count));
    build_put(build, object, "elapsed_ns", build_integer(request->elapsed_ns));
    build_put(build, object, "failed", json_boolean(request->failed));
    return object;
}

int check_json(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct json_build build = {0};
    json_t *root = json_object(), *requests = json_array(), *argv = json_array(), *losses = json_object();
    for (char **word = result->session->argv; word != NULL && *word != NULL; word++)
        build_append(&build, argv, build_string(*word));
    for (size_t i = 0; i < result->request_count; i++)
        build_append(&build, requests, build_request(&build, &result->requests[i]));
    struct stack_ends ends;
    json_t *stacks = json_object();
    build.failed |= stack_ends_count(result->session, &ends) != 0;
    build_put(&build, stacks, "depth",
              result->session->depth > 0 ? build_integer(result->session->depth) : json_null());
    build_put(&build, stacks, "cut", build_integer(ends.cut));
    build_put(&build, stacks, "ended_early", build_integer(ends.stopped));
    build_put(&build, stacks, "guessed_frames", build_integer(result->session->guessed_frames));
    build_put(&build, losses, "records", build_integer(result->session->lost_records));
    build_put(&build, losses, "processes_and_threads", build_integer(result->session->refused));
    build_put(&build, losses, "disorder", build_integer(result->session->disorder));
    build_put(&build, root, "format", build_string(CHECK_FORMAT));
    build_put(&build, root, "version", build_integer(CHECK_VERSION));
    build_put(&build, root, "tool", build_string(PACKAGE_STRING));
    build_put(&build, root, "argv", argv);
    build_put(&build, root, "requests", requests);
    build_put(&build, root, "findings", build_findings(&build, result, result->findings, result->finding_count));
    build_put(&build, root, "kept", build_findings(&build, result, result->kept, result->kept_count));
    build_put(&build, root, "indirect", build_findings(&build, result, result->indirect, result->indirect_count));
    build_put(&build, root, "still_live", build_findings(&build, result, result->still_live, result->still_live_count));
    const char *why = check_why_unknown(result);
    build_put(&build, root, "reachability_unknown", build_string(why));
    build_put(&build, root, "suppressed", build_integer(result->suppressed_count));
    build_put(&build, root, "stacks", stacks);
    build_put(&build, root, "losses", losses);
    build_put(&build, root, "overhead", overhead_build(&build, result->session));
    return build_dump(&build, root, out, err);
}
