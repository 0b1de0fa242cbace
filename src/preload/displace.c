/* Breakpoints with displaced execution.

   An armed site's first byte is int3. Branches, calls and returns are emulated: a call pushes the original return
   address, so that nobody who walks the stack sees anything odd. Any other instruction runs from a copy, in a slot near
   its module (so that RIP-relative operands still reach), and jumps back. Text is written through /proc/self/mem: it
   needs no moment in which text is writable, splits no mapping, and works where mprotect is forbidden. */

#include "preload/displace.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "preload/syscalls.h"

#define MODULE_LIMIT 512
#define JUMP_BYTES 5
#define INT3 0xcc
#define NEAR_STEP 0x200000u
#define NEAR_REACH 0x70000000u
#define NEAR_FIRST 0x1000000u /* leaves room for what the loader puts beside a module */
#define NEAR_SPAN UINT64_C(0x7fff0000)
#define SLOT_REFUSED(copies, i) ((copies)[(uint64_t)(i)*WIRE_COPY_BYTES + WIRE_COPY_BYTES - 1] == 0)

#define ARCH_SHSTK_STATUS 0x5005
#define ARCH_SHSTK_SHSTK 1

struct armed {
    _Atomic(const struct wire_plan *) plan; /* NULL: free or forgotten */
    uint64_t base;
    uint64_t low, high; /* run-time range of its sites */
    uint8_t *copies;    /* slot i belongs to site i */
    uint64_t copies_bytes;
    uint32_t armed; /* stops in place */
};

#define PLAN_LIMIT 1024 /* those of higher numbers are made resident, and counted, at each use */

static struct armed modules[MODULE_LIMIT];
static uint64_t resident_plans[PLAN_LIMIT / 64]; /* bits, by number */
static _Atomic uint32_t module_count;

static uint64_t page_up(uint64_t bytes)
{
    return (bytes + WIRE_PAGE_BYTES - 1) & ~(uint64_t)(WIRE_PAGE_BYTES - 1);
}

bool displace_write_text(uint64_t address, const void *bytes, size_t count)
{
    long fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/mem", O_RDWR | O_CLOEXEC, 0);
    long written = -1;
    if (fd >= 0) {
        written = raw_syscall4(SYS_pwrite64, fd, (long)bytes, (long)count, (long)address);
        raw_syscall3(SYS_close, fd, 0, 0);
    }
    if (written == (long)count)
        return true;
    /* The kernel may be built to refuse that (PROC_MEM_NO_FORCE). */
    uint64_t page = address & ~(uint64_t)(WIRE_PAGE_BYTES - 1);
    uint64_t length = address + count - page;
    if (raw_syscall3(SYS_mprotect, (long)page, (long)length, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        ((volatile uint8_t *)address)[i] = ((const uint8_t *)bytes)[i];
    raw_syscall3(SYS_mprotect, (long)page, (long)length, PROT_READ | PROT_EXEC);
    return true;
}

/* Map `bytes` so near to [start, end) that 32-bit displacements reach all of it. */
static uint8_t *map_near(uint64_t start, uint64_t end, uint64_t bytes)
{
    for (uint64_t distance = NEAR_FIRST; distance < NEAR_REACH; distance += NEAR_STEP) {
        uint64_t candidates[2] = {start - distance, end + distance};
        for (int i = 0; i < 2; i++) {
            uint64_t at = candidates[i] & ~(uint64_t)(WIRE_PAGE_BYTES - 1);
            uint64_t low = at < start ? at : start, high = at + bytes > end ? at + bytes : end;
            if ((at > start) == (i == 0) || high - low > NEAR_SPAN) /* wrapped around, or out of reach */
                continue;
            long got = raw_syscall6(SYS_mmap, (long)at, (long)bytes, PROT_READ | PROT_EXEC,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
            if (got == (long)at)
                return (uint8_t *)at;
            if (got > 0)
                raw_syscall3(SYS_munmap, got, (long)bytes, 0);
        }
    }
    return NULL;
}

static bool put_jump(uint8_t *at, uint64_t runs_at, uint64_t target)
{
    int64_t distance = (int64_t)(target - (runs_at + JUMP_BYTES));
    if (distance != (int32_t)distance)
        return false;
    int32_t near = (int32_t)distance;
    at[0] = 0xe9;
    __builtin_memcpy(at + 1, &near, sizeof near);
    return true;
}

/* The kernel leaves in rcx where it returned to: put the place in the program there (mov $imm64, %rcx). */
static uint8_t put_system_call_return(const struct wire_site *site, uint64_t next, uint8_t *slot)
{
    uint8_t n = site->insn_bytes;
    if (n != 2 || site->insn[0] != 0x0f || site->insn[1] != 0x05)
        return n;
    slot[n++] = 0x48;
    slot[n++] = 0xb9;
    __builtin_memcpy(slot + n, &next, sizeof next);
    return n + sizeof next;
}

/* The copy of one instruction, as it has to be at address `runs_at`. False when it cannot reach what it must. */
static bool build_copy(const struct wire_site *site, uint64_t base, uint64_t runs_at, uint8_t *slot)
{
    uint64_t next = base + site->offset + site->insn_bytes;
    uint8_t n = site->insn_bytes;
    for (uint32_t i = 0; i < WIRE_COPY_BYTES; i++)
        slot[i] = INT3;
    for (int i = 0; i < n; i++)
        slot[i] = site->insn[i];
    switch (site->class) {
    case WIRE_SITE_COPY:
        n = put_system_call_return(site, next, slot);
        return put_jump(slot + n, runs_at + n, next);
    case WIRE_SITE_COPY_RIP: {
        int64_t distance = (int64_t)(base + site->target - (runs_at + n));
        if (distance != (int32_t)distance || site->displacement_byte + 4 > n)
            return false;
        int32_t near = (int32_t)distance;
        __builtin_memcpy(slot + site->displacement_byte, &near, sizeof near);
        return put_jump(slot + n, runs_at + n, next);
    }
    case WIRE_SITE_JUMP_COUNTER: /* not taken: the first jump; taken: over it, to the second */
        slot[n - 1] = JUMP_BYTES;
        return put_jump(slot + n, runs_at + n, next) &&
               put_jump(slot + n + JUMP_BYTES, runs_at + n + JUMP_BYTES, base + site->target);
    default:
        return true; /* emulated */
    }
}

bool displace_has_shadow_stack(void)
{
    uint64_t status = 0;
    return raw_syscall3(SYS_arch_prctl, ARCH_SHSTK_STATUS, (long)&status, 0) == 0 && (status & ARCH_SHSTK_SHSTK);
}

static bool touches_shadow_stack(const struct wire_site *site)
{
    return site->class == WIRE_SITE_CALL || site->class == WIRE_SITE_CALL_INDIRECT || site->class == WIRE_SITE_RETURN;
}

/* Are the bytes in memory those of the file that the plan was made from? */
static bool bytes_match(const struct wire_site *site, uint64_t base)
{
    const volatile uint8_t *text = (const volatile uint8_t *)(base + site->offset);
    for (int i = 0; i < site->insn_bytes; i++)
        if (text[i] != site->insn[i])
            return false;
    return true;
}

/* Slots on their way into the program, some at a time. The last byte of a slot is int3, or 0 when its site must not be
   armed. */
struct text_writer {
    long fd;
    uint64_t at;
    uint32_t used;
    uint8_t bytes[WIRE_COPY_BYTES * 64];
    bool failed;
};

static void flush(struct text_writer *writer)
{
    if (writer->used == 0)
        return;
    bool done = writer->fd >= 0 && raw_syscall4(SYS_pwrite64, writer->fd, (long)writer->bytes, (long)writer->used,
                                                (long)writer->at) == (long)writer->used;
    if (!done)
        writer->failed |= !displace_write_text(writer->at, writer->bytes, writer->used);
    writer->at += writer->used;
    writer->used = 0;
}

static bool may_arm(const struct wire_plan *plan, uint32_t index, uint64_t base, uint64_t start, uint64_t end,
                    bool shadow_stack)
{
    const struct wire_site *site = &wire_plan_sites(plan)[index];
    uint64_t at = base + site->offset;
    if (at < start || at + site->insn_bytes > end || site->insn_bytes == 0 || site->insn_bytes > 15 ||
        site->class >= WIRE_SITE_CLASS_COUNT || site->function >= plan->function_count)
        return false;
    return !(shadow_stack && touches_shadow_stack(site)) && bytes_match(site, base);
}

static struct armed *free_module(void)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++)
        if (atomic_load_explicit(&modules[i].plan, memory_order_relaxed) == NULL && modules[i].copies == NULL)
            return &modules[i];
    return count < MODULE_LIMIT ? &modules[count] : NULL;
}

static void make_resident(const struct wire_plan *plan)
{
    uint32_t id = plan->plan_id;
    if (id < PLAN_LIMIT) {
        if (resident_plans[id / 64] & UINT64_C(1) << id % 64)
            return; /* a library that was loaded before */
        resident_plans[id / 64] |= UINT64_C(1) << id % 64;
    }
    guest_own_shared(plan, plan->total_bytes);
}

uint32_t displace_arm(const struct wire_plan *plan, uint64_t base, uint64_t start, uint64_t end, uint32_t *refused)
{
    struct armed *module = free_module();
    uint64_t bytes = page_up((uint64_t)plan->site_count * WIRE_COPY_BYTES);
    uint8_t *copies = module ? map_near(start, end, bytes) : NULL;
    if (copies == NULL) {
        *refused += plan->site_count;
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_NO_NEAR_MEMORY, memory_order_relaxed);
        return 0;
    }
    guest_own((int64_t)bytes);
    make_resident(plan);

    const struct wire_site *sites = wire_plan_sites(plan);
    bool shadow_stack = displace_has_shadow_stack();
    struct text_writer writer = {.at = (uint64_t)copies};
    writer.fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/mem", O_RDWR | O_CLOEXEC, 0);
    for (uint32_t i = 0; i < plan->site_count; i++) {
        uint8_t *slot = writer.bytes + writer.used;
        if (!may_arm(plan, i, base, start, end, shadow_stack) ||
            !build_copy(&sites[i], base, (uint64_t)copies + (uint64_t)i * WIRE_COPY_BYTES, slot))
            __builtin_memset(slot, 0, WIRE_COPY_BYTES);
        writer.used += WIRE_COPY_BYTES;
        if (writer.used == sizeof writer.bytes)
            flush(&writer);
    }
    flush(&writer);

    /* From here on a hit finds its site: only then are the breakpoints set. */
    module->base = base;
    module->low = base + plan->low;
    module->high = base + plan->high;
    module->copies = copies;
    module->copies_bytes = bytes;
    atomic_store_explicit(&module->plan, plan, memory_order_release);
    if (module == &modules[atomic_load_explicit(&module_count, memory_order_relaxed)])
        atomic_fetch_add_explicit(&module_count, 1, memory_order_release);

    uint32_t armed = 0, differ = 0;
    static const uint8_t int3 = INT3;
    for (uint32_t i = 0; i < plan->site_count && !writer.failed; i++) {
        if (SLOT_REFUSED(copies, i)) {
            differ++;
            continue;
        }
        uint64_t at = base + sites[i].offset;
        if ((writer.fd >= 0 && raw_syscall4(SYS_pwrite64, writer.fd, (long)&int3, 1, (long)at) == 1) ||
            displace_write_text(at, &int3, 1))
            armed++;
    }
    if (writer.fd >= 0)
        raw_syscall3(SYS_close, writer.fd, 0, 0);
    module->armed = armed;
    *refused += plan->site_count - armed;
    if (differ > 0)
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_BYTES_DIFFER, memory_order_relaxed);
    if (armed + differ < plan->site_count)
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_PATCH_REFUSED, memory_order_relaxed);
    return armed;
}

void displace_forget(uint64_t base)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        if (atomic_load_explicit(&modules[i].plan, memory_order_relaxed) == NULL || modules[i].base != base)
            continue;
        atomic_store_explicit(&modules[i].plan, NULL, memory_order_release);
        raw_syscall3(SYS_munmap, (long)modules[i].copies, (long)modules[i].copies_bytes, 0);
        guest_own(-(int64_t)modules[i].copies_bytes);
        modules[i].copies = NULL;
    }
}

uint32_t displace_after_fork(void)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_relaxed), armed = 0;
    __builtin_memset(resident_plans, 0, sizeof resident_plans);
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_plan *plan = atomic_load_explicit(&modules[i].plan, memory_order_relaxed);
        if (plan == NULL)
            continue;
        make_resident(plan);
        armed += modules[i].armed;
    }
    return armed;
}

bool displace_is_armed(uint64_t base, uint32_t plan_id)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_plan *plan = atomic_load_explicit(&modules[i].plan, memory_order_acquire);
        if (plan != NULL && modules[i].base == base && plan->plan_id == plan_id)
            return true;
    }
    return false;
}

static bool find_in(const struct armed *module, const struct wire_plan *plan, uint64_t pc, struct displace_site *out)
{
    uint32_t index = wire_plan_find(plan, pc - module->base);
    if (index == WIRE_PLAN_NO_SITE)
        return false;
    *out = (struct displace_site){.plan = plan,
                                  .site = &wire_plan_sites(plan)[index],
                                  .index = index,
                                  .base = module->base,
                                  .copy = (uint64_t)module->copies + (uint64_t)index * WIRE_COPY_BYTES};
    return true;
}

bool displace_find(uint64_t pc, struct displace_site *out)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_plan *plan = atomic_load_explicit(&modules[i].plan, memory_order_acquire);
        if (plan != NULL && pc >= modules[i].low && pc < modules[i].high && find_in(&modules[i], plan, pc, out))
            return true;
    }
    return false;
}

/* Registers in the order in which instructions encode them. */
static const int register_of[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint64_t indirect_target(const struct displace_site *stop, const greg_t *registers)
{
    const struct wire_site *site = stop->site;
    if (site->scale == 0)
        return (uint64_t)registers[register_of[site->base & 15]];
    uint64_t address = (uint64_t)site->displacement;
    if (site->base == WIRE_SITE_REGISTER_RIP)
        address = stop->base + site->target;
    else if (site->base >= 0)
        address += (uint64_t)registers[register_of[site->base & 15]];
    if (site->index >= 0)
        address += (uint64_t)registers[register_of[site->index & 15]] * site->scale;
    return *(const volatile uint64_t *)address;
}

/* Intel SDM volume 2, appendix B.1.4.7: the condition encodings. */
static bool condition_holds(uint8_t condition, uint64_t flags)
{
    bool carry = flags & 0x1, parity = flags & 0x4, zero = flags & 0x40, sign = flags & 0x80, overflow = flags & 0x800;
    bool holds = false;
    switch (condition >> 1) {
    case 0:
        holds = overflow;
        break;
    case 1:
        holds = carry;
        break;
    case 2:
        holds = zero;
        break;
    case 3:
        holds = carry || zero;
        break;
    case 4:
        holds = sign;
        break;
    case 5:
        holds = parity;
        break;
    case 6:
        holds = sign != overflow;
        break;
    case 7:
        holds = zero || sign != overflow;
        break;
    }
    return (condition & 1) ? !holds : holds;
}

static bool in_function(const struct displace_site *stop, uint64_t address)
{
    const struct wire_function *function =
        (const struct wire_function *)((const uint8_t *)stop->plan + stop->plan->functions_offset) +
        stop->site->function;
    const struct wire_range *ranges =
        (const struct wire_range *)((const uint8_t *)stop->plan + stop->plan->ranges_offset) + function->range_first;
    uint64_t offset = address - stop->base;
    for (uint32_t i = 0; i < function->range_count; i++)
        if (offset >= ranges[i].low && offset < ranges[i].high)
            return true;
    return false;
}

/* Sites are in order of their addresses. */
static bool line_in(const struct armed *module, const struct wire_plan *plan, uint64_t pc, struct displace_site *out)
{
    const struct wire_site *sites = wire_plan_sites(plan);
    uint64_t offset = pc - module->base;
    uint32_t first = 0, end = plan->site_count;
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (sites[middle].offset <= offset)
            first = middle + 1;
        else
            end = middle;
    }
    while (end > 0 && !(sites[end - 1].flags & (WIRE_SITE_ENTRY | WIRE_SITE_LINE)))
        end--;
    if (end == 0)
        return false;
    *out = (struct displace_site){.plan = plan, .site = &sites[end - 1], .index = end - 1, .base = module->base};
    return in_function(out, pc);
}

bool displace_line_of(uint64_t pc, struct displace_site *out)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        const struct wire_plan *plan = atomic_load_explicit(&modules[i].plan, memory_order_acquire);
        if (plan != NULL && pc >= modules[i].low && pc < modules[i].high)
            return line_in(&modules[i], plan, pc, out);
    }
    return false;
}

bool displace_exits(const struct displace_site *stop, const greg_t *registers)
{
    const struct wire_site *site = stop->site;
    if (site->flags & WIRE_SITE_EXIT)
        return true;
    if (!(site->flags & WIRE_SITE_MAY_EXIT))
        return false;
    if (site->class == WIRE_SITE_JUMP_IF)
        return condition_holds(site->condition, (uint64_t)registers[REG_EFL]);
    if (site->class == WIRE_SITE_JUMP_INDIRECT)
        return !in_function(stop, indirect_target(stop, registers));
    return false;
}

static void emulate_call(const struct displace_site *stop, greg_t *registers, uint64_t target)
{
    uint64_t next = stop->base + stop->site->offset + stop->site->insn_bytes;
    registers[REG_RSP] -= 8; /* the signal frame lies below the red zone: the word under RSP is free */
    *(volatile uint64_t *)registers[REG_RSP] = next;
    registers[REG_RIP] = (greg_t)target;
}

static void emulate_return(const struct wire_site *site, greg_t *registers)
{
    uint64_t sp = (uint64_t)registers[REG_RSP];
    const uint8_t *insn = site->insn;
    while (*insn == 0xf3 || *insn == 0xf2) /* rep ret, bnd ret */
        insn++;
    uint64_t popped = *insn == 0xc2 ? (uint64_t)insn[1] | (uint64_t)insn[2] << 8 : 0;
    registers[REG_RIP] = *(const volatile greg_t *)sp;
    registers[REG_RSP] = (greg_t)(sp + 8 + popped);
}

void displace_continue(const struct displace_site *stop, greg_t *registers)
{
    const struct wire_site *site = stop->site;
    uint64_t next = stop->base + site->offset + site->insn_bytes, target = stop->base + site->target;
    switch (site->class) {
    case WIRE_SITE_JUMP:
        registers[REG_RIP] = (greg_t)target;
        return;
    case WIRE_SITE_JUMP_IF:
        registers[REG_RIP] = (greg_t)(condition_holds(site->condition, (uint64_t)registers[REG_EFL]) ? target : next);
        return;
    case WIRE_SITE_JUMP_INDIRECT:
        registers[REG_RIP] = (greg_t)indirect_target(stop, registers);
        return;
    case WIRE_SITE_CALL:
        emulate_call(stop, registers, target);
        return;
    case WIRE_SITE_CALL_INDIRECT:
        emulate_call(stop, registers, indirect_target(stop, registers));
        return;
    case WIRE_SITE_RETURN:
        emulate_return(site, registers);
        return;
    default:
        registers[REG_RIP] = (greg_t)stop->copy;
        return;
    }
}

static const struct armed *copies_at(uint64_t pc)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++)
        if (atomic_load_explicit(&modules[i].plan, memory_order_acquire) != NULL &&
            pc - (uint64_t)modules[i].copies < modules[i].copies_bytes)
            return &modules[i];
    return NULL;
}

uint64_t displace_copies(uint64_t base)
{
    uint32_t count = atomic_load_explicit(&module_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++)
        if (atomic_load_explicit(&modules[i].plan, memory_order_acquire) != NULL && modules[i].base == base)
            return (uint64_t)modules[i].copies;
    return 0;
}

uint64_t displace_original(uint64_t pc)
{
    const struct armed *module = copies_at(pc);
    if (module == NULL)
        return 0;
    uint64_t at = pc - (uint64_t)module->copies;
    const struct wire_plan *plan = atomic_load_explicit(&module->plan, memory_order_relaxed);
    if (at / WIRE_COPY_BYTES >= plan->site_count)
        return 0;
    return module->base + wire_copy_original(&wire_plan_sites(plan)[at / WIRE_COPY_BYTES], at % WIRE_COPY_BYTES);
}

bool displace_restore(uint64_t pc)
{
    struct displace_site stop;
    return displace_find(pc, &stop) && displace_write_text(pc, stop.site->insn, 1);
}
