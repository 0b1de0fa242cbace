/* Records as the kernel writes them, one after another, each as long as its header says. */

#include "fuzz.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "sampler/follow.h"
#include "sampler/records.h"

static enum sampler_place place(uint32_t pid, uint64_t address, uint64_t *original, void *data)
{
    *original = address ^ 0x10;
    return (enum sampler_place)((pid + address) % 7 < 3 ? (pid + address) % 7 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    const struct sampler_options options = {.own_name = "libown.so", .place = size % 2 != 0 ? place : NULL};
    struct follow *follow = follow_new(&options);
    struct perf_event_header header;
    while ((size_t)(input.end - input.at) >= sizeof header) {
        size_t got;
        memcpy(&header, input.at, sizeof header);
        size_t wanted = header.size >= sizeof header ? header.size : sizeof header;
        uint8_t *bytes = fuzz_take_bytes(&input, wanted, &got);
        uint64_t time_ns;
        if (record_time(bytes, got, &time_ns))
            follow_window(follow, (uint32_t)time_ns % 4);
        follow_feed(follow, bytes, got);
        free(bytes);
    }
    const struct tally *tally = follow_tally(follow);
    for (size_t i = 0; i < tally->frame_count; i++) {
        uint32_t module = tally->frames[i].module;
        fprintf(fuzz_nowhere(), "%s", module < follow_module_count(follow) ? follow_module(follow, module) : "");
    }
    follow_free(follow);
    return 0;
}
