/* Steps by the rules of call frame information; where there are none, by the frame pointer if it looks like one. */

#include "sampler/walk.h"

#include <string.h>
#include <ucontext.h>

#define PAGE_BYTES 4096u /* no code lies below */
#define DWARF_RBP 6
#define DWARF_RSP 7

/* The registers on the way out. `ip` lies within the frame's instruction: of a call, one less than where it returns. */
struct place {
    uint64_t ip, sp, bp;
    uint32_t module;
    uint64_t address; /* of `ip`, in the module's terms */
};

struct walker {
    struct images *images;
    struct modules *modules;
    const struct walk_start *start;
    walk_original_fn *original;
    void *data;
    struct walk *out;
};

static bool read_bytes(const struct walk_start *start, uint64_t address, void *out, size_t bytes)
{
    uint64_t offset = address - start->registers[DWARF_RSP];
    if (offset >= start->stack_bytes || start->stack_bytes - offset < bytes)
        return false;
    memcpy(out, start->stack + offset, bytes);
    return true;
}

static bool read_word(const struct walk_start *start, uint64_t address, uint64_t *out)
{
    return read_bytes(start, address, out, sizeof *out);
}

/* Find what `ip` lies in. False when no code lies there. */
static bool locate(const struct walker *walker, struct place *place)
{
    place->module = MODULES_NONE;
    place->address = place->ip;
    const struct image *image = images_at(walker->images, walker->start->pid, place->ip);
    if (image != NULL && image->module == MODULES_NONE && walker->original != NULL) {
        place->ip = place->address = walker->original(image->mapped_by, place->ip, walker->data);
        image = images_at(walker->images, walker->start->pid, place->ip);
    }
    if (image == NULL)
        return false;
    if (modules_address(walker->modules, image->module, place->ip - image->start + image->file_offset, &place->address))
        place->module = image->module;
    return true;
}

static void add(struct walk *out, const struct place *place)
{
    uint32_t module = place->module == MODULES_NONE ? SESSION_NO_MODULE : place->module;
    out->frames[out->count++] =
        (struct session_frame){.module = module & UINT16_MAX, .address = place->address & ((UINT64_C(1) << 48) - 1)};
}

/* What was saved below the stack pointer has been taken back already: epilogues do not say so. */
static bool step_to(const struct walker *walker, struct place *place, uint64_t frame, const uint64_t *saved_bp)
{
    uint64_t return_address, bp = place->bp;
    if (frame <= place->sp || !read_word(walker->start, frame - 8, &return_address) || return_address < PAGE_BYTES ||
        (saved_bp != NULL && *saved_bp >= place->sp && !read_word(walker->start, *saved_bp, &bp)))
        return false;
    *place = (struct place){.ip = return_address - 1, .sp = frame, .bp = bp};
    return true;
}

/* Code without information. A frame pointer is believed when what lies there is a return address into code. */
static bool guess(const struct walker *walker, struct place *place)
{
    uint64_t saved = place->bp;
    if (place->bp < place->sp || place->bp % 8 != 0 || !step_to(walker, place, place->bp + 16, &saved))
        return false;
    return images_at(walker->images, walker->start->pid, place->ip) != NULL;
}

/* Out of a signal handler: on to what it interrupted. */
static bool step_signal(const struct walker *walker, struct place *place)
{
    ucontext_t context;
    if (!read_bytes(walker->start, place->sp, &context, offsetof(ucontext_t, __fpregs_mem)))
        return false;
    const greg_t *registers = context.uc_mcontext.gregs;
    *place = (struct place){
        .ip = (uint64_t)registers[REG_RIP], .sp = (uint64_t)registers[REG_RSP], .bp = (uint64_t)registers[REG_RBP]};
    return true;
}

/* To the caller. False at the root, and with out->stopped where the way is not known. */
static bool step(const struct walker *walker, struct place *place)
{
    struct cfi_rule rule = modules_rule(walker->modules, place->module, place->address);
    uint64_t base = rule.kind == CFI_SP ? place->sp : place->bp;
    bool known = false;
    if (rule.kind == CFI_STORED && !read_word(walker->start, place->sp + (uint64_t)(int64_t)rule.holder_offset, &base))
        rule.kind = CFI_UNKNOWN;
    if (rule.kind == CFI_REGISTER && walker->out->count == 1)
        base = walker->start->registers[rule.cfa_register];
    else if (rule.kind == CFI_REGISTER) /* what it held there is not known any more */
        rule.kind = CFI_UNKNOWN;
    uint64_t frame = base + (uint64_t)(int64_t)rule.cfa_offset;
    switch (rule.kind) {
    case CFI_ROOT:
        return false;
    case CFI_SIGNAL:
        known = step_signal(walker, place);
        break;
    case CFI_SP:
    case CFI_BP:
    case CFI_STORED:
    case CFI_REGISTER:
    case CFI_ALIGNED: {
        uint64_t saved = (rule.kind == CFI_ALIGNED ? place->bp : frame) + (uint64_t)(int64_t)rule.bp_offset;
        known = (rule.kind != CFI_ALIGNED || read_word(walker->start, frame, &frame)) &&
                step_to(walker, place, frame, rule.restores_bp ? &saved : NULL);
        break;
    }
    default:
        known = guess(walker, place);
    }
    walker->out->stopped = !known;
    return known;
}

void walk_stack(struct images *images, struct modules *modules, const struct walk_start *start,
                walk_original_fn *original, void *data, struct walk *out)
{
    const struct walker walker = {
        .images = images, .modules = modules, .start = start, .original = original, .data = data, .out = out};
    struct place place = {.ip = start->ip, .sp = start->registers[DWARF_RSP], .bp = start->registers[DWARF_RBP]};
    bool was_own = false;
    out->count = 0;
    out->stopped = out->begins_in_own = out->returns_from_handler = out->has_own_handler = false;
    do {
        if (!locate(&walker, &place) && out->count > 0) {
            out->stopped = true; /* what was taken for a return address is none */
            return;
        }
        if (out->count == 0 && start->in_kernel && modules_is_behind_call(modules, place.module, place.address)) {
            place.ip--; /* as for a call: a system call may be the last instruction of its function */
            place.address--;
        }
        bool is_own = modules_is_own(modules, place.module);
        bool is_signal = modules_rule(modules, place.module, place.address).kind == CFI_SIGNAL;
        if (out->count == 0) {
            out->begins_in_own = is_own;
            out->returns_from_handler = is_signal;
        }
        out->has_own_handler |= is_signal && was_own;
        was_own = is_own;
        add(out, &place);
    } while (out->count < WALK_FRAMES ? step(&walker, &place) : !(out->stopped = true));
}
