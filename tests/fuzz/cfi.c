/* Call frame information as the guest finds it in a module: the addresses of both areas, the size of the first, where
   to ask, then the areas: .eh_frame_hdr and .eh_frame. */

#include "fuzz.h"

#include <stdlib.h>

#include "cfi/cfi.h"

#define ASKED 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    struct cfi_module module = {.header = {.address = fuzz_take(&input, 8)},
                                .frames = {.address = fuzz_take(&input, 8)}};
    size_t header_bytes = fuzz_take(&input, 2), step = fuzz_take(&input, 1);
    uint64_t pc = fuzz_take(&input, 8);
    module.header_address = module.header.address;
    uint8_t *header = fuzz_take_bytes(&input, header_bytes, &module.header.size_bytes);
    uint8_t *frames = fuzz_take_bytes(&input, SIZE_MAX, &module.frames.size_bytes);
    module.header.bytes = header;
    module.frames.bytes = frames;
    for (int i = 0; i < ASKED; i++)
        cfi_evaluate(&module, pc + (uint64_t)i * step);
    free(header);
    free(frames);
    return 0;
}
