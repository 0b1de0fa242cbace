/* Index pages are made of what meta.json says: no profile is read. */

#include "cli/snapshot-index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/text.h"
#include "report/page.h"

#define INDEX_FILE "index.html"

/* Snapshots, their requests as columns, and cells: as many rows as snapshots. */
struct index {
    struct snapshot **snapshots;
    size_t snapshot_count;
    struct page_request *requests;
    size_t request_count, request_room;
    struct page_snapshot_row *rows;
    struct page_cell *cells;
};

/* What a column is called; a whole run has no method of its own. */
static const char *method_of(const struct snapshot_request *request)
{
    return request->method != NULL ? request->method : "RUN";
}

static bool is_of(const struct snapshot_request *request, const struct page_request *column)
{
    return request->ordinal == column->ordinal && strcmp(request->target, column->target) == 0 &&
           strcmp(method_of(request), column->method) == 0;
}

static int add_columns(struct index *index, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->request_count; i++) {
        const struct snapshot_request *request = &snapshot->requests[i];
        size_t column = 0;
        while (column < index->request_count && !is_of(request, &index->requests[column]))
            column++;
        if (column < index->request_count)
            continue;
        struct page_request *requests =
            array_grow(index->requests, &index->request_room, index->request_count + 1, sizeof *requests);
        if (requests == NULL)
            return -ENOMEM;
        index->requests = requests;
        requests[index->request_count++] =
            (struct page_request){.method = method_of(request), .target = request->target, .ordinal = request->ordinal};
    }
    return 0;
}

static struct page_cell cell_of(const struct snapshot_request *request)
{
    return (struct page_cell){
        .folder = request->folder,
        .status = request->status,
        .has_heap = request->has_heap,
        .peak_bytes = (int64_t)request->peak_bytes,
        .alloc_bytes = request->alloc_bytes / request->repeat_count,
        .alloc_count = request->alloc_count / request->repeat_count,
        .not_freed_bytes = (int64_t)(request->not_freed_bytes / request->repeat_count),
        .not_freed_count = (int64_t)(request->not_freed_count / request->repeat_count),
        .has_elapsed = true,
        .elapsed_ns = request->elapsed_ns,
    };
}

static void fill_row(const struct index *index, const struct snapshot *snapshot, const char *name,
                     struct page_cell *cells, struct page_snapshot_row *row)
{
    *row = (struct page_snapshot_row){.folder = name,
                                      .time = name,
                                      .commit = snapshot->commit,
                                      .subject = snapshot->subject,
                                      .dirty = snapshot->is_dirty,
                                      .cells = cells};
    for (size_t i = 0; i < snapshot->request_count; i++)
        for (size_t column = 0; column < index->request_count; column++)
            if (is_of(&snapshot->requests[i], &index->requests[column]))
                cells[column] = cell_of(&snapshot->requests[i]);
}

/* The columns are those of the newest snapshot, in its order, then what only older ones have. */
static int fill(struct index *index)
{
    int code = 0;
    for (size_t i = index->snapshot_count; i-- > 0 && code == 0;)
        code = add_columns(index, index->snapshots[i]);
    index->rows = calloc(index->snapshot_count + 1, sizeof *index->rows);
    index->cells = calloc(index->snapshot_count * index->request_count + 1, sizeof *index->cells);
    if (code != 0 || index->rows == NULL || index->cells == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < index->snapshot_count; i++)
        fill_row(index, index->snapshots[i], index->snapshots[i]->name, &index->cells[i * index->request_count],
                 &index->rows[i]);
    return 0;
}

static void fini(struct index *index)
{
    for (size_t i = 0; i < index->snapshot_count; i++)
        snapshot_free(index->snapshots[i]);
    free(index->snapshots);
    free(index->requests);
    free(index->rows);
    free(index->cells);
}

static int tell(const char *path, struct err *err)
{
    return err_set(err, errno != 0 ? -errno : -EIO, "%s: cannot be written: %s", path, strerror(errno));
}

int snapshot_index_write(const struct snapshot *snapshot, const char *name, const char *folder, struct err *err)
{
    struct index index = {0};
    struct page_snapshot_row row;
    struct text path = TEXT_EMPTY;
    text_addf(&path, "%s/" INDEX_FILE, folder);
    int code = add_columns(&index, snapshot);
    index.cells = calloc(index.request_count + 1, sizeof *index.cells);
    FILE *out = code == 0 && index.cells != NULL ? fopen(text_get(&path), "we") : NULL;
    if (code != 0 || index.cells == NULL)
        code = err_set(err, -ENOMEM, "out of memory");
    else if (out == NULL)
        code = tell(text_get(&path), err);
    if (code == 0) {
        fill_row(&index, snapshot, name, index.cells, &row);
        code = page_snapshot(&row, index.requests, index.request_count, out, err);
    }
    if (out != NULL && fclose(out) != 0 && code == 0)
        code = tell(text_get(&path), err);
    text_fini(&path);
    fini(&index);
    return code;
}

static int read_all(const char *directory, struct index *index, struct err *err)
{
    struct snapshot_names names;
    int code = snapshot_list(directory, &names, err);
    if (code != 0)
        return code;
    index->snapshots = calloc(names.count + 1, sizeof *index->snapshots);
    if (index->snapshots == NULL)
        code = err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < names.count && code == 0; i++) {
        struct text path = TEXT_EMPTY;
        text_addf(&path, "%s/%s", directory, names.items[i]);
        if (snapshot_read(text_get(&path), &index->snapshots[index->snapshot_count], NULL) == 0)
            index->snapshot_count++;
        text_fini(&path);
    }
    snapshot_names_free(&names);
    return code;
}

static int write_history(const struct index *index, const char *temporary, struct err *err)
{
    const struct page_history history = {.requests = index->requests,
                                         .request_count = index->request_count,
                                         .snapshots = index->rows,
                                         .snapshot_count = index->snapshot_count};
    FILE *out = fopen(temporary, "we");
    if (out == NULL)
        return tell(temporary, err);
    int code = page_snapshots(&history, out, err);
    return fclose(out) != 0 && code == 0 ? tell(temporary, err) : code;
}

int snapshot_index_write_all(const char *directory, struct err *err)
{
    struct index index = {0};
    struct text temporary = TEXT_EMPTY, final = TEXT_EMPTY;
    text_addf(&temporary, "%s/.tmp-" INDEX_FILE ".%ld", directory, (long)getpid());
    text_addf(&final, "%s/" INDEX_FILE, directory);
    int code = read_all(directory, &index, err);
    if (code == 0 && fill(&index) != 0)
        code = err_set(err, -ENOMEM, "out of memory");
    if (code == 0)
        code = write_history(&index, text_get(&temporary), err);
    if (code == 0 && rename(text_get(&temporary), text_get(&final)) != 0)
        code = tell(text_get(&final), err);
    if (code != 0)
        unlink(text_get(&temporary));
    text_fini(&temporary);
    text_fini(&final);
    fini(&index);
    return code;
}
