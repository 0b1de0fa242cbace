/* A stopped syseng-mem looks like a busy one from here, but for what /proc says of it. Where /proc cannot be read, and
   in another PID namespace, the callers' own limits are all there is. */

#include "preload/reader.h"

#include <errno.h>
#include <fcntl.h>

#include "preload/syscalls.h"

#ifndef READER_STOPPED_ROUNDS
#define READER_STOPPED_ROUNDS 50
#define READER_IDLE_ROUNDS 100
#endif

/* "/proc/PID/stat" */
static void write_path(char *out, uint32_t pid)
{
    char digits[10];
    size_t count = 0;
    for (const char *text = "/proc/"; *text != '\0';)
        *out++ = *text++;
    do
        digits[count++] = (char)('0' + pid % 10);
    while ((pid /= 10) != 0);
    while (count > 0)
        *out++ = digits[--count];
    for (const char *text = "/stat"; *text != '\0';)
        *out++ = *text++;
    *out = '\0';
}

/* The letter of its state behind "PID (NAME) ", proc_pid_stat(5): NAME may have brackets itself. 0 when it is not
 * known. */
static char state_of(uint32_t pid)
{
    char path[32], text[64];
    write_path(path, pid);
    long fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    long length = raw_syscall3(SYS_read, fd, (long)text, sizeof text);
    raw_syscall3(SYS_close, fd, 0, 0);
    while (length > 0 && text[length - 1] != ')')
        length--;
    return length > 0 && length + 1 < (long)sizeof text ? text[length + 1] : 0;
}

void reader_give_up(void)
{
    atomic_store(&guest.session->abandoned, 1);
    atomic_fetch_or(&guest.process->flags, WIRE_PROCESS_GAVE_UP);
}

/* Has the round begun that comes next? Where no system call is to be made nobody sleeps: each call is a round of its
 * own. */
static bool begins_round(struct reader_patience *patience)
{
    if (!guest_sandboxed) {
        uint64_t now = raw_monotonic_ns();
        if (now < patience->round_end_ns)
            return false;
        patience->round_end_ns = now + READER_ROUND_NS;
    }
    patience->rounds++;
    return true;
}

bool reader_is_worth_waiting(struct reader_patience *patience)
{
    if (reader_is_given_up())
        return false;
    if (!begins_round(patience) || guest_sandboxed)
        return true;
    char state = 0;
    if (!guest.is_elsewhere) {
        if (raw_syscall3(SYS_kill, (long)guest.session->collector_pid, 0, 0) == -ESRCH)
            return false;
        state = state_of(guest.session->collector_pid);
    }
    if (state == 'Z' || state == 'X')
        return false;
    patience->idle_rounds = atomic_load(&guest.session->collector_waits) ? patience->idle_rounds + 1 : 0;
    if (patience->idle_rounds > READER_IDLE_ROUNDS)
        return false;
    patience->stopped_rounds = state == 'T' ? patience->stopped_rounds + 1 : 0;
    if (patience->stopped_rounds <= READER_STOPPED_ROUNDS)
        return true;
    reader_give_up();
    return false;
}
