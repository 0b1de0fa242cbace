/* The static parts of the pages: src/web, compiled in. src/web/embed makes page-assets.c. */

#ifndef REPORT_PAGE_ASSETS_H
#define REPORT_PAGE_ASSETS_H

#include <stddef.h>

struct page_asset {
    const unsigned char *bytes;
    size_t length;
    const char *hash; /* "sha256-...": what a Content-Security-Policy allows it by */
};

extern const struct page_asset page_style, page_request_script, page_compare_script, page_history_script;

#endif
