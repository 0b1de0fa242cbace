/* probes-dump: print the plan of a file as text, for tests and for humans.

   usage: probes-dump [-a] [-f GLOB]... [-r DEBUG_ROOT] [-i] FILE
     -a  every instruction   -f  as --function   -r  where separate debug files live   -i  what kind of file it is */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/probes.h"

static const char *const class_names[WIRE_SITE_CLASS_COUNT] = {
    "copy", "copy-rip", "jump", "jump-if", "jump-counter", "call", "call-indirect", "return", "jump-indirect",
};

static const char *const note_names[] = {"no-debug-info",    "debug-file-missing", "debug-file-stale",
                                         "stripped",         "glob-unmatched",     "sites-skipped"};

static const char *const kind_names[] = {"dynamic", "static", "other-arch", "other-libc", "not-program",
                                         "script",  "source", "other"};

static void print_site(const struct probes *probes, const struct wire_site *site)
{
    printf("  site %llx line %u %s%s%s%s%s%s ", (unsigned long long)site->offset, site->line,
           class_names[site->class], site->flags & WIRE_SITE_ENTRY ? " ENTRY" : "",
           site->flags & WIRE_SITE_LINE ? " LINE" : "", site->flags & WIRE_SITE_EXIT ? " EXIT" : "",
           site->flags & WIRE_SITE_MAY_EXIT ? " MAY_EXIT" : "", site->flags & WIRE_SITE_LOOP_HEAD ? " LOOP_HEAD" : "");
    for (unsigned i = 0; i < site->insn_bytes; i++)
        printf("%02x", site->insn[i]);
    if (site->target != 0)
        printf(" -> %llx", (unsigned long long)site->target);
    putchar('\n');
}

static void print_plan(const struct probes *probes)
{
    for (size_t i = 0; i < probes->function_count; i++) {
        const struct probes_function *function = &probes->functions[i];
        printf("function %s %s:%u-%u entry %llx%s%s%s%s\n", function->name,
               function->file != NULL ? function->file : "?", function->line, function->last_line,
               (unsigned long long)function->entry, function->annotated ? " annotated" : "",
               function->optimized ? " optimized" : "", function->linkage_name != NULL ? " linkage " : "",
               function->linkage_name != NULL ? function->linkage_name : "");
        printf("  lines");
        for (size_t k = 0; k < function->line_count; k++)
            printf(" %u", function->lines[k]);
        putchar('\n');
        const struct wire_function *of = &probes->ranges_of[i];
        for (uint32_t k = 0; k < of->range_count; k++)
            printf("  range %llx-%llx\n", (unsigned long long)probes->ranges[of->range_first + k].low,
                   (unsigned long long)probes->ranges[of->range_first + k].high);
        for (size_t k = 0; k < probes->site_count; k++)
            if (probes->sites[k].function == i)
                print_site(probes, &probes->sites[k]);
    }
    for (size_t i = 0; i < probes->note_count; i++)
        printf("note %s %s%s%s\n", note_names[probes->notes[i].kind], probes->notes[i].subject,
               probes->notes[i].detail != NULL ? ": " : "",
               probes->notes[i].detail != NULL ? probes->notes[i].detail : "");
    printf("%zu functions, %zu sites\n", probes->function_count, probes->site_count);
}

static int print_inspection(const char *path)
{
    struct inspect inspect;
    struct err err = {""};
    if (inspect_file(path, NULL, &inspect, &err) != 0) {
        fprintf(stderr, "probes-dump: %s\n", err.text);
        return EXIT_FAILURE;
    }
    printf("kind %s\nbits %d\nmachine %d\n", kind_names[inspect.kind], inspect.bits, inspect.machine);
    printf("setuid %d\nstripped %d\ndebug-info %d\nline-table %d\npie %d\n", inspect.setuid, inspect.stripped,
           inspect.has_debug_info, inspect.has_line_table, inspect.pie);
    printf("interpreter %s\nsanitizer %s\nown-allocator %s\n", inspect.interpreter != NULL ? inspect.interpreter : "-",
           inspect.sanitizer != NULL ? inspect.sanitizer : "-",
           inspect.own_allocator != NULL ? inspect.own_allocator : "-");
    printf("dwarf %d\nproducer %s\n", inspect.dwarf_version, inspect.producer != NULL ? inspect.producer : "-");
    inspect_fini(&inspect);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct probes_options options = {0};
    const char *globs[64];
    bool inspects = false;
    int option;
    while ((option = getopt(argc, argv, "af:r:i")) != -1) {
        if (option == 'a')
            options.every_instruction = true;
        else if (option == 'f' && options.glob_count < sizeof globs / sizeof *globs)
            globs[options.glob_count++] = optarg;
        else if (option == 'r')
            options.debug_root = optarg;
        else if (option == 'i')
            inspects = true;
        else
            return 2;
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "usage: probes-dump [-a] [-f GLOB]... [-r DEBUG_ROOT] [-i] FILE\n");
        return 2;
    }
    if (inspects)
        return print_inspection(argv[optind]);
    options.globs = globs;
    struct probes *probes = NULL;
    struct err err = {""};
    if (probes_find(argv[optind], &options, &probes, &err) != 0) {
        fprintf(stderr, "probes-dump: %s\n", err.text);
        return EXIT_FAILURE;
    }
    print_plan(probes);
    probes_free(probes);
    return EXIT_SUCCESS;
}
