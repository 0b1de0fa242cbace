/* Which allocator the program has, and what that says of itself. */

#include "report/report.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/describe.h"

/* Exits that have a row. */
#define ALLOCATOR_EXITS_MAX 20

/* Is process number `index` the first with this allocator? */
static bool is_first(const struct session *session, size_t index)
{
    const char *allocator = session->processes[index].allocator;
    for (size_t i = 0; i < index; i++)
        if (session->processes[i].allocator != NULL && strcmp(session->processes[i].allocator, allocator) == 0)
            return false;
    return true;
}

/* The C library's is what everybody expects: without a heap report it is not worth a line. */
static bool is_worth_it(const struct session *session)
{
    for (size_t i = 0; i < session->process_count; i++)
        if (session->processes[i].allocator != NULL &&
            (session->has_sites || strcmp(session->processes[i].allocator, "glibc") != 0))
            return true;
    return false;
}

int report_head(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    if (options->style != REPORT_STYLE_SYSENG || !is_worth_it(session))
        return 0;
    struct text text = TEXT_EMPTY;
    for (size_t i = 0; i < session->process_count; i++) {
        if (session->processes[i].allocator == NULL || !is_first(session, i))
            continue;
        text_add(&text, text.length > 0 ? ", " : "Allocator: ");
        describe_allocator(&text, &session->processes[i], true);
    }
    errno = 0;
    int code = fprintf(out, "%s\n\n", text_get(&text)) < 0 ? errno != 0 ? -errno : -EIO : 0;
    text_fini(&text);
    return code == 0 ? 0 : err_set(err, code, "report: %s", strerror(-code));
}

static bool has_figures(const struct session *session)
{
    for (size_t i = 0; i < session->request_count; i++)
        if (session->requests[i].allocator.is_known)
            return true;
    for (size_t i = 0; i < session->process_count; i++)
        if (session->processes[i].allocator_figures.is_known)
            return true;
    return false;
}

static void print_row(FILE *out, const struct session_allocator *figures, struct text *name)
{
    const uint64_t columns[] = {figures->allocated_bytes, figures->active_bytes, figures->resident_bytes,
                                figures->retained_bytes,  figures->mapped_bytes, figures->metadata_bytes};
    for (size_t i = 0; i < sizeof columns / sizeof *columns && figures->is_known; i++)
        fprintf(out, "%12s ", units_bytes(columns[i]).text);
    if (!figures->is_known)
        fprintf(out, "%-78s", "   not told: it did not come to its allocator again");
    fprintf(out, "  %s\n", text_get(name));
    text_clear(name);
}

int report_allocator(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    if (options->style != REPORT_STYLE_SYSENG || !has_figures(session))
        return 0;
    struct text name = TEXT_EMPTY;
    errno = 0;
    fputs("What jemalloc says of itself\n\n"
          "   Allocated       Active     Resident     Retained       Mapped     Metadata   After\n"
          "====================================================================================\n",
          out);
    for (size_t i = 0; i < session->request_count; i++) {
        if (session->requests[i].is_run)
            continue;
        describe_request(&name, &session->requests[i], session);
        print_row(out, &session->requests[i].allocator, &name);
    }
    size_t exits = 0;
    for (size_t i = 0; i < session->process_count; i++) {
        if (!session->processes[i].allocator_figures.is_known || exits++ >= ALLOCATOR_EXITS_MAX)
            continue;
        text_add(&name, "exit of ");
        describe_process(&name, &session->processes[i]);
        print_row(out, &session->processes[i].allocator_figures, &name);
    }
    if (exits > ALLOCATOR_EXITS_MAX)
        fprintf(out, "%80sexits of %zu more processes\n", "", exits - ALLOCATOR_EXITS_MAX);
    fputs("\n\n", out);
    text_fini(&name);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    int code = errno != 0 ? -errno : -EIO;
    return err_set(err, code, "report: %s", strerror(-code));
}
