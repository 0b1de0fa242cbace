/* Findings as SARIF 2.1.0 (OASIS standard, docs.oasis-open.org/sarif/sarif/v2.1.0), in the part of it that GitHub's
   code scanning reads: rules, one location with a whole region, the stack as a code flow, partial fingerprints. */

#include <config.h>

#include <string.h>

#include "report/json-build.h"
#include "report/check-print.h"
#include "report/source.h"

#define SCHEMA "https://json.schemastore.org/sarif-2.1.0.json"

static const struct rule {
    const char *id, *name, *text, *help;
} rules[] = {
    {"leak/growing", "MemoryGrows", "Memory grows with each request",
     "Blocks that this stack allocates stay live after every repeat of the request. Free them, or keep them in "
     "something "
     "bounded."},
    {"leak/unreachable", "Unreachable", "Memory is lost",
     "Blocks that this stack allocated were not freed, and nothing in the program's memory refers to them any more."},
    {"leak/still-live", "StillLiveAtExit", "Memory is still live at exit",
     "Blocks that this stack allocated were not freed when the program ended."},
    {"leak/kept", "NotFreed", "Memory is not freed when its request is over",
     "Blocks that this stack allocated were still there after the request. Whether that is a leak or a cache, "
     "repeating the "
     "request tells."},
    {"limit/peak", "PeakLimit", "The peak of a request exceeds its limit", "The live heap rose higher than agreed."},
    {"limit/allocated", "AllocatedLimit", "A request allocates more bytes than its limit",
     "The blocks allocated during the request add up to more than agreed."},
    {"limit/allocs", "AllocsLimit", "A request allocates more often than its limit",
     "The request calls the allocator more often than agreed."},
    {"limit/not-freed", "NotFreedLimit", "A request leaves more bytes than its limit",
     "More than agreed was allocated and not freed during the request."},
    {"limit/rss", "RssLimit", "A request grows the resident set beyond its limit",
     "The resident set grew by more than agreed."},
    {"failed", "Failed", "A request or the program failed",
     "There was no complete answer, not the status expected, or the program failed."},
};

static json_t *build_message(struct json_build *build, const char *text)
{
    json_t *object = json_object();
    build_put(build, object, "text", build_string(text));
    return object;
}

/* What may be a cache is for somebody to look at. */
static const char *level_of(const char *rule)
{
    return strcmp(rule, "leak/kept") == 0 ? "warning" : "error";
}

static json_t *build_rules(struct json_build *build)
{
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        json_t *rule = json_object(), *level = json_object();
        build_put(build, level, "level", build_string(level_of(rules[i].id)));
        build_put(build, rule, "id", build_string(rules[i].id));
        build_put(build, rule, "name", build_string(rules[i].name));
        build_put(build, rule, "shortDescription", build_message(build, rules[i].text));
        build_put(build, rule, "fullDescription", build_message(build, rules[i].help));
        build_put(build, rule, "help", build_message(build, rules[i].help));
        build_put(build, rule, "defaultConfiguration", level);
        build_append(build, array, rule);
    }
    return array;
}

static size_t rule_index(const char *id)
{
    size_t i = 0;
    while (i + 1 < sizeof rules / sizeof *rules && strcmp(rules[i].id, id) != 0)
        i++;
    return i;
}

/* Columns count code points. */
static size_t count_characters(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* The line's text without its indentation, in columns from 1; the first column when the source is not there. */
static json_t *build_region(struct json_build *build, struct source_cache *cache, const struct check_place *place)
{
    size_t length = 0, first = 0;
    const char *line = source_line(source_cache_get(cache, place->file), place->line, &length);
    while (line != NULL && length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
        length--;
    while (line != NULL && first < length && (line[first] == ' ' || line[first] == '\t'))
        first++;
    json_t *region = json_object();
    build_put(build, region, "startLine", build_integer(place->line));
    build_put(build, region, "startColumn", build_integer(line != NULL ? first + 1 : 1));
    build_put(build, region, "endLine", build_integer(place->line));
    build_put(build, region, "endColumn", build_integer(line != NULL ? count_characters(line, length) + 1 : 1));
    return region;
}

static json_t *build_location(struct json_build *build, struct source_cache *cache, const struct check_place *place,
                              const char *text)
{
    json_t *location = json_object(), *physical = json_object(), *artifact = json_object();
    struct text uri = TEXT_EMPTY;
    check_add_uri(&uri, place->file);
    bool is_relative = strncmp(text_get(&uri), "file:", 5) != 0;
    build_put(build, artifact, "uri", build_take(&uri));
    if (is_relative)
        build_put(build, artifact, "uriBaseId", build_string("%SRCROOT%"));
    build_put(build, physical, "artifactLocation", artifact);
    build_put(build, physical, "region", build_region(build, cache, place));
    build_put(build, location, "physicalLocation", physical);
    if (text != NULL)
        build_put(build, location, "message", build_message(build, text));
    return location;
}

/* The stack as steps, from where the thread began to the allocation. NULL when no frame has a line. */
static json_t *build_code_flows(struct json_build *build, struct source_cache *cache,
                                const struct check_finding *finding)
{
    json_t *locations = json_array();
    for (size_t i = check_shown_frames(finding); i-- > 0;) {
        const struct check_frame *frame = &finding->frames[i];
        if (frame->file == NULL || frame->line == 0)
            continue;
        struct text name = TEXT_EMPTY;
        json_t *step = json_object();
        const struct check_place place = {frame->file, frame->line};
        check_add_function(&name, frame);
        build_put(build, step, "location", build_location(build, cache, &place, text_get(&name)));
        build_append(build, locations, step);
        text_fini(&name);
    }
    if (json_array_size(locations) == 0) {
        json_decref(locations);
        return NULL;
    }
    json_t *thread = json_object(), *threads = json_array(), *flow = json_object(), *flows = json_array();
    build_put(build, thread, "locations", locations);
    build_append(build, threads, thread);
    build_put(build, flow, "threadFlows", threads);
    build_append(build, flows, flow);
    return flows;
}

static json_t *build_result(struct json_build *build, struct source_cache *cache, const struct check_result *result,
                            const struct check_finding *finding, const char *program)
{
    json_t *object = json_object(), *locations = json_array(), *fingerprints = json_object();
    struct text what = TEXT_EMPTY;
    struct check_place place;
    text_addf(&what, "%s: ", result->requests[finding->request].name);
    check_add_what(&what, result, finding);
    if (check_blamed_function(finding) != NULL)
        text_addf(&what, ", allocated in %s", check_blamed_function(finding));
    /* GitHub refuses a result without a location: what has none is shown at the program. */
    if (!check_find_place(finding, &place))
        place = (struct check_place){program, 1};
    build_append(build, locations, build_location(build, cache, &place, NULL));
    build_put(build, fingerprints, "sysengMemStack/v1", build_string(finding->fingerprint));
    build_put(build, object, "ruleId", build_string(check_rule(finding)));
    build_put(build, object, "ruleIndex", build_integer(rule_index(check_rule(finding))));
    build_put(build, object, "level", build_string(level_of(check_rule(finding))));
    build_put(build, object, "message", build_message(build, text_get(&what)));
    build_put(build, object, "locations", locations);
    build_put(build, object, "partialFingerprints", fingerprints);
    json_t *flows = build_code_flows(build, cache, finding);
    if (flows != NULL)
        build_put(build, object, "codeFlows", flows);
    text_fini(&what);
    return object;
}

static json_t *build_tool(struct json_build *build)
{
    json_t *tool = json_object(), *driver = json_object();
    build_put(build, driver, "name", build_string(PACKAGE_NAME));
    build_put(build, driver, "version", build_string(PACKAGE_VERSION));
    build_put(build, driver, "rules", build_rules(build));
    build_put(build, tool, "driver", driver);
    return tool;
}

int check_sarif(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct json_build build = {0};
    struct source_cache cache = {.read = print->read_source, .data = print->source_data};
    json_t *root = json_object(), *runs = json_array(), *run = json_object(), *results = json_array();
    for (size_t i = 0; i < result->finding_count; i++)
        build_append(&build, results, build_result(&build, &cache, result, &result->findings[i], print->program));
    build_put(&build, run, "tool", build_tool(&build));
    build_put(&build, run, "columnKind", build_string("unicodeCodePoints"));
    build_put(&build, run, "results", results);
    build_append(&build, runs, run);
    build_put(&build, root, "$schema", build_string(SCHEMA));
    build_put(&build, root, "version", build_string("2.1.0"));
    build_put(&build, root, "runs", runs);
    source_cache_fini(&cache);
    return build_dump(&build, root, out, err);
}
