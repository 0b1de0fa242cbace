/* Findings where a code review shows them: GitHub's workflow commands, and GitLab's code quality report. */

#include <config.h>

#include <string.h>

#include "report/json-build.h"
#include "report/check-print.h"

/* GitHub shows so many annotations of one step and drops the rest. */
#define GITHUB_MOST 10

/* Workflow commands: docs.github.com, "Workflow commands for GitHub Actions". In properties ':' and ',' are escaped
 * too. */
static void add_escaped(struct text *out, const char *text, bool is_property)
{
    for (; *text != '\0'; text++) {
        if (strchr("%\r\n", *text) != NULL || (is_property && strchr(":,", *text) != NULL))
            text_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
        else
            text_add_bytes(out, text, 1);
    }
}

static void add_annotation(struct text *out, const struct check_result *result, const struct check_finding *finding)
{
    static const char *const titles[] = {
        [CHECK_LEAK] = "memory leak", [CHECK_LIMIT] = "memory limit", [CHECK_FAILED] = "request failed"};
    struct text text = TEXT_EMPTY;
    struct check_place place;
    text_add(out, "::error ");
    if (check_find_place(finding, &place)) {
        check_add_path(&text, place.file);
        text_add(out, "file=");
        add_escaped(out, text_get(&text), true);
        text_addf(out, ",line=%u,", place.line);
        text_clear(&text);
    }
    text_addf(out, "title=%s::", titles[finding->kind]);
    text_addf(&text, "%s: ", result->requests[finding->request].name);
    check_add_what(&text, result, finding);
    if (finding->kind == CHECK_LEAK) {
        text_add(&text, "\n");
        check_add_stack(&text, finding);
    }
    while (text.length > 0 && !text.failed && text.bytes[text.length - 1] == '\n')
        text.bytes[--text.length] = '\0';
    add_escaped(out, text_get(&text), false);
    text_add(out, "\n");
    text_fini(&text);
}

int check_github(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct text text = TEXT_EMPTY;
    size_t shown = result->finding_count <= GITHUB_MOST ? result->finding_count : GITHUB_MOST - 1;
    for (size_t i = 0; i < shown; i++)
        add_annotation(&text, result, &result->findings[i]);
    if (shown < result->finding_count)
        text_addf(&text, "::error title=%s::%zu further findings; the log and the other reports have them\n",
                  PACKAGE_NAME, result->finding_count - shown);
    return check_write(&text, out, err);
}

/* docs.gitlab.com, "Code Quality": description, check_name, fingerprint, severity, location. */
static json_t *build_issue(struct json_build *build, const struct check_result *result,
                           const struct check_finding *finding, const char *program)
{
    json_t *issue = json_object(), *location = json_object(), *lines = json_object();
    struct text what = TEXT_EMPTY, path = TEXT_EMPTY;
    struct check_place place;
    if (!check_find_place(finding, &place))
        place = (struct check_place){program, 1};
    text_addf(&what, "%s: ", result->requests[finding->request].name);
    check_add_what(&what, result, finding);
    if (check_blamed_function(finding) != NULL)
        text_addf(&what, ", allocated in %s", check_blamed_function(finding));
    check_add_path(&path, place.file);
    build_put(build, lines, "begin", build_integer(place.line));
    build_put(build, location, "path", build_take(&path));
    build_put(build, location, "lines", lines);
    build_put(build, issue, "description", build_take(&what));
    build_put(build, issue, "check_name", build_string(check_rule(finding)));
    build_put(build, issue, "fingerprint", build_string(finding->fingerprint));
    build_put(build, issue, "severity", build_string(finding->kind == CHECK_FAILED ? "critical" : "major"));
    build_put(build, issue, "location", location);
    return issue;
}

int check_gitlab(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct json_build build = {0};
    json_t *issues = json_array();
    for (size_t i = 0; i < result->finding_count; i++)
        build_append(&build, issues, build_issue(&build, result, &result->findings[i], print->program));
    return build_dump(&build, issues, out, err);
}
