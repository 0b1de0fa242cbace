/* ELF files and their DWARF, for the plan of line stops and for what kind of file it is. */

#include "fuzz.h"

#include <stdlib.h>

#include "probes/probes.h"

static void make_plan(const char *path, const struct probes_options *options)
{
    struct probes *probes;
    struct err err;
    void *plan;
    size_t bytes;
    if (probes_find(path, options, &probes, &err) != 0)
        return;
    if (probes_encode(probes, 1, &plan, &bytes, &err) == 0)
        free(plan);
    probes_free(probes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char nowhere[] = "/nonexistent";
    static const char *const globs[] = {"m*", "*"};
    const char *path = fuzz_file(data, size);
    struct inspect inspect;
    struct err err;
    char *text;
    make_plan(path, &(struct probes_options){.debug_root = nowhere});
    make_plan(path, &(struct probes_options){
                        .globs = globs, .glob_count = 2, .every_instruction = true, .debug_root = nowhere});
    if (inspect_file(path, nowhere, &inspect, &err) == 0)
        inspect_fini(&inspect);
    if (probes_constant_string(path, "malloc_conf", &text, &err) == 0)
        free(text);
    return 0;
}
