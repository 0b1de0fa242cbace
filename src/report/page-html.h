/* Writing HTML: what all pages share. */

#ifndef REPORT_PAGE_HTML_H
#define REPORT_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "report/page-assets.h"

/* Everything up to <body>, with a policy that lets nothing in but our own style and `script` (NULL: no script at all).
   `title` is escaped. */
void html_begin(FILE *out, const char *title, const struct page_asset *script);

/* The end. Returns 0 or, with a sentence, the negative errno of a write that failed since html_begin. */
int html_end(FILE *out, struct err *err);

/* Before and behind the data, as JSON, of a page that a script draws: `otherwise` is a sentence, HTML, for readers
   without scripts. The script finds the data in the element "data". */
void html_begin_data(FILE *out, const char *otherwise);
void html_end_data(FILE *out, const struct page_asset *script);

/* Behind what it works on: the script that html_begin was told of. */
void html_script(FILE *out, const struct page_asset *script);

/* Text, or the value of an attribute in double quotes: of any bytes. What is not UTF-8 becomes U+FFFD. */
void html_text(FILE *out, const char *text);

/* A part of a relative URL, within an attribute: everything but letters, digits and "._~-" as %XX, a "%" too. */
void html_url(FILE *out, const char *name);

/* A line through values, oldest first, as inline SVG; unknown ones (has[i] false) leave a gap. `label` is its text
   for those who cannot see it. */
struct html_spark {
    const char *label;
    const int64_t *values;
    const bool *has;
    size_t count;
};
void html_spark(FILE *out, const struct html_spark *spark);

#endif
