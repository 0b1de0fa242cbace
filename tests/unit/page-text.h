/* What is in a page. */

#ifndef TESTS_UNIT_PAGE_TEXT_H
#define TESTS_UNIT_PAGE_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* The data that its script shows; the caller's. Fails the test when there is none. */
json_t *page_data(const char *page);

size_t count_text(const char *text, const char *wanted);

#endif
