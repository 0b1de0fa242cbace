/* What watching the program cost, as an object of JSON. report_overhead (report.h) says the same in a line. */

#ifndef REPORT_OVERHEAD_H
#define REPORT_OVERHEAD_H

#include "collector/session.h"
#include "report/json-build.h"

json_t *overhead_build(struct json_build *build, const struct session *session);

#endif
