/* Finds the unwind section of the module at an address. */

#include "preload/cfi.h"

#include <dlfcn.h>

struct cfi_rule cfi_rule_at(uint64_t pc)
{
    struct dl_find_object object;
    if (_dl_find_object((void *)(uintptr_t)pc, &object) != 0 || object.dlfo_eh_frame == NULL)
        return (struct cfi_rule){.kind = CFI_UNKNOWN};
    const struct cfi_area image = {
        .bytes = object.dlfo_map_start,
        .size_bytes = (size_t)((const uint8_t *)object.dlfo_map_end - (const uint8_t *)object.dlfo_map_start),
        .address = (uint64_t)object.dlfo_map_start,
    };
    const struct cfi_module module = {
        .header = image, .frames = image, .header_address = (uint64_t)object.dlfo_eh_frame};
    return cfi_evaluate(&module, pc);
}
