/* The program's family, by /proc. */

#include "harness/family.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANCESTORS_MOST 4096 /* a walk upwards that takes longer met pids that were given anew */

int family_roots(const struct harness *harness, struct pids *out)
{
    out->count = 0;
    int code = proc_children(getpid(), out);
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++)
        if (!pids_has(&harness->strangers, out->items[i]))
            out->items[kept++] = out->items[i];
    out->count = kept;
    return code;
}

int family_list(const struct harness *harness, struct pids *out)
{
    int code = family_roots(harness, out);
    for (size_t i = 0; code == 0 && i < out->count; i++)
        code = proc_children(out->items[i], out);
    return code;
}

void family_reap(struct harness *harness)
{
    int status;
    /* The collector stops processes by ptrace: that is reported to whoever waits for them, but it is no end. */
    if (!harness->ended && waitpid(harness->pid, &status, WNOHANG | __WALL) == harness->pid &&
        (WIFEXITED(status) || WIFSIGNALED(status))) {
        harness->ended = true;
        harness->wait_status = status;
    }
    struct pids roots = {0};
    family_roots(harness, &roots);
    for (size_t i = 0; i < roots.count; i++)
        if (roots.items[i] != harness->pid || harness->ended)
            waitpid(roots.items[i], &status, WNOHANG | __WALL);
    pids_fini(&roots);
}

bool family_is_gone(struct harness *harness)
{
    family_reap(harness);
    if (!harness->ended)
        return false;
    siginfo_t info;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0)
        return errno == ECHILD;
    if (harness->strangers.count == 0)
        return false;
    struct pids roots = {0};
    bool gone = family_roots(harness, &roots) == 0 && roots.count == 0;
    pids_fini(&roots);
    return gone;
}

bool family_is_busy(const struct harness *harness)
{
    struct pids family = {0};
    family_list(harness, &family);
    bool busy = false;
    for (size_t i = 0; !busy && i < family.count; i++)
        busy = proc_is_busy(family.items[i]);
    pids_fini(&family);
    return busy;
}

bool family_has(const struct harness *harness, pid_t pid)
{
    pid_t self = getpid();
    for (int i = 0; i < ANCESTORS_MOST && pid > 1 && !pids_has(&harness->strangers, pid); i++) {
        char state;
        pid_t parent;
        if (!proc_stat(pid, &state, &parent))
            return false;
        if (parent == self)
            return true;
        pid = parent;
    }
    return false;
}
