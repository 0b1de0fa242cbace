/* What a page shows, as one JSON object (docs/pages.md says what it is of; only our own scripts read it). */

#ifndef REPORT_PAGE_DATA_H
#define REPORT_PAGE_DATA_H

#include <stdio.h>

#include "report/json-build.h"
#include "report/model.h"
#include "report/report.h"

/* NULL when memory is out; or build->failed is set then. */
json_t *page_data_build(struct json_build *build, const struct model *model, const struct report_options *options);

#endif
