#include "collector/paths.h"

#include <errno.h>

#include "collector/table.h"

#define FIRST_SLOTS 1024

void paths_fini(struct paths *paths)
{
    table_free(paths->slots, paths->slot_count * sizeof *paths->slots);
    paths->slots = NULL;
}

/* The path's entry, or the free slot where it is to be put; there are slots. */
static struct path *find(const struct paths *paths, uint64_t path)
{
    size_t i = (size_t)(path * UINT64_C(0x9E3779B97F4A7C15) >> 17) & (paths->slot_count - 1);
    while (paths->slots[i].path != 0 && paths->slots[i].path != path)
        i = (i + 1) & (paths->slot_count - 1);
    return &paths->slots[i];
}

static int grow(struct paths *paths)
{
    if (4 * (paths->count + 1) <= 3 * paths->slot_count)
        return 0;
    struct paths grown = {.slot_count = paths->slot_count ? 2 * paths->slot_count : FIRST_SLOTS, .count = paths->count};
    grown.slots = table_new(grown.slot_count * sizeof *grown.slots);
    if (grown.slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < paths->slot_count; i++)
        if (paths->slots[i].path != 0)
            *find(&grown, paths->slots[i].path) = paths->slots[i];
    paths_fini(paths);
    *paths = grown;
    return 0;
}

int paths_add(struct paths *paths, uint64_t path, uint64_t parent, uint64_t address)
{
    if (path == 0 || paths_find(paths, path) != NULL)
        return 0;
    if (grow(paths) != 0)
        return -ENOMEM;
    *find(paths, path) = (struct path){.path = path, .parent = parent, .address = address};
    paths->count++;
    return 0;
}

const struct path *paths_find(const struct paths *paths, uint64_t path)
{
    const struct path *found = paths->slot_count > 0 ? find(paths, path) : NULL;
    return found != NULL && found->path == path && path != 0 ? found : NULL;
}
