/* Findings as one JSON object, described in docs/leaks.md; fields are only ever added. */

#include <config.h>

#include "report/check-build.h"
#include "report/check-print.h"

#define CHECK_FORMAT "syseng-mem-check"
#define CHECK_VERSION 1

static json_t *build_frame(struct check_build *build, const struct check_frame *frame)
{
    json_t *object = json_object();
    struct text file = TEXT_EMPTY;
    if (frame->file != NULL)
        check_add_path(&file, frame->file);
    check_put(build, object, "function", check_string(frame->function));
    check_put(build, object, "linkage_name", check_string(frame->linkage_name));
    check_put(build, object, "file", frame->file != NULL ? check_take(&file) : json_null());
    check_put(build, object, "line", frame->line > 0 ? check_integer(frame->line) : json_null());
    check_put(build, object, "inlined", json_boolean(frame->inlined));
    check_put(build, object, "module", check_string(frame->module));
    check_put(build, object, "address", check_integer(frame->address));
    text_fini(&file);
    return object;
}

static json_t *build_range(struct check_build *build, uint64_t low, uint64_t high)
{
    json_t *object = json_object();
    check_put(build, object, "low", check_integer(low));
    check_put(build, object, "high", check_integer(high));
    return object;
}

static void put_leak(struct check_build *build, json_t *object, const struct check_result *result,
                     const struct check_finding *finding)
{
    static const char *const evidence[] = {
        [CHECK_GROWING] = "growing", [CHECK_STILL_LIVE] = "still-live", [CHECK_KEPT] = "kept"};
    json_t *frames = json_array(), *reachable = json_null();
    struct text suppression = TEXT_EMPTY;
    for (size_t i = 0; i < finding->frame_count; i++)
        check_append(build, frames, build_frame(build, &finding->frames[i]));
    if (finding->reach != CHECK_REACH_UNKNOWN)
        reachable = json_boolean(finding->reach == CHECK_REACHABLE);
    check_put(build, object, "evidence", check_string(evidence[finding->evidence]));
    check_put(build, object, "reachable", reachable);
    check_put(build, object, "bytes", build_range(build, finding->bytes_low, finding->bytes_high));
    check_put(build, object, "blocks", build_range(build, finding->blocks_low, finding->blocks_high));
    check_put(build, object, "total_bytes", check_integer(finding->bytes_total));
    check_put(build, object, "total_blocks", check_integer(finding->blocks_total));
    check_put(build, object, "repeats_with", check_integer(finding->windows));
    check_put(build, object, "repeats", check_integer(result->requests[finding->request].count));
    check_put(build, object, "stack", frames);
    check_put(build, object, "blamed",
              finding->blamed < finding->frame_count ? check_integer(finding->blamed) : json_null());
    bool has_name = check_add_suppression(&suppression, finding);
    check_put(build, object, "suppression", has_name ? check_take(&suppression) : json_null());
    text_fini(&suppression);
}

static void put_limit(struct check_build *build, json_t *object, const struct check_finding *finding)
{
    struct text file = TEXT_EMPTY;
    check_add_path(&file, finding->limit_file);
    check_put(build, object, "key", check_string(limits_key_names[finding->key]));
    check_put(build, object, "value", check_integer(finding->value));
    check_put(build, object, "limit", check_integer(finding->limit));
    check_put(build, object, "file", check_take(&file));
    check_put(build, object, "line", check_integer(finding->limit_line));
}

static json_t *build_finding(struct check_build *build, const struct check_result *result,
                             const struct check_finding *finding)
{
    static const char *const kinds[] = {[CHECK_LEAK] = "leak", [CHECK_LIMIT] = "limit", [CHECK_FAILED] = "failure"};
    json_t *object = json_object();
    struct text what = TEXT_EMPTY;
    check_add_what(&what, result, finding);
    check_put(build, object, "kind", check_string(kinds[finding->kind]));
    check_put(build, object, "rule", check_string(check_rule(finding)));
    check_put(build, object, "request", check_string(result->requests[finding->request].name));
    check_put(build, object, "text", check_take(&what));
    check_put(build, object, "fingerprint", check_string(finding->fingerprint));
    if (finding->kind == CHECK_LEAK)
        put_leak(build, object, result, finding);
    else if (finding->kind == CHECK_LIMIT)
        put_limit(build, object, finding);
    return object;
}

static json_t *build_findings(struct check_build *build, const struct check_result *result,
                              const struct check_finding *findings, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        check_append(build, array, build_finding(build, result, &findings[i]));
    return array;
}

static json_t *build_request(struct check_build *build, const struct check_request *request)
{
    json_t *object = json_object();
    check_put(build, object, "name", check_string(request->name));
    check_put(build, object, "run", json_boolean(request->is_run));
    check_put(build, object, "repeats", check_integer(request->count));
    check_put(build, object, "elapsed_ns", check_integer(request->elapsed_ns));
    check_put(build, object, "failed", json_boolean(request->failed));
    return object;
}

int check_json(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct check_build build = {0};
    json_t *root = json_object(), *requests = json_array(), *argv = json_array(), *losses = json_object();
    for (char **word = result->session->argv; word != NULL && *word != NULL; word++)
        check_append(&build, argv, check_string(*word));
    for (size_t i = 0; i < result->request_count; i++)
        check_append(&build, requests, build_request(&build, &result->requests[i]));
    check_put(&build, losses, "records", check_integer(result->session->lost_records));
    check_put(&build, losses, "processes_and_threads", check_integer(result->session->refused));
    check_put(&build, root, "format", check_string(CHECK_FORMAT));
    check_put(&build, root, "version", check_integer(CHECK_VERSION));
    check_put(&build, root, "tool", check_string(PACKAGE_STRING));
    check_put(&build, root, "argv", argv);
    check_put(&build, root, "requests", requests);
    check_put(&build, root, "findings", build_findings(&build, result, result->findings, result->finding_count));
    check_put(&build, root, "kept", build_findings(&build, result, result->kept, result->kept_count));
    check_put(&build, root, "suppressed", check_integer(result->suppressed_count));
    check_put(&build, root, "losses", losses);
    return check_dump(&build, root, out, err);
}
