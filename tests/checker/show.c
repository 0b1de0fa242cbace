/* Prints what the checker has counted: `show FILE`, a line "name count" each. */

#include <inttypes.h>
#include <stdio.h>

#include "results.h"

int main(int argc, char **argv)
{
    struct checker_results results;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL || fread(&results, sizeof results, 1, file) != 1)
        return 1;
#define COUNT(name) printf("%s %" PRIu64 "\n", #name, (uint64_t)results.name);
    CHECKER_COUNTS(COUNT)
    fclose(file);
    return 0;
}
