#include "collector/budget.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"
#define LEAST ((size_t)64 << 20) /* smaller would not do for an ordinary program */

static atomic_size_t used, limit; /* limit 0: to be found out */

/* memory.max of the control group, cgroup v2 only; SIZE_MAX when it has none. */
static size_t control_group_bytes(void)
{
    char line[512], path[600];
    unsigned long long bytes;
    FILE *file = fopen("/proc/self/cgroup", "re");
    bool is_known = file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "0::", 3) == 0;
    if (file != NULL)
        fclose(file);
    if (!is_known)
        return SIZE_MAX;
    line[strcspn(line, "\n")] = '\0';
    snprintf(path, sizeof path, CGROUP_ROOT "%s/memory.max", line + 3);
    file = fopen(path, "re");
    is_known = file != NULL && fscanf(file, "%llu", &bytes) == 1; /* it may say "max" */
    if (file != NULL)
        fclose(file);
    return is_known ? (size_t)bytes : SIZE_MAX;
}

static size_t find_limit(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    size_t most = control_group_bytes();
    if (pages > 0 && page_bytes > 0 && (size_t)pages * (size_t)page_bytes < most)
        most = (size_t)pages * (size_t)page_bytes;
    return most / 2 > LEAST ? most / 2 : LEAST;
}

void budget_limit(size_t bytes)
{
    atomic_store(&limit, bytes);
}

bool budget_take(size_t bytes)
{
    size_t most = atomic_load_explicit(&limit, memory_order_relaxed);
    if (most == 0)
        atomic_store(&limit, most = find_limit());
    size_t before = atomic_fetch_add(&used, bytes);
    if (bytes <= most && before <= most - bytes)
        return true;
    atomic_fetch_sub(&used, bytes);
    return false;
}

void budget_give(size_t bytes)
{
    atomic_fetch_sub(&used, bytes);
}
