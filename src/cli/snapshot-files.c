/* Each file is a view of the same session and model; the first is the profile that they can all be made from again. */

#include "cli/snapshot-files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/units.h"
#include "cli/formats.h"
#include "cli/message.h"

/* A file of stacks that is larger is left out. */
#define LARGE_BYTES (16 << 20)

/* --- Compressed --- */

static ssize_t write_compressed(void *cookie, const char *bytes, size_t length)
{
    return length == 0 || gzwrite(cookie, bytes, (unsigned)length) > 0 ? (ssize_t)length : 0;
}

static int close_compressed(void *cookie)
{
    return gzclose(cookie) == Z_OK ? 0 : EOF;
}

/* A stream into a file that is compressed on its way; the same profile gives the same bytes. */
static FILE *open_compressed(const char *path)
{
    gzFile file = gzopen(path, "wbe");
    FILE *out =
        file != NULL
            ? fopencookie(file, "w", (cookie_io_functions_t){.write = write_compressed, .close = close_compressed})
            : NULL;
    if (file != NULL && out == NULL)
        gzclose(file);
    return out;
}

/* --- Files --- */

static int tell(const char *path, int error, struct err *err)
{
    const char *cure = error == ENOSPC || error == EDQUOT
                           ? "; make room, or remove old snapshots with: syseng-mem snapshot --prune N"
                           : "";
    return err_set(err, -error, "%s: cannot be written: %s%s", path, strerror(error), cure);
}

static int write_file(const struct formats_input *input, formats_write_fn *write, const char *folder, const char *name,
                      bool is_compressed, struct err *err)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    errno = 0;
    FILE *out = is_compressed ? open_compressed(path) : fopen(path, "we");
    int status = out != NULL ? write(input, out, err) : tell(path, errno != 0 ? errno : ENOMEM, err);
    errno = 0;
    bool is_lost = out != NULL && ferror(out) != 0;
    is_lost |= out != NULL && fclose(out) != 0;
    /* What a format says of a write does not name the file. */
    if (is_lost)
        status = tell(path, errno != 0 ? errno : status < 0 ? -status : EIO, err);
    free(path);
    return status;
}

static bool is_there(const char *folder, const char *name)
{
    struct text path = TEXT_EMPTY;
    text_addf(&path, "%s/%s", folder, name);
    bool is_there = access(text_get(&path), F_OK) == 0;
    text_fini(&path);
    return is_there;
}

/* What a page links to: the files beside it, which are written before it. */
static void list_files(const char *folder, const char *list[], size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < formats_count && count + 3 < room; i++)
        if (formats[i].file != NULL && is_there(folder, formats[i].file))
            list[count++] = formats[i].file;
    list[count++] = SNAPSHOT_META;
    list[count++] = SNAPSHOT_PROFILE;
    list[count] = NULL;
}

#define FILES_MAX 32

/* `options` with the name of the file that is written, as its readers will type it. */
static int write_format(const struct formats_input *input, const struct format *format, const char *folder,
                        const char *final_folder, struct err *err)
{
    struct text path = TEXT_EMPTY;
    const char *beside[FILES_MAX];
    struct report_options options = *input->options;
    struct report_origin origin = *input->options->origin;
    list_files(folder, beside, FILES_MAX);
    text_addf(&path, "%s/%s", final_folder, format->file);
    origin.path = text_get(&path);
    origin.files = beside;
    options.origin = &origin;
    const struct formats_input own = {input->session, input->model, &options, NULL, folder};
    int status = write_file(&own, format->write, folder, format->file, false, err);
    text_fini(&path);
    return status;
}

static void remove_file(const char *folder, const char *name)
{
    struct text path = TEXT_EMPTY;
    text_addf(&path, "%s/%s", folder, name);
    unlink(text_get(&path));
    text_fini(&path);
}

/* It can be made again from the profile, which is a small part of its size. */
static void drop_if_large(const struct format *format, const char *folder, const char *final_folder)
{
    struct text path = TEXT_EMPTY;
    struct stat status;
    text_addf(&path, "%s/%s", folder, format->file);
    if (stat(text_get(&path), &status) == 0 && status.st_size > LARGE_BYTES) {
        unlink(text_get(&path));
        message(MESSAGE_NOTE, "%s: %s, so it is not kept; syseng-mem report %s --as %s -o %s makes it", format->file,
                units_bytes((uint64_t)status.st_size).text, final_folder, format->name, format->file);
    }
    text_fini(&path);
}

static int write_all(struct snapshot_files *files, const struct formats_input *input, const char *folder,
                     const char *final_folder, struct err *err)
{
    int status = write_file(input, format_named("json")->write, folder, SNAPSHOT_PROFILE, true, err);
    for (size_t i = 0; i < formats_count && status == 0; i++) {
        const struct format *format = &formats[i];
        if (format->file == NULL || (format->needs_graphviz && files->lacks_pictures))
            continue;
        status = write_format(input, format, folder, final_folder, err);
        if (status == 0 && format->spells_stacks)
            drop_if_large(format, folder, final_folder);
        if (status == 0 || !format->needs_graphviz || status == -ENOSPC || status == -EDQUOT)
            continue;
        /* A picture is not worth a profile. */
        if (status == -ENOENT)
            message(MESSAGE_WARNING, "dot not found, %s not made; dot.dot is there; apt install graphviz",
                    format->file);
        else
            message(MESSAGE_WARNING, "%s: %s", format->file, err->text);
        remove_file(folder, format->file);
        files->lacks_pictures |= status == -ENOENT;
        status = 0;
    }
    return status;
}

/* --- Figures --- */

static int compare_times(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Of one firing: the middle one. */
static uint64_t typical_ns(const struct session_request *request)
{
    size_t count = request->repeat_count;
    uint64_t *sorted = request->firings_ns != NULL ? malloc(count * sizeof *sorted) : NULL;
    if (sorted == NULL)
        return count > 1 ? request->elapsed_ns / count : request->elapsed_ns;
    memcpy(sorted, request->firings_ns, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_times);
    uint64_t middle = sorted[count / 2];
    free(sorted);
    return middle;
}

void snapshot_files_add_name(struct text *out, const struct session *session, uint32_t index)
{
    const struct session_request *request = &session->requests[index];
    snapshot_add_request_name(out, request->is_run ? NULL : request->method,
                              request->is_run ? session->argv[0] : request->target, typical_ns(request));
}

static int fill(const struct model *model, const char *folder, struct snapshot_request *out)
{
    const struct session_request *request = model->request;
    const char *target = request->is_run ? model->session->argv[0] : request->target;
    *out = (struct snapshot_request){
        .folder = strdup(strrchr(folder, '/') + 1),
        .method = request->is_run ? NULL : strdup(request->method),
        .target = strdup(target),
        .status = request->is_run ? 0 : request->status,
        .ordinal = request->ordinal,
        .repeat_count = request->repeat_count > 0 ? request->repeat_count : 1,
        .elapsed_ns = typical_ns(request),
        .has_heap = model->has_memory,
        .alloc_bytes = model->totals[MODEL_ALLOC_BYTES],
        .alloc_count = model->totals[MODEL_ALLOC_COUNT],
        .not_freed_bytes = model->totals[MODEL_LIVE_BYTES],
        .not_freed_count = model->totals[MODEL_LIVE_COUNT],
        .peak_bytes = model->totals[MODEL_PEAK_BYTES],
        .has_rss = request->totals.has_rss,
        .rss_bytes = request->totals.rss_after_bytes - request->totals.rss_before_bytes,
        .has_cpu = request->cpu.is_measured,
        .cpu_ns = request->cpu.ns,
    };
    return out->folder != NULL && out->target != NULL && (request->is_run || out->method != NULL) ? 0 : -ENOMEM;
}

int snapshot_files_write(struct snapshot_files *files, uint32_t index, const char *folder, struct snapshot_request *out,
                         struct err *err)
{
    struct session slice;
    struct model model = {0};
    struct report_options options = *files->options;
    const struct report_origin origin = {
        .time_s = files->snapshot->time_s, .commit = files->snapshot->commit, .subject = files->snapshot->subject};
    struct text final_folder = TEXT_EMPTY;
    options.origin = &origin;
    text_addf(&final_folder, "%s%s", files->final_path, strrchr(folder, '/'));
    if (session_slice(files->session, index, &slice) != 0) {
        text_fini(&final_folder);
        return err_set(err, -ENOMEM, "out of memory");
    }
    int status = model_build(&slice, 0, options.lookup, options.lookup_data, &model);
    if (status == 0)
        status = fill(&model, folder, out);
    if (status != 0)
        err_set(err, status, "out of memory");
    const struct formats_input input = {&slice, &model, &options, NULL, NULL};
    if (status == 0)
        status = write_all(files, &input, folder, text_get(&final_folder), err);
    text_fini(&final_folder);
    model_fini(&model);
    session_slice_fini(&slice);
    return status;
}
