/* The walk. Rules come from a cache, process-wide and lossy: one word per return address, read and written without a
   lock, filled from the module's call frame information at the first meeting. */

#include "preload/unwind.h"

#include <sys/uio.h>
#include <ucontext.h>

#include "preload/cfi.h"
#include "preload/displace.h"
#include "preload/syscalls.h"
#include "wire/event.h"

/* A cache word: tag, kind, cfa_offset / 8, bp_offset / 8. The address is permuted by an invertible function; its upper
   bits choose the slot, the others are the tag, so that a word belongs to exactly one address. A free word is 0, which
   says CFI_UNKNOWN of the address with tag 0. */
#define CACHE_BITS 14
#define ADDRESS_BITS 48
#define TAG_BITS (ADDRESS_BITS - CACHE_BITS)
#define CFA_BITS 14
#define BP_BITS 12
#define KIND_BITS 4
#define KIND_SHIFT (CFA_BITS + BP_BITS)
#define TAG_SHIFT (KIND_SHIFT + KIND_BITS)
#define BP_SAME (1u << (BP_BITS - 1)) /* the most negative number: bp was not saved */
#define KIND_UNCACHED 15              /* has to be evaluated each time */
_Static_assert(TAG_BITS + KIND_BITS + CFA_BITS + BP_BITS == 64, "a word is full");

/* A frame that begins farther away than this is looked at with care: bp may hold anything in code that lies about it.
 */
#define NEAR_BYTES 65536u
#define FAR_BYTES (UINT64_C(64) << 20)

volatile uint32_t unwind_epoch;

static _Atomic uint64_t cache[1u << CACHE_BITS];

static inline uint64_t permute(uint64_t address)
{
    return (address * UINT64_C(0x9E3779B97F4B)) & ((UINT64_C(1) << ADDRESS_BITS) - 1);
}

static bool fits(int64_t value, int bits)
{
    return value % 8 == 0 && value / 8 > -(INT64_C(1) << (bits - 1)) && value / 8 < INT64_C(1) << (bits - 1);
}

static uint64_t pack(const struct cfi_rule *rule)
{
    uint64_t kind = rule->kind, bp = BP_SAME;
    if (!fits(rule->cfa_offset, CFA_BITS) || (rule->restores_bp && !fits(rule->bp_offset, BP_BITS)))
        kind = KIND_UNCACHED;
    else if (rule->restores_bp)
        bp = (uint64_t)(rule->bp_offset / 8) & ((1u << BP_BITS) - 1);
    uint64_t cfa = (uint64_t)(rule->cfa_offset / 8) & ((1u << CFA_BITS) - 1);
    return kind << KIND_SHIFT | cfa << BP_BITS | bp;
}

static inline int64_t sign_extend(uint64_t value, int bits)
{
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

static __attribute__((noinline)) uint64_t fill(uint64_t return_address, uint64_t permuted)
{
    struct cfi_rule rule = cfi_rule_at(return_address - 1);
    uint64_t word = pack(&rule) | permuted << TAG_SHIFT;
    atomic_store_explicit(&cache[permuted >> TAG_BITS], word, memory_order_relaxed);
    return word;
}

static inline uint64_t word_for(uint64_t return_address)
{
    uint64_t permuted = permute(return_address);
    uint64_t word = atomic_load_explicit(&cache[permuted >> TAG_BITS], memory_order_relaxed);
    if (__builtin_expect((word ^ permuted << TAG_SHIFT) >> TAG_SHIFT != 0, 0) || __builtin_expect(word == 0, 0))
        word = fill(return_address, permuted);
    return word;
}

static inline unsigned kind_in(uint64_t word)
{
    return word >> KIND_SHIFT & ((1u << KIND_BITS) - 1);
}

static inline int64_t cfa_offset_in(uint64_t word)
{
    return sign_extend(word >> BP_BITS, CFA_BITS) * 8;
}

/* INT64_MIN: bp was not saved. */
static inline int64_t bp_offset_in(uint64_t word)
{
    return (word & ((1u << BP_BITS) - 1)) == BP_SAME ? INT64_MIN : sign_extend(word, BP_BITS) * 8;
}

void unwind_forget(void)
{
    for (uint32_t i = 0; i < 1u << CACHE_BITS; i++)
        atomic_store_explicit(&cache[i], 0, memory_order_relaxed);
    unwind_memory_leaves();
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

/* Read on behalf of a frame at `sp`: a word of the stack nearby is there; what is farther away may not be. */
static bool read_word(uint64_t sp, uint64_t address, uint64_t *word)
{
    if (address % 8 != 0 || address - sp > FAR_BYTES)
        return false;
    if (address - sp > NEAR_BYTES)
        return read_safely(address, word, 1);
    *word = word_at(address);
    return true;
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

/* On to the frame that begins at `frame`, where bp is saved at `saved` unless that is 0. */
static inline void step_to(struct cursor *at, struct unwind_step *step, uint64_t frame, uint64_t saved, unsigned flags)
{
    step->saved = saved | flags;
    *at =
        (struct cursor){.return_address = word_at(frame - 8), .sp = frame, .bp = saved != 0 ? word_at(saved) : at->bp};
}

/* No information about this code: a frame pointer, if it looks like one. */
static enum step guess(struct cursor *at, struct unwind_step *step, struct unwind *unwind)
{
    uint64_t words[2];
    if (at->bp < at->sp || at->bp - at->sp > FAR_BYTES || at->bp % 8 != 0 || !read_safely(at->bp, words, 2) ||
        words[1] < WIRE_PAGE_BYTES)
        return STEP_STOPPED;
    unwind->guessed++;
    step_to(at, step, at->bp + 16, at->bp, UNWIND_NEEDS_BP);
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

/* A rule as it was evaluated, whatever it says. */
static __attribute__((noinline)) enum step step_by_rule(struct cursor *at, struct unwind_step *step,
                                                        struct unwind *unwind)
{
    struct cfi_rule rule = cfi_rule_at(at->return_address - 1);
    uint64_t frame, bp_base, word;
    unsigned flags = UNWIND_NEEDS_BP;
    step->saved = 0;
    switch (rule.kind) {
    case CFI_SP:
        bp_base = frame = at->sp + (uint64_t)(int64_t)rule.cfa_offset;
        flags = 0;
        break;
    case CFI_BP:
        bp_base = frame = at->bp + (uint64_t)(int64_t)rule.cfa_offset;
        break;
    case CFI_ALIGNED: {
        uint64_t holder = at->bp + (uint64_t)(int64_t)rule.cfa_offset;
        if (!read_word(at->sp, holder, &frame))
            return STEP_STOPPED;
        bp_base = at->bp;
        break;
    }
    case CFI_SIGNAL:
        return step_signal(at);
    case CFI_ROOT:
        return STEP_ROOT;
    default:
        return guess(at, step, unwind);
    }
    uint64_t saved = rule.restores_bp ? bp_base + (uint64_t)(int64_t)rule.bp_offset : 0;
    if (frame <= at->sp || !read_word(at->sp, frame - 8, &word) || (saved != 0 && !read_word(at->sp, saved, &word)))
        return STEP_STOPPED;
    step_to(at, step, frame, saved, flags);
    return STEP_ON;
}

static inline enum step step_out(struct cursor *at, struct unwind_step *step, struct unwind *unwind)
{
    uint64_t word = word_for(at->return_address);
    unsigned kind = kind_in(word);
    _Static_assert(CFI_SP == 1 && CFI_BP == 2, "the usual kinds are those below 3");
    if (__builtin_expect(kind - CFI_SP <= CFI_BP - CFI_SP, 1)) {
        uint64_t frame = (kind == CFI_BP ? at->bp : at->sp) + (uint64_t)cfa_offset_in(word);
        int64_t bp_offset = bp_offset_in(word);
        if (__builtin_expect(frame - at->sp - 8 < NEAR_BYTES && frame % 8 == 0, 1)) {
            step_to(at, step, frame, bp_offset != INT64_MIN ? frame + (uint64_t)bp_offset : 0,
                    kind == CFI_BP ? UNWIND_NEEDS_BP : 0);
            return STEP_ON;
        }
    }
    if (kind == CFI_ROOT) {
        step->saved = 0;
        return STEP_ROOT;
    }
    return step_by_rule(at, step, unwind);
}

static inline uint64_t checks_differ(const struct unwind_check *checks, uint32_t count)
{
    uint64_t difference = 0;
#pragma GCC unroll 4
    for (uint32_t i = 0; i < count; i++)
        difference |= word_at(checks[i].slot) ^ checks[i].value;
    return difference;
}

/* Of the remembered walk from frames[count - 1] outwards: 0 if every slot that it read, and the one that frames[count -
   1] itself lies in, still hold what they held. Independent loads, one decision. */
static inline uint64_t frames_differ(const struct unwind *unwind, uint32_t count)
{
    return checks_differ(unwind->returns, count) | checks_differ(unwind->checks, unwind->frames[count - 1].check_count);
}

/* The outermost frame that changed: all remembered ones from it inward are void. */
static uint32_t first_changed(const struct unwind *unwind, uint32_t count)
{
    uint32_t i = 0;
    while (i < count && word_at(unwind->returns[i].slot) == unwind->returns[i].value)
        i++;
    return i < count ? i : 0; /* only a saved frame pointer changed: walk all anew */
}

/* Can the walk, being at `at`, end by joining frames[depth - 1]? */
static inline bool joins(const struct unwind *unwind, uint32_t depth, const struct cursor *at)
{
    const struct unwind_frame *frame = &unwind->frames[depth - 1];
    return unwind->returns[depth - 1].slot == at->sp - 8 && unwind->returns[depth - 1].value == at->return_address &&
           (!frame->needs_bp || frame->bp == at->bp);
}

/* Append the `count` inner frames, innermost first in `inner`, to the `depth` that stay. */
static inline uint64_t append(struct unwind *unwind, uint32_t depth, uint32_t count)
{
    uint64_t path = depth > 0 ? unwind->frames[depth - 1].path : unwind->root;
    bool needs_bp = depth > 0 && unwind->frames[depth - 1].needs_bp;
    uint32_t checks = depth > 0 ? unwind->frames[depth - 1].check_count : 0;
    unwind->changed = depth;
    for (uint32_t i = count; i-- > 0; depth++) {
        const struct unwind_step *step = &unwind->inner[i];
        uint64_t saved = step->saved & ~(uint64_t)UNWIND_NEEDS_BP;
        if (saved != 0 && needs_bp && depth > 0)
            unwind->checks[checks++] = (struct unwind_check){.slot = saved, .value = unwind->frames[depth - 1].bp};
        needs_bp = (step->saved & UNWIND_NEEDS_BP) != 0 || (saved == 0 && needs_bp);
        path = mix(path, step->return_address);
        unwind->returns[depth] = (struct unwind_check){.slot = step->slot, .value = step->return_address};
        unwind->frames[depth] =
            (struct unwind_frame){.bp = step->bp, .path = path, .check_count = checks, .needs_bp = needs_bp};
    }
    unwind->depth = depth;
    return path;
}

/* The frames behind those that stay have been stepped through, for `reason`. */
static inline void end_at(struct unwind *unwind, enum wire_root reason)
{
    unwind->stopped += reason == WIRE_ROOT_STOPPED;
    unwind->truncated += reason == WIRE_ROOT_CUT;
    unwind->root = unwind->generation << 2 | reason;
}

static uint64_t walk_anew(struct unwind *unwind, const struct unwind_start *start);

/* Step through at most `limit` frames, the outermost of which may be one of the first `depth` remembered ones. */
static inline uint64_t walk(struct unwind *unwind, const struct unwind_start *start, uint32_t depth, uint32_t limit)
{
    struct cursor at = {start->return_address, start->sp, start->bp};
    uint32_t count = 0;
    bool other_stack = false; /* a handler may run on another stack: such a walk is not believed next time */
    for (;;) {
        while (depth > 0 && unwind->returns[depth - 1].slot < at.sp - 8)
            depth--;
        if (depth > 0 && joins(unwind, depth, &at)) {
            if (frames_differ(unwind, depth) == 0)
                break;
            depth = first_changed(unwind, depth - 1);
        }
        if (__builtin_expect(count == limit, 0)) {
            end_at(unwind, WIRE_ROOT_CUT);
            depth = 0;
            break;
        }
        struct unwind_step *step = &unwind->inner[count++];
        step->slot = at.sp - 8;
        step->return_address = at.return_address;
        step->bp = at.bp;
        enum step outcome = step_out(&at, step, unwind);
        if (__builtin_expect(outcome == STEP_ON, 1))
            continue;
        depth = 0;
        other_stack |= outcome == STEP_OTHER_STACK;
        if (outcome != STEP_OTHER_STACK) {
            end_at(unwind, outcome == STEP_STOPPED ? WIRE_ROOT_STOPPED : WIRE_ROOT_REACHED);
            break;
        }
    }
    /* The outer frames have to go: half of them at once, for the stack may be getting deeper still. */
    if (__builtin_expect(count > UNWIND_DEPTH - depth, 0))
        return walk_anew(unwind, start);
    uint64_t path = append(unwind, depth, count);
    unwind->remembered = other_stack ? 0 : unwind->depth;
    return path;
}

static __attribute__((noinline, cold)) uint64_t walk_anew(struct unwind *unwind, const struct unwind_start *start)
{
    return walk(unwind, start, 0, UNWIND_DEPTH / 2);
}

static inline struct unwind_memo *memo_of(struct unwind *unwind, const struct unwind_start *start)
{
    uint64_t key = start->return_address * UINT64_C(0x9E3779B97F4A7C15) ^ start->sp * UINT64_C(0xA0761D6478BD642F);
    return &unwind->memos[key >> 40 & unwind->memo_mask];
}

/* Would a walk from `start` be the memo's again? */
static inline bool is_repeated(const struct unwind *unwind, const struct unwind_memo *memo,
                               const struct unwind_start *start)
{
    if (memo->start.return_address != start->return_address || memo->start.sp != start->sp ||
        (memo->needs_bp && memo->start.bp != start->bp) || memo->depth == 0 || memo->depth > unwind->remembered)
        return false;
    const struct unwind_frame *join = &unwind->frames[memo->depth - 1];
    if (join->path != memo->join_path || unwind->returns[memo->depth - 1].slot != memo->join_slot ||
        (join->needs_bp && join->bp != memo->join_bp))
        return false;
    return (checks_differ(memo->checks, memo->check_count) | frames_differ(unwind, memo->depth)) == 0;
}

/* Keep the walk that has just been stepped, if it joined a remembered one after a few frames. */
static __attribute__((noinline)) void memorize(const struct unwind *unwind, struct unwind_memo *memo,
                                               const struct unwind_start *start, uint64_t path)
{
    uint32_t joined = unwind->changed, frames = unwind->depth - joined;
    memo->depth = 0;
    if (joined == 0 || frames == 0 || unwind->remembered == 0)
        return;
    uint32_t checks_from = unwind->frames[joined - 1].check_count,
             checks_to = unwind->frames[unwind->depth - 1].check_count, count = 0;
    if (frames - 1 + checks_to - checks_from > UNWIND_MEMO_CHECKS)
        return;
    for (uint32_t i = joined; i < unwind->depth - 1; i++)
        memo->checks[count++] = unwind->returns[i];
    for (uint32_t i = checks_from; i < checks_to; i++)
        memo->checks[count++] = unwind->checks[i];
    memo->start = *start;
    memo->path = path;
    memo->join_path = unwind->frames[joined - 1].path;
    memo->join_slot = unwind->returns[joined - 1].slot;
    memo->join_bp = unwind->frames[joined - 1].bp;
    memo->frame_count = (uint16_t)frames;
    memo->check_count = (uint8_t)count;
    memo->needs_bp = unwind->frames[unwind->depth - 1].needs_bp;
    memo->depth = joined;
}

uint64_t unwind_walk(struct unwind *unwind, const struct unwind_start *start)
{
    struct unwind_memo *memo = memo_of(unwind, start);
    if (__builtin_expect(is_repeated(unwind, memo, start), 1)) {
        unwind->recalled = memo;
        return memo->path;
    }
    unwind->recalled = NULL;
    uint64_t path = walk(unwind, start, unwind->remembered, UNWIND_INNER);
    if (memo->last_path == path) /* for the second time in a row */
        memorize(unwind, memo, start, path);
    memo->last_path = path;
    return path;
}

uint32_t unwind_last(const struct unwind *unwind, uint64_t *out, uint32_t max)
{
    const struct unwind_memo *memo = unwind->recalled;
    uint32_t count = 0, shared = memo != NULL ? memo->depth : unwind->depth;
    if (memo != NULL) {
        if (max > 0)
            out[0] = memo->start.return_address;
        for (count = 1; count < memo->frame_count; count++)
            if (count < max)
                out[count] = memo->checks[memo->frame_count - 1u - count].value;
    }
    for (uint32_t i = shared; i-- > 0; count++)
        if (count < max)
            out[count] = unwind->returns[i].value;
    return count;
}

void unwind_reset(struct unwind *unwind)
{
    unwind->remembered = 0;
    for (uint32_t i = 0; i <= unwind->memo_mask; i++)
        unwind->memos[i].depth = 0;
}
