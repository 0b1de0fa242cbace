/* Text in Markdown, as GitHub and GitLab show it. */

#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include "base/text.h"
#include "report/model.h"
#include "report/report.h"

/* A request's profile. Returns 0 or a negative errno with a sentence. */
int report_markdown(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* Add a cell of a table: what would be markup, end the cell or begin a mention is escaped, and a line's end is a blank.
 */
void markdown_add(struct text *out, const char *text, size_t length);

/* The same as code: between as many backticks as it takes. Nothing for an empty text. */
void markdown_add_code(struct text *out, const char *text, size_t length);

#endif
