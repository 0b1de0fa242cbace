/* A model's stacks as a page has them: the tree of calls, without what is said twice. */

#ifndef REPORT_PAGE_STACKS_H
#define REPORT_PAGE_STACKS_H

#include "report/json-build.h"
#include "report/model.h"
#include "report/source.h"

/* Put the names, functions, frames and stacks of the model into `root`. Each is an object of columns (arrays of the
   same length), for these compress and load well. Columns of "stacks": each stack, in order, shares its outermost
   `keep` frames with the one before, and has `fresh` more, which stand in `path`. `cache` gives the frames' source
   lines; NULL: there are none. 0 or -ENOMEM. */
int page_stacks_put(struct json_build *build, json_t *root, const struct model *model, struct source_cache *cache);

#endif
