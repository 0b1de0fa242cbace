/* A comparison as data: what its JSON and its page share. */

#ifndef REPORT_COMPARE_DATA_H
#define REPORT_COMPARE_DATA_H

#include <jansson.h>
#include <stdio.h>

#include "report/compare.h"
#include "report/json-build.h"

/* Write it as docs/json.md has it, and the fields of the object `more` besides, whose reference is taken; NULL: none.
   The results are those of `dump`. */
int compare_data_write(const struct compare_result *result, const struct compare_print *print, json_t *more,
                       build_dump_fn *dump, FILE *out, struct err *err);

#endif
