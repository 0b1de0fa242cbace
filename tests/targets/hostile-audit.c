/* An auditor (LD_AUDIT, rtld-audit(7)): sees what the loader does, in a namespace and with a C library of its own. */

#define _GNU_SOURCE
#include <link.h>

#include "hostile.h"

static long objects, bindings;

unsigned la_version(unsigned version)
{
    free(malloc(100));
    return version;
}

unsigned la_objopen(struct link_map *map, Lmid_t namespace, uintptr_t *cookie)
{
    (void)map;
    (void)namespace;
    (void)cookie;
    free(malloc(50));
    objects++;
    return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned index, uintptr_t *from, uintptr_t *to, unsigned *flags,
                       const char *name)
{
    (void)index;
    (void)from;
    (void)to;
    (void)flags;
    (void)name;
    bindings++;
    return symbol->st_value;
}

__attribute__((destructor)) static void tell(void)
{
    say("audited", objects > 2 && bindings > 2);
}
