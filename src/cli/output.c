/* Opening, and errors that show only when buffers are flushed: a full disk, a closed pipe. */

#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int output_open(struct output *output, const char *path, struct err *err)
{
    *output = (struct output){.path = path};
    if (path == NULL || strcmp(path, "-") == 0) {
        output->stream = stdout;
        return 0;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return err_set(err, -errno, "-o %s: cannot be written: %s; name another file", path, strerror(errno));
    output->stream = fdopen(fd, "w");
    if (output->stream == NULL) {
        int status = err_set(err, -errno, "-o %s: %s", path, strerror(errno));
        close(fd);
        return status;
    }
    output->to_file = true;
    return 0;
}

int output_begin(struct output *output, struct err *err)
{
    struct stat status;
    int fd = fileno(output->stream);
    if (!output->to_file || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || ftruncate(fd, 0) == 0)
        return 0;
    return err_set(err, -errno, "-o %s: cannot be emptied: %s", output->path, strerror(errno));
}

static int tell(const struct output *output, int error, struct err *err)
{
    const char *cure = "";
    if (error == ENOSPC || error == EDQUOT)
        cure = "; make room, or name a file elsewhere with -o";
    else if (error == EBADF || error == EPIPE)
        cure = "; nobody reads it: name a file with -o";
    if (output->to_file)
        return err_set(err, -error, "-o %s: the report could not be written: %s%s", output->path, strerror(error),
                       cure);
    return err_set(err, -error, "standard output: the report could not be written: %s%s", strerror(error), cure);
}

int output_close(struct output *output, int status, struct err *err)
{
    FILE *stream = output->stream;
    if (stream == NULL)
        return status;
    output->stream = NULL;
    int error = status < 0 ? -status : 0;
    errno = 0;
    if (fflush(stream) != 0 && error == 0)
        error = errno;
    if (ferror(stream) && error == 0)
        error = EIO;
    /* close(2) is where NFS and quotas tell. */
    if (output->to_file && fclose(stream) != 0 && error == 0)
        error = errno;
    return error == 0 ? 0 : tell(output, error, err);
}
