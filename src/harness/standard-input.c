/* Is our standard input at its end? */

#include "harness/standard-input.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NULL_MAJOR 1 /* /dev/null, Documentation/admin-guide/devices.txt */
#define NULL_MINOR 3

static bool has_no_writer(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int waiting = 0;
    return poll(&input, 1, 0) == 1 && (input.revents & (POLLHUP | POLLERR)) != 0 &&
           ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting == 0;
}

static bool is_shut_down(void)
{
    char byte;
    ssize_t length = recv(STDIN_FILENO, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return length == 0 || (length < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

bool standard_input_is_at_end(void)
{
    struct stat status;
    if (fstat(STDIN_FILENO, &status) != 0)
        return true;
    if (S_ISCHR(status.st_mode))
        return status.st_rdev == makedev(NULL_MAJOR, NULL_MINOR);
    if (S_ISREG(status.st_mode))
        return lseek(STDIN_FILENO, 0, SEEK_CUR) >= status.st_size;
    if (S_ISSOCK(status.st_mode))
        return is_shut_down();
    return S_ISFIFO(status.st_mode) && has_no_writer();
}
