/* Libraries that are loaded with RTLD_DEEPBIND look symbols up in the C library first, past every preloaded library:
   what they allocate would not be seen, nor that they free what others have allocated. So before the first one is
   loaded, the symbols of the functions behind our hooks are led to the hooks, in the symbol tables that the loader
   reads. What is bound already stays as it is; our own calls do not go by these symbols.

   The hooks of dlopen and dlmopen end in a jump: the loader goes by its caller's RUNPATH and namespace. */

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>

#include "preload/count.h"
#include "preload/pages.h"
#include "preload/syscalls.h"

static long
    memory; /* a descriptor of /proc/self/mem: what is written there leaves mappings and their protection alone */

static void lead(const struct link_map *libc, const ElfW(Sym) * hooked, const void *hook)
{
    uint64_t value = (uint64_t)hook - libc->l_addr;
    guest_own((int64_t)pages_populate_new(&hooked->st_value, sizeof value));
    raw_syscall4(SYS_pwrite64, memory, (long)&value, sizeof value, (long)&hooked->st_value);
}

static void lead_all(void)
{
    memory = raw_syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/mem", O_RDWR | O_CLOEXEC, 0);
    if (memory < 0)
        return;
    real_visit_hooked(lead);
    raw_syscall3(SYS_close, memory, 0, 0);
}

/* The first time that a library is to be bound like that. */
static void before_loading(int mode)
{
    static _Atomic bool is_done;
    bool not_yet = false, is_watched = count_begin() != NULL;
    if ((mode & RTLD_DEEPBIND) != 0 && is_watched && !guest_sandboxed &&
        atomic_compare_exchange_strong(&is_done, &not_yet, true))
        lead_all();
}

GUEST_EXPORT void *dlopen(const char *file, int mode)
{
    before_loading(mode);
    return real.dlopen.call(file, mode);
}

GUEST_EXPORT void *dlmopen(Lmid_t namespace, const char *file, int mode)
{
    before_loading(mode);
    return real.dlmopen.call(namespace, file, mode);
}
