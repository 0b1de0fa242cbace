/* The checker: the preload library once more, built for tests, with every walk looked at. The linker hands calls of
   unwind_walk to us (--wrap).

   Each walk is compared with one from scratch, which remembers nothing: that judges the remembering. Each stack that
   was not met before, and each n-th walk, is compared with libunwind's from the hook's caller to the root: that judges
   the rules. libunwind is opened apart from the program's own libraries, or it would take the place of their unwinder.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "preload/cfi.h"
#include "preload/unwind.h"
#include "results.h"
#include "wire/event.h"

#define EVERY 32           /* walks, of which one is compared with libunwind though its stack is known */
#define KNOWN_BITS 18      /* of the table of stacks that were compared; lossy */
#define THREADS 4096       /* states of threads that can be told apart */
#define DIFFERENCES_TOLD 8 /* at most, of a process */

/* The linker's names. */
extern uint64_t __real_unwind_walk(struct unwind *unwind, const struct unwind_start *start);
extern uint64_t __wrap_unwind_walk(struct unwind *unwind, const struct unwind_start *start);
extern void __real_unwind_forget(void);
extern void __wrap_unwind_forget(void);

/* libunwind's functions, by the names that its header gives them. */
#define NAME_OF(symbol) NAME_OF_EXPANDED(symbol)
#define NAME_OF_EXPANDED(symbol) #symbol
static struct {
    __typeof__(&unw_init_local) init_local;
    __typeof__(&unw_step) step;
    __typeof__(&unw_get_reg) get_reg;
    __typeof__(&unw_is_signal_frame) is_signal_frame;
    __typeof__(&unw_flush_cache) flush_cache;
    __typeof__(&unw_set_cache_size) set_cache_size;
    __typeof__(&unw_set_caching_policy) set_caching_policy;
    int (*get_context)(unw_tdep_context_t *context);
    unw_addr_space_t *local_space;
    bool is_there;
} libunwind;

static void open_libunwind(void)
{
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    *(void **)&libunwind.init_local = dlsym(library, NAME_OF(unw_init_local));
    *(void **)&libunwind.step = dlsym(library, NAME_OF(unw_step));
    *(void **)&libunwind.get_reg = dlsym(library, NAME_OF(unw_get_reg));
    *(void **)&libunwind.is_signal_frame = dlsym(library, NAME_OF(unw_is_signal_frame));
    *(void **)&libunwind.flush_cache = dlsym(library, NAME_OF(unw_flush_cache));
    *(void **)&libunwind.set_cache_size = dlsym(library, NAME_OF(unw_set_cache_size));
    *(void **)&libunwind.set_caching_policy = dlsym(library, NAME_OF(unw_set_caching_policy));
    *(void **)&libunwind.get_context = dlsym(library, NAME_OF(UNW_ARCH_OBJ(getcontext)));
    libunwind.local_space = dlsym(library, NAME_OF(unw_local_addr_space));
    libunwind.is_there = libunwind.init_local != NULL && libunwind.step != NULL && libunwind.get_reg != NULL &&
                         libunwind.is_signal_frame != NULL && libunwind.flush_cache != NULL &&
                         libunwind.set_cache_size != NULL && libunwind.set_caching_policy != NULL &&
                         libunwind.get_context != NULL && libunwind.local_space != NULL;
    if (!libunwind.is_there)
        return;
    libunwind.set_caching_policy(*libunwind.local_space, UNW_CACHE_PER_THREAD); /* without a lock, or system calls */
    libunwind.set_cache_size(*libunwind.local_space, 4096, 0);
}

/* Once libc has been initialised (our own constructors run before), and not while the loader is at work. */
static void open_libunwind_if_possible(const struct unwind_start *start)
{
    static _Atomic int tried;
    struct dl_find_object loader, caller;
    if (tried != 0 || environ == NULL || _dl_find_object((void *)&_r_debug, &loader) != 0 ||
        _dl_find_object((void *)start->return_address, &caller) != 0 ||
        caller.dlfo_map_start == loader.dlfo_map_start || atomic_exchange(&tried, 1) != 0)
        return;
    open_libunwind();
}

/* A stack as a walker tells it, innermost first. */
struct stack {
    uint64_t addresses[UNWIND_DEPTH];
    uint32_t depth;
    bool is_cut;
};

/* Of one thread. */
struct own {
    struct unwind walker; /* the one that remembers nothing */
    struct stack stack;   /* as that one found it */
    struct stack remembered;
    uint64_t walks;
};

struct state {
    const struct unwind *_Atomic remembering; /* the thread's own walker; NULL: free */
    struct own *own;
};

static bool spoils; /* on demand every comparison has to fail, so that a test can see that it does */
static struct state states[THREADS];
static _Atomic uint64_t known[1u << KNOWN_BITS];
static struct checker_results *_Atomic results;
static _Atomic int told;

static struct checker_results *open_results(void)
{
    const char *path = guest_start_environment(CHECKER_ENV);
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    void *at = mmap(NULL, sizeof(struct checker_results), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    spoils = guest_start_environment(CHECKER_ENV_SPOILS) != NULL;
    return at != MAP_FAILED ? at : NULL;
}

static struct checker_results *find_results(void)
{
    if (results == NULL)
        results = open_results();
    return results;
}

static void count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static struct own *find_own(const struct unwind *unwind)
{
    uint64_t first = (uint64_t)unwind / WIRE_PAGE_BYTES;
    for (uint32_t i = 0; i < THREADS; i++) {
        struct state *state = &states[(first + i) % THREADS];
        const struct unwind *owner = NULL;
        if (state->remembering != unwind && !atomic_compare_exchange_strong(&state->remembering, &owner, unwind))
            continue;
        if (state->own == NULL) {
            void *at = mmap(NULL, sizeof *state->own, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            state->own = at != MAP_FAILED ? at : NULL;
        }
        return state->own;
    }
    return NULL;
}

/* The way to tell of a difference: one write, whatever other processes do. */
struct text {
    char bytes[16384];
    size_t used;
};

static void add(struct text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text->bytes + text->used, sizeof text->bytes - text->used, format, list);
    va_end(list);
    if (length > 0 && text->used + (size_t)length < sizeof text->bytes)
        text->used += (size_t)length;
}

static void add_frame(struct text *text, uint64_t address)
{
    Dl_info info;
    if (dladdr((void *)address, &info) != 0 && info.dli_fname != NULL)
        add(text, "  %#lx %s+%#lx %s\n", address, info.dli_fname, address - (uint64_t)info.dli_fbase,
            info.dli_sname != NULL ? info.dli_sname : "");
    else
        add(text, "  %#lx\n", address);
}

static void add_stack(struct text *text, const char *title, const struct stack *stack)
{
    add(text, "%s, %u frames%s\n", title, stack->depth, stack->is_cut ? ", cut" : "");
    for (uint32_t i = 0; i < stack->depth && i < 60; i++)
        add_frame(text, stack->addresses[i]);
}

static void tell(const struct text *text, const char *suffix)
{
    char path[4096];
    const char *base = guest_start_environment(CHECKER_ENV);
    if (base == NULL || snprintf(path, sizeof path, "%s.%s", base, suffix) >= (int)sizeof path)
        return;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && write(fd, text->bytes, text->used) != (ssize_t)text->used)
        count(&results->different_libunwind, 1); /* never in silence */
    close(fd);
}

static bool may_tell(void)
{
    return atomic_fetch_add(&told, 1) < DIFFERENCES_TOLD;
}

static void differs_from_full(const struct stack *ours, const struct stack *full)
{
    struct text text = {.used = 0};
    count(&results->different_full, 1);
    if (!may_tell())
        return;
    add(&text, "pid %d: a walk that remembers differs from one that does not\n", getpid());
    add_stack(&text, "remembering", ours);
    add_stack(&text, "from scratch", full);
    tell(&text, "differences");
}

/* Of a stack that is too deep, how many of its outer frames are left out depends on what was remembered: then only the
   inner ones are compared. */
static void compare_with_full(const struct stack *ours, uint64_t path, const struct stack *full, uint64_t full_path)
{
    bool is_cut = ours->is_cut || full->is_cut, differs = !is_cut && (path != full_path || ours->depth != full->depth);
    for (uint32_t i = 0; i < ours->depth && i < full->depth && !differs; i++)
        differs = ours->addresses[i] != full->addresses[i];
    if (differs)
        differs_from_full(ours, full);
}

/* Walks that end elsewhere than at the root are no mistakes, but somebody may want to know where that is. */
static void tell_stop(const struct stack *stack, uint64_t outermost)
{
    static _Atomic uint64_t known_stops[DIFFERENCES_TOLD];
    struct text text = {.used = 0};
    for (int i = 0; i < DIFFERENCES_TOLD; i++) {
        uint64_t nothing = 0;
        if (known_stops[i] == outermost)
            return;
        if (!atomic_compare_exchange_strong(&known_stops[i], &nothing, outermost))
            continue;
        add(&text, "pid %d: a walk ends at %#lx\n", getpid(), outermost);
        add_stack(&text, "the stack", stack);
        tell(&text, "stops");
        return;
    }
}

/* How a walk from scratch ended. */
static void count_end(const struct unwind *full, const struct stack *stack)
{
    uint64_t outermost = stack->depth > 0 ? stack->addresses[stack->depth - 1] : 0;
    struct dl_find_object object;
    count(&results->guessed, full->guessed != 0);
    if (full->stopped != 0)
        tell_stop(stack, outermost);
    if (full->truncated != 0)
        count(&results->truncated, 1);
    else if (full->stopped == 0)
        count(&results->root, full->guessed == 0);
    else if (_dl_find_object((void *)(outermost - 1), &object) != 0)
        count(&results->stopped_no_object, 1);
    else if (cfi_rule_at(outermost - 1).kind == CFI_UNKNOWN)
        count(&results->stopped_no_rule, 1);
    else
        count(&results->stopped_bad_frame, 1);
}

/* How many frames, from the innermost, were found by rules alone: behind that the two may guess differently. */
static uint32_t frames_by_rules(const struct unwind *full, const struct stack *stack)
{
    for (uint32_t i = 0; full->guessed != 0 && i < stack->depth; i++)
        if (cfi_rule_at(stack->addresses[i] - 1).kind == CFI_UNKNOWN)
            return i + 1;
    return stack->depth;
}

/* libunwind's walk from the hook's caller on. */
struct reference {
    uint64_t addresses[UNWIND_DEPTH + 1];
    bool is_interrupted[UNWIND_DEPTH + 1]; /* by a signal: its address is that of an instruction, not behind a call */
    uint32_t depth;
    bool found_start; /* it came by the place where our walk began */
    bool failed;      /* it gave up before a root */
};

static void walk_by_libunwind(struct reference *reference, const struct unwind_start *start, uint32_t limit)
{
    unw_context_t context;
    unw_cursor_t cursor;
    int code = libunwind.get_context(&context) == 0 && libunwind.init_local(&cursor, &context) == 0 ? 1 : -1;
    reference->depth = 0;
    reference->found_start = false;
    while (code > 0 && reference->depth < limit) {
        bool is_signal = libunwind.is_signal_frame(&cursor) > 0;
        unw_word_t pc = 0, sp = 0;
        code = libunwind.step(&cursor);
        if (code <= 0 || libunwind.get_reg(&cursor, UNW_REG_IP, &pc) != 0 ||
            libunwind.get_reg(&cursor, UNW_REG_SP, &sp) != 0 || pc == 0)
            break;
        reference->found_start |= pc == start->return_address && sp == start->sp;
        if (!reference->found_start)
            continue;
        reference->is_interrupted[reference->depth] = is_signal || libunwind.is_signal_frame(&cursor) > 0;
        reference->addresses[reference->depth++] = pc;
    }
    reference->failed = code < 0;
}

static void differs_from_libunwind(const struct stack *ours, const struct reference *reference, const char *how)
{
    struct text text = {.used = 0};
    if (!may_tell())
        return;
    add(&text, "pid %d: %s\n", getpid(), how);
    add_stack(&text, "ours", ours);
    add(&text, "libunwind's, %u frames%s\n", reference->depth, reference->failed ? ", then it failed" : "");
    for (uint32_t i = 0; i < reference->depth && i < 60; i++)
        add_frame(&text, reference->addresses[i]);
    tell(&text, "differences");
}

static void compare_with_libunwind(const struct unwind *full, const struct stack *ours,
                                   const struct reference *reference)
{
    uint32_t by_rules = frames_by_rules(full, ours), equal = 0;
    while (equal < by_rules && equal < reference->depth &&
           (ours->addresses[equal] == reference->addresses[equal] ||
            (reference->is_interrupted[equal] && ours->addresses[equal] == reference->addresses[equal] + 1)))
        equal++;
    bool ours_ended = full->stopped == 0 && full->truncated == 0 && full->guessed == 0;
    if (equal < by_rules && equal == reference->depth && reference->failed) {
        count(&results->libunwind_failed, 1);
        differs_from_libunwind(ours, reference, "libunwind gave up");
    } else if (!reference->found_start || equal < by_rules ||
               (ours_ended && (reference->depth != ours->depth || reference->failed))) {
        count(&results->different_libunwind, 1);
        differs_from_libunwind(ours, reference, "a walk differs from libunwind's");
    }
}

static bool is_new(uint64_t path)
{
    _Atomic uint64_t *place = &known[path >> (64 - KNOWN_BITS)];
    if (atomic_load_explicit(place, memory_order_relaxed) == path)
        return false;
    atomic_store_explicit(place, path, memory_order_relaxed);
    return true;
}

/* One thread at a time, the others leave it: a lock would hang a child that another thread forks. */
static __attribute__((noinline)) void check_rules(struct own *own, uint64_t path, const struct unwind_start *start)
{
    static _Atomic int busy;
    static struct reference reference;
    if (atomic_exchange_explicit(&busy, 1, memory_order_acquire) != 0)
        return;
    open_libunwind_if_possible(start);
    if (libunwind.is_there && (is_new(path) || own->walks % EVERY == 0)) {
        walk_by_libunwind(&reference, start, own->stack.depth + 1);
        if (spoils && reference.depth > 0)
            reference.addresses[reference.depth - 1] += 2;
        count(&results->compared, 1);
        compare_with_libunwind(&own->walker, &own->stack, &reference);
    }
    atomic_store_explicit(&busy, 0, memory_order_release);
}

static void tell_stack(const struct unwind *unwind, struct stack *stack, bool is_cut)
{
    stack->depth = unwind_last(unwind, stack->addresses, UNWIND_DEPTH);
    stack->is_cut = is_cut;
}

/* A walk of which nothing was known before. */
static uint64_t walk_from_scratch(struct unwind *full, const struct unwind *remembering,
                                  const struct unwind_start *start)
{
    full->memo_mask = 0;
    full->generation = remembering->generation;
    full->truncated = full->guessed = full->stopped = 0;
    unwind_reset(full);
    return __real_unwind_walk(full, start);
}

static void check(struct own *own, const struct unwind *unwind, uint64_t path, const struct unwind_start *start)
{
    uint64_t full_path = walk_from_scratch(&own->walker, unwind, start);
    tell_stack(unwind, &own->remembered, (unwind->root & 3) == WIRE_ROOT_CUT);
    tell_stack(&own->walker, &own->stack, own->walker.truncated != 0);
    count(&results->walks, 1);
    count(&results->frames, own->stack.depth);
    own->walks++;
    count_end(&own->walker, &own->stack);
    compare_with_full(&own->remembered, path, &own->stack, full_path);
    check_rules(own, full_path, start);
}

uint64_t __wrap_unwind_walk(struct unwind *unwind, const struct unwind_start *start)
{
    int saved_errno = errno;
    uint64_t path = __real_unwind_walk(unwind, start);
    struct own *own = find_results() != NULL ? find_own(unwind) : NULL;
    if (own != NULL)
        check(own, unwind, path, start);
    errno = saved_errno;
    return path;
}

void __wrap_unwind_forget(void)
{
    __real_unwind_forget();
    if (libunwind.is_there)
        libunwind.flush_cache(*libunwind.local_space, 0, 0);
}
