/* Findings as JUnit's XML, as Jenkins' xUnit plugin describes it (junit-10.xsd): per request a test case for leaks, one
   for each limit that it has exceeded, and one for its outcome. Without `file` attributes, which that schema refuses.
 */

#include <config.h>

#include <inttypes.h>
#include <string.h>

#include "report/check-print.h"

/* Text for an attribute or an element: XML 1.0 takes no control characters but tab and newline, and neither U+FFFE nor
   U+FFFF (its section 2.2). */
static void add_escaped(struct text *out, const char *text)
{
    struct text clean = TEXT_EMPTY;
    text_add_utf8(&clean, text, strlen(text));
    for (const char *at = text_get(&clean); *at != '\0'; at++) {
        if (*at == '&')
            text_add(out, "&amp;");
        else if (*at == '<')
            text_add(out, "&lt;");
        else if (*at == '>')
            text_add(out, "&gt;");
        else if (*at == '"')
            text_add(out, "&quot;");
        else if ((unsigned char)*at < 0x20 && *at != '\n' && *at != '\t')
            text_add(out, "?");
        else if (strncmp(at, "\xef\xbf\xbe", 3) == 0 || strncmp(at, "\xef\xbf\xbf", 3) == 0)
            text_add(out, "\xef\xbf\xbd"), at += 2;
        else
            text_add_bytes(out, at, 1);
    }
    text_fini(&clean);
}

static void add_failure(struct text *out, const struct check_result *result, const struct check_finding *finding)
{
    struct text text = TEXT_EMPTY;
    const char *element = finding->kind == CHECK_FAILED ? "error" : "failure";
    check_add_what(&text, result, finding);
    text_addf(out, "      <%s type=\"%s\" message=\"", element, check_rule(finding));
    add_escaped(out, text_get(&text));
    text_add(out, "\">");
    text_clear(&text);
    if (finding->kind == CHECK_LEAK)
        check_add_stack(&text, finding);
    add_escaped(out, text_get(&text));
    text_addf(out, "</%s>\n", element);
    text_fini(&text);
}

static void begin_case(struct text *out, const struct check_request *request, const char *program, const char *what)
{
    text_add(out, "    <testcase classname=\"");
    add_escaped(out, program);
    text_add(out, "\" name=\"");
    add_escaped(out, request->name);
    text_addf(out, " %s\" time=\"%" PRIu64 ".%03" PRIu64 "\"", what, request->elapsed_ns / 1000000000,
              request->elapsed_ns / 1000000 % 1000);
}

/* One test case with those findings of the request that `kind` and `key` choose. Returns how many. */
static size_t add_case(struct text *out, const struct check_result *result, size_t index, enum check_kind kind,
                       enum limits_key key, const char *program)
{
    static const char *const names[] = {[CHECK_LEAK] = "leaks", [CHECK_LIMIT] = "", [CHECK_FAILED] = "outcome"};
    size_t count = 0;
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct check_finding *finding = &result->findings[i];
        if (finding->request != index || finding->kind != kind || (kind == CHECK_LIMIT && finding->key != key))
            continue;
        if (count++ == 0) {
            begin_case(out, &result->requests[index], program,
                       kind == CHECK_LIMIT ? limits_key_names[key] : names[kind]);
            text_add(out, ">\n");
        }
        add_failure(out, result, finding);
    }
    if (count > 0) {
        text_add(out, "    </testcase>\n");
    } else if (kind != CHECK_LIMIT || (result->requests[index].limits >> key & 1) != 0) {
        begin_case(out, &result->requests[index], program, kind == CHECK_LIMIT ? limits_key_names[key] : names[kind]);
        text_add(out, "/>\n");
    } else {
        return SIZE_MAX;
    }
    return count;
}

struct sums {
    size_t tests, failures, errors;
};

static void add_request(struct text *out, const struct check_result *result, size_t index, const char *program,
                        struct sums *sums)
{
    size_t count = add_case(out, result, index, CHECK_LEAK, LIMITS_PEAK, program);
    sums->tests++;
    sums->failures += count > 0;
    for (int key = 0; key < LIMITS_KEY_COUNT; key++) {
        count = add_case(out, result, index, CHECK_LIMIT, (enum limits_key)key, program);
        if (count == SIZE_MAX)
            continue;
        sums->tests++;
        sums->failures += count > 0;
    }
    count = add_case(out, result, index, CHECK_FAILED, LIMITS_PEAK, program);
    sums->tests++;
    sums->errors += count > 0;
}

int check_junit(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct text text = TEXT_EMPTY, cases = TEXT_EMPTY, counts = TEXT_EMPTY;
    struct sums sums = {0};
    for (size_t i = 0; i < result->request_count; i++)
        add_request(&cases, result, i, print->program, &sums);
    text_addf(&counts, "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", sums.tests, sums.failures, sums.errors);
    text_addf(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"%s\" %s>\n", PACKAGE_NAME,
              text_get(&counts));
    text_addf(&text, "  <testsuite name=\"%s check ", PACKAGE_NAME);
    add_escaped(&text, print->program);
    text_addf(&text, "\" %s>\n%s  </testsuite>\n</testsuites>\n", text_get(&counts), text_get(&cases));
    text.failed |= cases.failed;
    text_fini(&cases);
    text_fini(&counts);
    return check_write(&text, out, err);
}
