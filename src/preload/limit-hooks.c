/* The limit on the address space: the session is mapped into the program's, and would take most of a small one. What
   the program allows itself is made larger by what is ours, and reads as it was set. */

#include <errno.h>
#include <sys/resource.h>

#include "preload/guest.h"
#include "preload/real.h"
#include "preload/syscalls.h"

#define OTHER_BYTES (UINT64_C(4) << 20) /* the library, the threads' states, copies of instructions */

/* What the program has set last, and what that was made of. Kept over a fork, as the limit is. */
static struct {
    struct rlimit asked, made;
    bool is_set;
} address_space;

static rlim_t with_ours(rlim_t limit)
{
    rlim_t larger = limit + guest.session->total_bytes + OTHER_BYTES;
    return limit == RLIM_INFINITY || larger < limit ? RLIM_INFINITY : larger;
}

static rlim_t smaller(rlim_t a, rlim_t b)
{
    return a < b ? a : b; /* RLIM_INFINITY is the largest */
}

static long system_call(const struct rlimit *new, struct rlimit *old)
{
    return raw_syscall4(SYS_prlimit64, 0, RLIMIT_AS, (long)new, (long)old);
}

static long set(const struct rlimit *asked)
{
    struct rlimit made = {with_ours(asked->rlim_cur), with_ours(asked->rlim_max)}, before;
    long result = system_call(&made, NULL);
    if (result == -EPERM && system_call(NULL, &before) == 0 && asked->rlim_max <= before.rlim_max) {
        made.rlim_cur = smaller(made.rlim_cur, before.rlim_max); /* as far as it may */
        made.rlim_max = smaller(made.rlim_max, before.rlim_max);
        result = system_call(&made, NULL);
    }
    if (result == 0) {
        address_space.asked = *asked;
        address_space.made = made;
        address_space.is_set = true;
    }
    return result;
}

static long get(struct rlimit *out)
{
    long result = system_call(NULL, out);
    if (result != 0 || !address_space.is_set)
        return result;
    if (out->rlim_cur == address_space.made.rlim_cur)
        out->rlim_cur = address_space.asked.rlim_cur;
    if (out->rlim_max == address_space.made.rlim_max)
        out->rlim_max = address_space.asked.rlim_max;
    return 0;
}

static long set_and_get(const struct rlimit *new, struct rlimit *old)
{
    struct rlimit wanted, before;
    if (new != NULL)
        wanted = *new; /* the two may be the same memory */
    long result = get(&before);
    if (result == 0 && new != NULL)
        result = set(&wanted);
    if (result == 0 && old != NULL)
        *old = before;
    return result;
}

/* Whether it is for us; an address with no memory behind it is for the kernel to refuse. */
static bool is_ours(int what)
{
    return what == RLIMIT_AS && !guest_sandboxed && guest_thread() != NULL;
}

static int as_function(long result)
{
    if (result < 0)
        errno = (int)-result;
    return result < 0 ? -1 : 0;
}

GUEST_EXPORT int setrlimit(__rlimit_resource_t what, const struct rlimit *new)
{
    if (!is_ours((int)what) || !raw_is_readable(new))
        return real.setrlimit.call((int)what, new);
    return as_function(set_and_get(new, NULL));
}

GUEST_EXPORT int getrlimit(__rlimit_resource_t what, struct rlimit *old)
{
    if (!is_ours((int)what) || !raw_is_readable(old))
        return real.getrlimit.call((int)what, old);
    return as_function(set_and_get(NULL, old));
}

GUEST_EXPORT int prlimit(pid_t pid, enum __rlimit_resource what, const struct rlimit *new, struct rlimit *old)
{
    if (!is_ours((int)what) || (pid != 0 && (long)pid != raw_syscall3(SYS_getpid, 0, 0, 0)) ||
        (new != NULL && !raw_is_readable(new)) || (old != NULL && !raw_is_readable(old)))
        return real.prlimit.call(pid, (int)what, new, old);
    return as_function(set_and_get(new, old));
}

/* The same on a machine whose numbers have 64 bits. */
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one layout");

GUEST_EXPORT int setrlimit64(__rlimit_resource_t what, const struct rlimit64 *new)
{
    return setrlimit(what, (const struct rlimit *)new);
}

GUEST_EXPORT int getrlimit64(__rlimit_resource_t what, struct rlimit64 *old)
{
    return getrlimit(what, (struct rlimit *)old);
}

GUEST_EXPORT int prlimit64(pid_t pid, enum __rlimit_resource what, const struct rlimit64 *new, struct rlimit64 *old)
{
    return prlimit(pid, what, (const struct rlimit *)new, (struct rlimit *)old);
}
