/* Libraries that are loaded with RTLD_DEEPBIND look symbols up in the C library first, past every preloaded library:
   what they allocate would not be seen, nor that they free what others have allocated. So before the first one is
   loaded, the symbols of the functions behind our hooks are led to the hooks, in the symbol tables that the loader
   reads. What is bound already stays as it is; our own calls do not go by these symbols.

   The hooks of dlopen and dlmopen end in a jump: the loader goes by its caller's RUNPATH and namespace. */

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

#include "preload/count.h"
#include "preload/pages.h"
#include "preload/syscalls.h"

struct segment {
    uint64_t start, end;
    uint32_t flags; /* PF_R and its like */
};

/* For dl_iterate_phdr: the segment that has the address segment->start. */
static int find_segment(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    struct segment *segment = data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type != PT_LOAD || segment->start - start >= header->p_memsz)
            continue;
        *segment = (struct segment){.start = start, .end = start + header->p_memsz, .flags = header->p_flags};
        return 1;
    }
    return 0;
}

static bool make(const void *at, int protection)
{
    long page = (long)((uint64_t)at & ~(uint64_t)(WIRE_PAGE_BYTES - 1));
    return raw_syscall3(SYS_mprotect, page, WIRE_PAGE_BYTES, protection) == 0;
}

static void lead(const struct link_map *libc, const ElfW(Sym) * hooked, const void *hook)
{
    static struct segment symbols;
    if (symbols.end == 0) {
        symbols.start = (uint64_t)hooked;
        if (dl_iterate_phdr(find_segment, &symbols) == 0)
            symbols.start = 0;
    }
    ElfW(Addr) *value = (ElfW(Addr) *)(uintptr_t)&hooked->st_value;
    if (symbols.flags != PF_R || (uint64_t)value >= symbols.end) /* with code in it, as older linkers have it */
        return;
    guest_own((int64_t)pages_populate_new(value, sizeof *value));
    if (!make(value, PROT_READ | PROT_WRITE))
        return;
    __atomic_store_n(value, (uintptr_t)hook - libc->l_addr, __ATOMIC_RELEASE);
    make(value, PROT_READ);
}

/* The first time that a library is to be bound like that. */
static void before_loading(int mode)
{
    static _Atomic bool is_done;
    bool not_yet = false, is_watched = count_begin() != NULL;
    if ((mode & RTLD_DEEPBIND) != 0 && is_watched && !guest_sandboxed &&
        atomic_compare_exchange_strong(&is_done, &not_yet, true))
        real_visit_hooked(lead);
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
