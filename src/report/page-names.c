/* A sorted array is enough: names are all added before the first is asked for. */

#include "report/page-names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void names_add(struct names *names, const char *name)
{
    if (name == NULL || names->failed)
        return;
    const char **items = array_grow(names->items, &names->room, names->count + 1, sizeof *items);
    names->failed = items == NULL;
    if (names->failed)
        return;
    names->items = items;
    items[names->count++] = name;
}

static int compare(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    return left == right ? 0 : strcmp(left, right);
}

int names_seal(struct names *names)
{
    size_t kept = 0;
    if (names->failed)
        return -ENOMEM;
    if (names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, compare);
    for (size_t i = 0; i < names->count; i++)
        if (kept == 0 || compare(&names->items[kept - 1], &names->items[i]) != 0)
            names->items[kept++] = names->items[i];
    names->count = kept;
    return 0;
}

long names_find(const struct names *names, const char *name)
{
    if (name == NULL)
        return -1;
    const char **found = bsearch(&name, names->items, names->count, sizeof *names->items, compare);
    return found != NULL ? found - names->items : -1;
}

json_t *names_build(const struct names *names, names_show_fn *show, struct json_build *build)
{
    json_t *array = json_array();
    for (size_t i = 0; i < names->count; i++) {
        struct text shown = TEXT_EMPTY;
        if (show != NULL)
            show(&shown, names->items[i]);
        build_append(build, array, show != NULL ? build_take(&shown) : build_string(names->items[i]));
    }
    return array;
}

void names_fini(struct names *names)
{
    free(names->items);
    *names = (struct names){0};
}
