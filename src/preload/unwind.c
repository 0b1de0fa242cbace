/* The walk. Rules come from a cache, process-wide and lossy: one word per return address, read and written without a
   lock, filled from the module's call frame information at the first meeting. */

#include "preload/unwind.h"

#include <sys/uio.h>
#include <ucontext.h>

#include "preload/cfi.h"
#include "preload/displace.h"
#include "preload/syscalls.h"

/* A cache word: tag, kind, cfa_offset / 8, bp_offset / 8. The address is permuted by an invertible function; its upper
   bits choose the slot, the others are the tag, so that a word belongs to exactly one address. */
#define CACHE_BITS 14
#define ADDRESS_BITS 48
#define TAG_BITS (ADDRESS_BITS - CACHE_BITS)
#define CFA_BITS 14
#define BP_BITS 12
#define KIND_SHIFT (CFA_BITS + BP_BITS)
#define TAG_SHIFT (KIND_SHIFT + 4)
#define BP_SAME (1u << (BP_BITS - 1)) /* the most negative number: bp was not saved */
#define KIND_UNCACHED 7               /* has to be evaluated each time */
_Static_assert(TAG_BITS + 4 + CFA_BITS + BP_BITS == 64, "a word is full");

static _Atomic uint64_t cache[1u << CACHE_BITS];

static uint64_t permute(uint64_t address)
{
    address &= (UINT64_C(1) << ADDRESS_BITS) - 1;
    address ^= address >> 19;
    return (address * UINT64_C(0x9E3779B97F4B)) & ((UINT64_C(1) << ADDRESS_BITS) - 1);
}

static bool fits(int64_t value, int bits)
{
    return value % 8 == 0 && value / 8 > -(INT64_C(1) << (bits - 1)) && value / 8 < INT64_C(1) << (bits - 1);
}

static uint64_t pack(const struct cfi_rule *rule, uint64_t tag)
{
    uint64_t kind = rule->kind, bp = BP_SAME;
    if (!fits(rule->cfa_offset, CFA_BITS) || (rule->restores_bp && !fits(rule->bp_offset, BP_BITS)))
        kind = KIND_UNCACHED;
    else if (rule->restores_bp)
        bp = (uint64_t)(rule->bp_offset / 8) & ((1u << BP_BITS) - 1);
    uint64_t cfa = (uint64_t)(rule->cfa_offset / 8) & ((1u << CFA_BITS) - 1);
    return tag << TAG_SHIFT | kind << KIND_SHIFT | cfa << BP_BITS | bp;
}

static int32_t sign_extend(uint64_t value, int bits)
{
    return (int32_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

static __attribute__((noinline)) uint64_t fill(uint64_t return_address, uint64_t permuted)
{
    struct cfi_rule rule = cfi_rule_at(return_address - 1);
    uint64_t word = pack(&rule, permuted & ((UINT64_C(1) << TAG_BITS) - 1));
    atomic_store_explicit(&cache[permuted >> TAG_BITS], word, memory_order_relaxed);
    return word;
}

static inline struct cfi_rule rule_for(uint64_t return_address)
{
    uint64_t permuted = permute(return_address);
    uint64_t word = atomic_load_explicit(&cache[permuted >> TAG_BITS], memory_order_relaxed);
    if (__builtin_expect(word >> TAG_SHIFT != (permuted & ((UINT64_C(1) << TAG_BITS) - 1)) || word == 0, 0))
        word = fill(return_address, permuted);
    if (__builtin_expect(((word >> KIND_SHIFT) & 15) == KIND_UNCACHED, 0))
        return cfi_rule_at(return_address - 1);
    return (struct cfi_rule){.kind = (uint8_t)((word >> KIND_SHIFT) & 15),
                             .restores_bp = (word & ((1u << BP_BITS) - 1)) != BP_SAME,
                             .cfa_offset = sign_extend(word >> BP_BITS, CFA_BITS) * 8,
                             .bp_offset = sign_extend(word, BP_BITS) * 8};
}

void unwind_forget(void)
{
    for (uint32_t i = 0; i < 1u << CACHE_BITS; i++)
        atomic_store_explicit(&cache[i], 0, memory_order_relaxed);
}

static uint64_t word_at(uint64_t address)
{
    return *(const volatile uint64_t *)address;
}

/* Read where nobody vouches for the address. */
static bool read_safely(uint64_t address, uint64_t *words, size_t count)
{
    if (guest_sandboxed)
        return false;
    struct iovec here = {words, count * sizeof *words}, there = {(void *)address, count * sizeof *words};
    return raw_syscall6(SYS_process_vm_readv, (long)guest.pid, (long)&here, 1, (long)&there, 1, 0) ==
           (long)(count * sizeof *words);
}

static inline uint64_t mix(uint64_t parent, uint64_t return_address)
{
    __uint128_t product = (__uint128_t)(parent ^ UINT64_C(0xa0761d6478bd642f)) *
                          (return_address ^ UINT64_C(0xe7037ed1a0b428db) ^ (parent << 1));
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The registers on the way out. */
struct cursor {
    uint64_t return_address, sp, bp;
};

enum step { STEP_ON, STEP_ROOT, STEP_STOPPED, STEP_OTHER_STACK };

/* No information about this code: a frame pointer, if it looks like one. */
static enum step guess(struct cursor *at, struct unwind_link *link, struct unwind *unwind)
{
    uint64_t words[2];
    if (at->bp < at->sp || at->bp - at->sp > (UINT64_C(8) << 20) || at->bp % 8 != 0 || !read_safely(at->bp, words, 2) ||
        words[1] < WIRE_PAGE_BYTES)
        return STEP_STOPPED;
    unwind->guessed++;
    *link = (struct unwind_link){.restores_bp = true, .bp_offset = -16, .needs_bp = true};
    *at = (struct cursor){.return_address = words[1], .sp = at->bp + 16, .bp = words[0]};
    return STEP_ON;
}

/* Behind a signal handler: where the program was interrupted. One is added to its address, so that one less, as for
   every return address, lies in the interrupted instruction. */
static enum step step_signal(struct cursor *at)
{
    const ucontext_t *context = (const ucontext_t *)at->sp;
    uint64_t pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP], original = displace_original(pc);
    *at = (struct cursor){.return_address = (original != 0 ? original : pc) + 1,
                          .sp = (uint64_t)context->uc_mcontext.gregs[REG_RSP],
                          .bp = (uint64_t)context->uc_mcontext.gregs[REG_RBP]};
    return STEP_OTHER_STACK;
}

static inline enum step step_out(struct cursor *at, struct unwind_link *link, struct unwind *unwind)
{
    struct cfi_rule rule = rule_for(at->return_address);
    uint64_t frame, bp = at->bp;
    *link = (struct unwind_link){0};
    switch (rule.kind) {
    case CFI_SP:
        frame = at->sp + (uint64_t)(int64_t)rule.cfa_offset;
        break;
    case CFI_BP:
        frame = at->bp + (uint64_t)(int64_t)rule.cfa_offset;
        link->needs_bp = true;
        break;
    case CFI_ALIGNED: {
        uint64_t holder = at->bp + (uint64_t)(int64_t)rule.cfa_offset;
        if (holder < at->sp || holder % 8 != 0)
            return STEP_STOPPED;
        frame = word_at(holder);
        link->needs_bp = true;
        rule.bp_offset += (int32_t)(at->bp - frame); /* from the frame, as for the others */
        break;
    }
    case CFI_SIGNAL:
        return step_signal(at);
    case CFI_ROOT:
        return STEP_ROOT;
    default:
        return guess(at, link, unwind);
    }
    if (frame <= at->sp || frame % 8 != 0)
        return STEP_STOPPED;
    if (rule.restores_bp) {
        bp = word_at(frame + (uint64_t)(int64_t)rule.bp_offset);
        link->restores_bp = true;
        link->bp_offset = rule.bp_offset;
    }
    *at = (struct cursor){.return_address = word_at(frame - 8), .sp = frame, .bp = bp};
    return STEP_ON;
}

/* Do the slots of frames[0..count) and their saved frame pointers still hold what they held? Independent loads, one
   decision. */
static inline bool is_unchanged(const struct unwind *unwind, uint32_t count)
{
    uint64_t difference = 0;
    for (uint32_t i = 0; i < count; i++)
        difference |= word_at(unwind->frames[i].slot) ^ unwind->frames[i].return_address;
    for (uint32_t i = 0; i < unwind->links[count].check_count; i++)
        difference |= word_at(unwind->checks[i].slot) ^ unwind->checks[i].value;
    return difference == 0;
}

/* The outermost frame that changed: all remembered ones from it inward are void. */
static uint32_t first_changed(const struct unwind *unwind, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && word_at(unwind->frames[i].slot) == unwind->frames[i].return_address)
        i++;
    return i < count ? i : 0; /* only a saved frame pointer changed: walk all anew */
}

/* Can the walk, being at `at`, end by joining frames[depth - 1]? */
static inline bool joins(const struct unwind *unwind, uint32_t depth, const struct cursor *at)
{
    const struct unwind_frame *frame = &unwind->frames[depth - 1];
    return frame->slot == at->sp - 8 && frame->return_address == at->return_address &&
           (!unwind->links[depth - 1].needs_bp || frame->bp == at->bp);
}

/* Append the `count` inner frames, innermost first in `inner`, to the `depth` that stay. */
static uint64_t append(struct unwind *unwind, uint32_t depth, uint32_t count)
{
    uint64_t path = depth > 0 ? unwind->frames[depth - 1].path : 0;
    bool needs_bp = depth > 0 && unwind->links[depth - 1].needs_bp;
    uint32_t checks = depth > 0 ? unwind->links[depth - 1].check_count : 0;
    if (count > UNWIND_DEPTH - depth) {
        unwind->truncated++;
        count = UNWIND_DEPTH - depth;
    }
    unwind->changed = depth;
    for (uint32_t i = count; i-- > 0; depth++) {
        struct unwind_frame *frame = &unwind->frames[depth];
        struct unwind_link *link = &unwind->links[depth];
        *frame = unwind->inner[i];
        *link = unwind->inner_links[i];
        if (link->restores_bp && needs_bp && depth > 0)
            unwind->checks[checks++] =
                (struct unwind_check){.slot = unwind->frames[depth - 1].slot + 8 + (uint64_t)(int64_t)link->bp_offset,
                                      .value = unwind->frames[depth - 1].bp};
        needs_bp = link->needs_bp || (!link->restores_bp && needs_bp);
        link->needs_bp = needs_bp;
        link->check_count = checks;
        path = mix(path, frame->return_address);
        frame->path = path;
    }
    unwind->depth = depth;
    return path;
}

uint64_t unwind_walk(struct unwind *unwind, const struct unwind_start *start)
{
    struct cursor at = {start->return_address, start->sp, start->bp};
    uint32_t depth = unwind->remembered, count = 0;
    bool other_stack = false; /* a handler may run on another stack: such a walk is not believed next time */
    for (;;) {
        while (depth > 0 && unwind->frames[depth - 1].slot < at.sp - 8)
            depth--;
        if (depth > 0 && joins(unwind, depth, &at)) {
            if (is_unchanged(unwind, depth - 1))
                break;
            depth = first_changed(unwind, depth - 1);
        }
        if (count == UNWIND_INNER) {
            unwind->truncated++;
            depth = 0;
            break;
        }
        unwind->inner[count] =
            (struct unwind_frame){.slot = at.sp - 8, .return_address = at.return_address, .bp = at.bp};
        enum step step = step_out(&at, &unwind->inner_links[count++], unwind);
        if (step != STEP_ON)
            depth = 0;
        if (step == STEP_OTHER_STACK) {
            other_stack = true;
        } else if (step != STEP_ON) {
            unwind->stopped += step == STEP_STOPPED;
            break;
        }
    }
    uint64_t path = append(unwind, depth, count);
    unwind->remembered = other_stack ? 0 : unwind->depth;
    return path;
}
