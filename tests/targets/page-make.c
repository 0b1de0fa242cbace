/* page-make WHAT DIRECTORY: write a sample page to standard output; sources are those in DIRECTORY. For tests in a
 * browser. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/page-session.h"

static int write_request(const struct page_sample *sample, bool source, struct err *err)
{
    struct model model;
    const struct report_options options = {.precision = 3,
                                           .source = source,
                                           .lookup = sample->lookup,
                                           .lookup_data = sample->lookup_data,
                                           .origin = &sample->origin};
    int code = model_build(sample->session, 0, sample->lookup, sample->lookup_data, &model);
    if (code != 0)
        return code;
    code = report_page(&model, &options, stdout, err);
    model_fini(&model);
    return code;
}

static int write_page(const char *what, struct err *err)
{
    struct page_history history;
    int code;
    if (strcmp(what, "history") == 0) {
        history = page_sample_history(1000, 5);
        code = page_snapshots(&history, stdout, err);
        page_sample_history_free();
        return code;
    }
    if (strcmp(what, "snapshot") == 0) {
        history = page_sample_history(950, 5);
        code = page_snapshot(&history.snapshots[948], history.requests, history.request_count, stdout, err);
        page_sample_history_free();
        return code;
    }
    if (strcmp(what, "large") == 0) {
        struct page_sample large = page_sample_large(10000);
        code = write_request(&large, true, err);
        page_sample_large_free(&large);
        return code;
    }
    struct page_sample sample = strcmp(what, "hostile") == 0 ? page_sample_hostile()
                                : strcmp(what, "empty") == 0 ? page_sample_empty()
                                                             : page_sample();
    return write_request(&sample, strcmp(what, "no-source") != 0, err);
}

int main(int argc, char **argv)
{
    struct err err = {""};
    if (argc != 3 || chdir(argv[2]) != 0) {
        fputs("usage: page-make WHAT DIRECTORY\n", stderr);
        return 2;
    }
    if (write_page(argv[1], &err) == 0)
        return 0;
    fprintf(stderr, "page-make: %s\n", err.text);
    return 1;
}
