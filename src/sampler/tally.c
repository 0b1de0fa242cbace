/* A hash table with linear probing over an array of stacks. */

#include "sampler/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define FRAMES_MOST (UINT64_C(1) << 24) /* 128 MiB of them */
#define SLOTS_FIRST 1024

void tally_fini(struct tally *tally)
{
    free(tally->stacks);
    free(tally->frames);
    free(tally->slots);
    *tally = (struct tally){0};
}

static uint64_t hash_of(uint32_t window, const struct session_frame *frames, size_t count, bool stopped)
{
    uint64_t hash = (uint64_t)window << 1 | stopped;
    for (size_t i = 0; i < count; i++) {
        uint64_t frame = (uint64_t)frames[i].module << 48 | frames[i].address;
        hash = (hash ^ frame) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return hash;
}

static bool is_same(const struct tally *tally, const struct tally_stack *stack, const struct tally_stack *wanted,
                    const struct session_frame *frames)
{
    return stack->hash == wanted->hash && stack->window == wanted->window && stack->stopped == wanted->stopped &&
           stack->frame_count == wanted->frame_count &&
           memcmp(tally->frames + stack->frame_first, frames, wanted->frame_count * sizeof *frames) == 0;
}

static size_t *find_slot(const struct tally *tally, const struct tally_stack *wanted,
                         const struct session_frame *frames)
{
    size_t mask = tally->slot_count - 1, at = wanted->hash & mask;
    while (tally->slots[at] != 0 && !is_same(tally, &tally->stacks[tally->slots[at] - 1], wanted, frames))
        at = (at + 1) & mask;
    return &tally->slots[at];
}

/* Keep at least half of the slots free. */
static int make_room(struct tally *tally)
{
    if (tally->stack_count * 2 < tally->slot_count)
        return 0;
    size_t count = tally->slot_count > 0 ? tally->slot_count * 2 : SLOTS_FIRST;
    size_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < tally->stack_count; i++) {
        size_t at = tally->stacks[i].hash & (count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (count - 1);
        slots[at] = i + 1;
    }
    free(tally->slots);
    tally->slots = slots;
    tally->slot_count = count;
    return 0;
}

static int add_stack(struct tally *tally, struct tally_stack *stack, const struct session_frame *frames)
{
    if (tally->frame_count + stack->frame_count > FRAMES_MOST)
        return -ENOMEM;
    struct session_frame *all =
        array_grow(tally->frames, &tally->frame_capacity, tally->frame_count + stack->frame_count + 1, sizeof *all);
    if (all == NULL)
        return -ENOMEM;
    tally->frames = all;
    struct tally_stack *stacks =
        array_grow(tally->stacks, &tally->stack_capacity, tally->stack_count + 1, sizeof *stacks);
    if (stacks == NULL)
        return -ENOMEM;
    tally->stacks = stacks;
    stack->frame_first = tally->frame_count;
    memcpy(all + tally->frame_count, frames, stack->frame_count * sizeof *frames);
    tally->frame_count += stack->frame_count;
    stacks[tally->stack_count++] = *stack;
    return 0;
}

int tally_add(struct tally *tally, uint32_t window, const struct session_frame *frames, size_t frame_count,
              bool stopped)
{
    struct tally_stack stack = {.window = window,
                                .frame_count = (uint32_t)frame_count,
                                .hash = hash_of(window, frames, frame_count, stopped),
                                .stopped = stopped};
    if (make_room(tally) != 0)
        return -ENOMEM;
    size_t *slot = find_slot(tally, &stack, frames);
    if (*slot == 0) {
        if (add_stack(tally, &stack, frames) != 0)
            return -ENOMEM;
        *slot = tally->stack_count;
    }
    tally->stacks[*slot - 1].sample_count++;
    return 0;
}
