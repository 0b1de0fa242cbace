/* The guest's look at the file of a program that is about to be executed. */

#include "fuzz.h"

#include "preload/exec-target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exec_target_is_suitable(fuzz_file(data, size));
    return 0;
}
