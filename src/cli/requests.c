/* Reads requests. A line of a file is a request, empty, or a comment that begins with '#'. */

#include "cli/requests.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "harness/harness.h"

#define BODY_MOST_BYTES ((size_t)1 << 30)

static int add(struct requests *requests, const char *text, bool has_body)
{
    char *method = NULL;
    const char *target;
    if (!harness_parse_request(text, &method, &target))
        return -EINVAL;
    if (has_body && text[0] == '/') {
        free(method);
        method = strdup("POST");
    }
    struct request *items = array_grow(requests->items, &requests->capacity, requests->count + 1, sizeof *items);
    if (items != NULL)
        requests->items = items;
    struct request request = {.method = method, .target = strdup(target)};
    if (items == NULL || request.method == NULL || request.target == NULL) {
        free(request.method);
        free(request.target);
        return -ENOMEM;
    }
    requests->items[requests->count++] = request;
    return 0;
}

static int add_file(struct requests *requests, const char *path, bool has_body, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL)
        return err_set(err, -errno, "-f %s: %s", path, strerror(errno));
    char *line = NULL;
    size_t capacity = 0, before = requests->count;
    ssize_t length;
    int status = 0;
    errno = 0;
    for (unsigned number = 1; status == 0 && (length = getline(&line, &capacity, file)) >= 0; number++) {
        while (length > 0 && strchr(" \t\r\n", line[length - 1]) != NULL)
            line[--length] = '\0';
        const char *text = line + strspn(line, " \t");
        if (*text == '\0' || *text == '#')
            continue;
        status = add(requests, text, has_body);
        if (status == -EINVAL)
            err_set(err, status, "%s:%u: '%s' is not a request; write /path or METHOD /path", path, number, text);
    }
    if (status == 0 && ferror(file))
        status = err_set(err, errno != 0 ? -errno : -EIO, "-f %s: %s", path, strerror(errno != 0 ? errno : EIO));
    if (status == 0 && requests->count == before)
        status = err_set(err, -EINVAL, "-f %s: there is no request in it; write one per line, such as /path", path);
    free(line);
    if (!is_stdin)
        fclose(file);
    return status;
}

static int read_body(struct requests *requests, const char *data, struct err *err)
{
    if (data[0] != '@') {
        requests->body = strdup(data);
        requests->body_bytes = strlen(data);
        return requests->body != NULL ? 0 : -ENOMEM;
    }
    FILE *file = fopen(data + 1, "re");
    if (file == NULL)
        return err_set(err, -errno, "--data %s: %s", data, strerror(errno));
    size_t capacity = 0, length = 0;
    int status = 0;
    for (;;) {
        char *body = array_grow(requests->body, &capacity, length + 65536, 1);
        if (body == NULL || length > BODY_MOST_BYTES) {
            status = -ENOMEM;
            break;
        }
        requests->body = body;
        size_t got = fread(body + length, 1, capacity - length, file);
        length += got;
        if (got == 0)
            break;
    }
    if (status == 0 && ferror(file))
        status = err_set(err, -errno, "--data %s: %s", data, strerror(errno));
    requests->body_bytes = length;
    fclose(file);
    return status;
}

int requests_read(const struct options_requests *options, struct requests *out, struct err *err)
{
    *out = (struct requests){0};
    int status = 0;
    bool has_body = options->data != NULL;
    if (has_body)
        status = read_body(out, options->data, err);
    if (status == 0 && options->file != NULL)
        status = add_file(out, options->file, has_body, err);
    for (size_t i = 0; i < options->targets.count && status == 0; i++) {
        status = add(out, options->targets.items[i], has_body);
        if (status == -EINVAL)
            err_set(err, status, "'%s' is not a request; write /path or 'METHOD /path'", options->targets.items[i]);
    }
    if (status == -ENOMEM)
        err_set(err, status, "out of memory");
    if (status < 0)
        requests_fini(out);
    return status;
}

void requests_fini(struct requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        free(requests->items[i].method);
        free(requests->items[i].target);
    }
    free(requests->items);
    free(requests->body);
    *requests = (struct requests){0};
}
