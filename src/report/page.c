/* The page of a request: our script and its data. Everything that is seen is made by the script, as text. */

#include "report/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/describe.h"
#include "report/page-data.h"
#include "report/page-html.h"

int report_page(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct json_build build = {0};
    struct text title = TEXT_EMPTY;
    json_t *data = page_data_build(&build, model, options);
    describe_request(&title, model->request, model->session);
    text_add(&title, " - syseng-mem");
    html_begin(out, text_get(&title), &page_request_script);
    html_begin_data(out, "This page is drawn by the script in it; lines.txt and callstack.txt beside it have the same "
                         "figures.");
    int code = build_dump_script(&build, data, out, err);
    html_end_data(out, &page_request_script);
    text_fini(&title);
    return code != 0 ? code : html_end(out, err);
}
