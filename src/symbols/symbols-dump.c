/* symbols-dump: print what is known of addresses in a file, for tests and for humans; as addr2line -a -f -i.

   usage: symbols-dump [-s] [-r DEBUG_ROOT] FILE [ADDRESS...]
     -s  where each name comes from   -r  where separate debug files live   no ADDRESS: they are read from standard
   input */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "symbols/symbols.h"

static const char *const source_names[] = {"dwarf", "symtab", "mini-debug", "dynsym", "none"};

static bool print_address(struct symbols *symbols, const char *path, const char *text, bool with_source)
{
    struct symbols_frame frames[SYMBOLS_MAX_FRAMES];
    const uint64_t address = strtoull(text, NULL, 16);
    const size_t count = symbols_lookup(symbols, path, address, frames, SYMBOLS_MAX_FRAMES);
    if (count == 0) {
        fprintf(stderr, "symbols-dump: %s: cannot be read\n", path);
        return false;
    }
    printf("0x%016llx\n", (unsigned long long)address);
    for (size_t i = 0; i < count; i++) {
        const struct symbols_frame *frame = &frames[i];
        printf("%s", frame->function != NULL ? frame->function : "??");
        if (with_source)
            printf(" [%s%s%s]", source_names[frame->source], frame->linkage_name != NULL ? " " : "",
                   frame->linkage_name != NULL ? frame->linkage_name : "");
        printf("\n%s:%u\n", frame->file != NULL ? frame->file : "??", frame->line);
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *root = NULL;
    bool with_source = false;
    for (int option; (option = getopt(argc, argv, "sr:")) != -1;) {
        if (option == 's')
            with_source = true;
        else if (option == 'r')
            root = optarg;
        else
            return 2;
    }
    if (optind >= argc) {
        fprintf(stderr, "usage: symbols-dump [-s] [-r DEBUG_ROOT] FILE [ADDRESS...]\n");
        return 2;
    }
    const char *path = argv[optind++];
    struct symbols *symbols = symbols_new(root);
    bool is_ok = symbols != NULL;
    char line[64];
    if (optind < argc)
        for (; optind < argc && is_ok; optind++)
            is_ok = print_address(symbols, path, argv[optind], with_source);
    else
        while (is_ok && fgets(line, sizeof line, stdin) != NULL)
            is_ok = print_address(symbols, path, line, with_source);
    symbols_free(symbols);
    return is_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
