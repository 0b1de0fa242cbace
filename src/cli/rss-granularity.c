/* Kernels count resident pages per CPU or per thread and add up now and then: before 6.2 up to 63 pages per thread
   late, then in batches per CPU, exactly on the newest. */

#include "cli/rss-granularity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES 256

static int64_t read_resident_pages(int fd)
{
    char text[128];
    long size, resident;
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return -1;
    text[length] = '\0';
    return sscanf(text, "%ld %ld", &size, &resident) == 2 ? resident : -1;
}

int rss_granularity_measure(uint64_t *out_bytes)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    int status = 0, fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    char *pages = mmap(NULL, PAGES * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        status = -errno;
        goto out;
    }
    madvise(pages, PAGES * page_bytes, MADV_NOHUGEPAGE); /* one page at a time is the point */
    (void)read_resident_pages(fd);
    int64_t before = read_resident_pages(fd), worst = 0;
    for (int i = 0; i < PAGES; i++) {
        ((volatile char *)pages)[(size_t)i * page_bytes] = 1;
        int64_t now = read_resident_pages(fd), late = now - before - (i + 1);
        if (before < 0 || now < 0) {
            status = -EIO;
            break;
        }
        if (llabs(late) > worst)
            worst = llabs(late);
    }
    if (status == 0)
        *out_bytes = (uint64_t)worst * page_bytes;
    munmap(pages, PAGES * page_bytes);
out:
    close(fd);
    return status;
}
