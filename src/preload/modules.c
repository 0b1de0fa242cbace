/* The modules of the process.

   dlopen is not called from here: that would change whose RUNPATH counts. Instead a breakpoint on the loader's notification
   function for debuggers (r_brk, see <link.h>) tells of every change, before the constructors of a new library run. */

#include "preload/modules.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <time.h>

#include "preload/displace.h"
#include "preload/pages.h"
#include "preload/reader.h"
#include "preload/syscalls.h"
#include "preload/unwind.h"
#include "wire/event.h"

#define UNWIND_SECTION_COUNT 1024
#define UNWIND_SECTION_LIMIT ((uint64_t)512 << 10)
#define UNWIND_PROGRAM_LIMIT ((uint64_t)4 << 20)
#define PLAN_WAIT_ROUNDS 600 /* of 100 ms: planning a huge program takes seconds */

extern struct r_debug _r_debug;

volatile uint32_t modules_generation;

static struct wire_modules *list; /* of this process; NULL before the first refresh */
static uint32_t armed_upto;       /* entries whose plans were looked at */
static bool list_is_full;         /* a module found no room in it */
static bool list_has_gone;        /* some of its modules are unloaded */

/* A program that writes at random may have written here too: that must not keep it in a loop. */
static struct wire_module *entry_at(uint32_t *at)
{
    uint32_t used = list->used_bytes < sizeof list->entries ? list->used_bytes : sizeof list->entries;
    if (*at + sizeof(struct wire_module) > used)
        return NULL;
    struct wire_module *module = (struct wire_module *)(list->entries + *at);
    if (module->entry_bytes < sizeof *module || module->entry_bytes > used - *at)
        return NULL;
    *at += module->entry_bytes;
    return module;
}

static struct wire_module *find(uint64_t base, uint64_t start)
{
    uint32_t at = 0;
    for (struct wire_module *module; (module = entry_at(&at)) != NULL;)
        if (module->base == base && module->start == start &&
            !atomic_load_explicit(&module->gone, memory_order_relaxed))
            return module;
    return NULL;
}

static size_t text_bytes(const char *text)
{
    size_t bytes = 0;
    while (text[bytes] != '\0')
        bytes++;
    return bytes + 1;
}

/* Our own library, and what it stands on: a stop in them could hit while one is being handled. */
static bool is_ground(uint64_t start, uint64_t end)
{
    const uint64_t ground[] = {(uint64_t)&is_ground, (uint64_t)&dl_iterate_phdr, (uint64_t)&_r_debug};
    for (size_t i = 0; i < sizeof ground / sizeof *ground; i++)
        if (ground[i] >= start && ground[i] < end)
            return true;
    return false;
}

static void append(uint64_t base, uint64_t start, uint64_t end, const char *path)
{
    uint32_t path_bytes = (uint32_t)text_bytes(path);
    uint32_t entry_bytes = (uint32_t)((sizeof(struct wire_module) + path_bytes + 7) & ~(size_t)7);
    if (entry_bytes > sizeof list->entries - list->used_bytes) {
        list_is_full = true;
        return;
    }
    struct wire_module *module = (struct wire_module *)(list->entries + list->used_bytes);
    module->entry_bytes = entry_bytes;
    atomic_store_explicit(&module->gone, 0, memory_order_relaxed);
    module->base = base;
    module->start = start;
    module->end = end;
    module->plan_offset = module->plan_bytes = 0;
    atomic_store_explicit(&module->copies, 0, memory_order_relaxed);
    module->path_bytes = path_bytes;
    module->born = modules_generation;
    module->flags = is_ground(start, end) ? WIRE_MODULE_NO_STOPS : 0;
    for (uint32_t i = 0; i < path_bytes; i++)
        module->path[i] = path[i];
    list->used_bytes += entry_bytes;
    atomic_fetch_add_explicit(&list->asked, 1, memory_order_release);
}

/* Walks read the unwind section of every module that they meet: it becomes resident now, not in the middle of
   somebody's line, and what was not resident before is ours. From its header to the end of its segment; a huge one is
   left to be read page by page. The program's own is read in most of its parts sooner or later, a library's is not. */
static struct unwind_section {
    uint64_t start, bytes; /* bytes 0: free */
    uint64_t own_bytes;    /* of them, what only we made resident */
} unwind_sections[UNWIND_SECTION_COUNT];
static uint32_t unwind_section_count;

static struct unwind_section *free_unwind_section(void)
{
    for (uint32_t i = 0; i < unwind_section_count; i++)
        if (unwind_sections[i].bytes == 0)
            return &unwind_sections[i];
    return unwind_section_count < UNWIND_SECTION_COUNT ? &unwind_sections[unwind_section_count++] : NULL;
}

static void populate_unwind_section(const struct dl_phdr_info *info, uint64_t limit_bytes)
{
    uint64_t header = 0, end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME)
            header = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t low = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && header >= low && header < low + segment->p_filesz)
            end = low + segment->p_filesz;
    }
    struct unwind_section *section = free_unwind_section();
    if (header == 0 || end - header > limit_bytes || section == NULL)
        return;
    *section = (struct unwind_section){.start = header, .bytes = end - header};
    section->own_bytes = pages_populate_new((const void *)header, end - header);
    guest_own((int64_t)section->own_bytes);
}

/* Walks call a function of the loader to find the section. The kernel brings in its page and 15 around it, unless they
   are there, when it is first run: now. */
static void bring_in_loader(void)
{
    struct dl_find_object object;
    _dl_find_object((void *)&bring_in_loader, &object);
}

static void forget_unwind_sections(uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < unwind_section_count; i++) {
        struct unwind_section *section = &unwind_sections[i];
        if (section->bytes == 0 || section->start < start || section->start >= end)
            continue;
        guest_own(-(int64_t)section->own_bytes);
        section->bytes = 0;
    }
}

/* `path`, which counts from the current directory unless it is absolute; NULL for the vDSO, which has no file. It is
   valid until the next call. */
static const char *absolute(const char *path)
{
    static char buffer[4096]; /* PATH_MAX */
    if (path[0] == '/')
        return path;
    size_t path_bytes = text_bytes(path);
    bool has_slash = false;
    for (size_t i = 0; i < path_bytes; i++)
        has_slash |= path[i] == '/';
    long used = has_slash ? raw_syscall3(SYS_getcwd, (long)buffer, sizeof buffer, 0) : 0; /* its NUL included */
    if (used <= 0 || buffer[0] != '/' || path_bytes > sizeof buffer - (size_t)used)
        return NULL;
    buffer[used - 1] = '/';
    __builtin_memcpy(buffer + used, path, path_bytes);
    return buffer;
}

/* One loaded object: known, or appended. `seen` of its entry becomes the number of this refresh. */
static int see(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    uint16_t round = *(uint16_t *)data;
    uint64_t start = UINT64_MAX, end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uint64_t low = info->dlpi_addr + segment->p_vaddr;
        start = low < start ? low : start;
        end = low + segment->p_memsz > end ? low + segment->p_memsz : end;
    }
    if (start >= end)
        return 0;
    struct wire_module *module = find(info->dlpi_addr, start);
    if (module == NULL) {
        const char *path = info->dlpi_name;
        bool is_program = path == NULL || path[0] == '\0';
        if (is_program)
            path = round == 1 ? guest.process->exe : "";
        path = absolute(path);
        if (path == NULL)
            return 0;
        append(info->dlpi_addr, start, end, path);
        if (guest.wants_events) {
            populate_unwind_section(info, is_program ? UNWIND_PROGRAM_LIMIT : UNWIND_SECTION_LIMIT);
            bring_in_loader();
        }
        module = find(info->dlpi_addr, start);
    }
    if (module != NULL)
        module->seen = round;
    return 0;
}

static void forget_unseen(uint16_t round)
{
    uint32_t at = 0, next = modules_generation + 1;
    bool any = false;
    for (struct wire_module *module; (module = entry_at(&at)) != NULL;) {
        if (module->seen == round || atomic_load_explicit(&module->gone, memory_order_relaxed))
            continue;
        module->died = next;
        atomic_store_explicit(&module->gone, 1, memory_order_release);
        displace_forget(module->base);
        forget_unwind_sections(module->start, module->end);
        list_has_gone = any = true;
    }
    if (!any)
        return;
    if (next < WIRE_EVENT_GENERATIONS) /* later ones would look like paths */
        modules_generation = next;
    unwind_forget();
}

static bool wait_for_answer(void)
{
    uint32_t asked = atomic_load_explicit(&list->asked, memory_order_relaxed);
    struct reader_patience patience = {0};
    uint32_t answered;
    while ((answered = atomic_load_explicit(&list->answered, memory_order_acquire)) != asked &&
           patience.rounds < PLAN_WAIT_ROUNDS) {
        if (!reader_is_worth_waiting(&patience))
            return false;
        guest_wake_collector();
        struct timespec timeout = {.tv_nsec = READER_ROUND_NS};
        raw_syscall4(SYS_futex, (long)&list->answered, FUTEX_WAIT, answered, (long)&timeout);
    }
    if (answered == asked)
        return true;
    atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_PLAN_TIMEOUT, memory_order_relaxed);
    return false;
}

static const struct wire_plan *plan_of(const struct wire_module *module)
{
    const struct wire_header *session = guest.session;
    if (module->plan_offset < session->plans_offset || module->plan_bytes < sizeof(struct wire_plan) ||
        module->plan_offset + module->plan_bytes > session->plans_offset + session->plans_bytes)
        return NULL;
    const struct wire_plan *plan = (const struct wire_plan *)((const uint8_t *)session + module->plan_offset);
    return plan->magic == WIRE_PLAN_MAGIC && plan->total_bytes <= module->plan_bytes ? plan : NULL;
}

static void arm_new(void)
{
    uint32_t at = 0, number = 0, refused = 0, armed = 0;
    for (struct wire_module *module; (module = entry_at(&at)) != NULL;) {
        if (number++ < armed_upto || atomic_load_explicit(&module->gone, memory_order_relaxed))
            continue;
        const struct wire_plan *plan = plan_of(module);
        if (plan == NULL || displace_is_armed(module->base, plan->plan_id))
            continue;
        armed += displace_arm(plan, module->base, module->start, module->end, &refused);
        atomic_store_explicit(&module->copies, displace_copies(module->base), memory_order_relaxed);
    }
    armed_upto = number;
    atomic_fetch_add_explicit(&guest.process->stops_armed, armed, memory_order_relaxed);
    atomic_fetch_add_explicit(&guest.process->stops_refused, refused, memory_order_relaxed);
    if (armed > 0)
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_STOPS_ARMED, memory_order_relaxed);
}

static bool begin_list(void)
{
    uint32_t index;
    struct wire_modules *fresh = guest_claim_chunk(WIRE_CHUNK_MODULES, guest.process_chunk, &index);
    if (fresh == NULL)
        return false;
    list = fresh;
    armed_upto = 0;
    list_is_full = list_has_gone = false;
    atomic_store_explicit(&guest.process->modules_chunk, index + 1, memory_order_release);
    return true;
}

void modules_refresh(bool arms)
{
    static uint16_t round;
    if (guest.process == NULL)
        return;
    if (list == NULL) {
        if (!begin_list())
            return;
        round = 0;
    }
    uint32_t asked = atomic_load_explicit(&list->asked, memory_order_relaxed);
    round++;
    dl_iterate_phdr(see, &round);
    forget_unseen(round);
    if (list_is_full && list_has_gone &&
        begin_list()) { /* modules came and went so often: list again what is there now */
        asked = 0;
        round = 1;
        dl_iterate_phdr(see, &round);
    }
    if (asked != atomic_load_explicit(&list->asked, memory_order_relaxed) && wait_for_answer() && arms)
        arm_new();
}

void modules_after_fork(void)
{
    /* A child has its parent's pages of files only once it touches them; they are counted as ours already. */
    for (uint32_t i = 0; i < unwind_section_count; i++)
        pages_advise_populated(unwind_sections[i].start, unwind_sections[i].bytes);
    bring_in_loader();
    list = NULL;
}

uint64_t modules_notification(void)
{
    return _r_debug.r_brk;
}
