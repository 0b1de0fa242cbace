/* The verdicts. Sites of one stack and one request are a row of windows; what is live in that row at the end of the
   measurement tells a leak from what is kept (docs/leaks.md). */

#include "report/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"
#include "report/check-print.h"
#include "report/describe.h"
#include "report/heap-stacks.h"

/* The resident set moves by whole pages and by what the allocator happens to keep. */
#define RSS_TOLERANCE_BYTES 65536u

struct judge {
    const struct session *session;
    const struct check_options *options;
    struct check_result *result;
    struct stacks *stacks;
    size_t finding_room, kept_room, still_live_room, indirect_room;
    struct window *windows; /* scratch: one per repeat */
};

/* What is live from one window, over the stacks that are looked at together. */
struct window {
    uint64_t bytes, blocks, survived;
};

/* Where a finding goes. */
struct list {
    struct check_finding **items;
    size_t *count, *room;
};

/* A row of windows: sites order[from] .. order[to - 1]. */
struct row {
    const uint32_t *order;
    size_t from, to;
};

static const struct session_site *site_at(const struct judge *judge, uint32_t index)
{
    return &judge->session->sites[index];
}

static uint32_t windows_per_request(const struct judge *judge)
{
    return judge->options->repeat > 0 ? judge->options->repeat : 1;
}

static int compare_stacks(const struct session *session, const struct session_site *a, const struct session_site *b)
{
    if (a->frame_count != b->frame_count)
        return a->frame_count < b->frame_count ? -1 : 1;
    for (uint32_t i = 0; i < a->frame_count; i++) {
        const struct session_frame *x = &session->frames[a->frame_first + i], *y = &session->frames[b->frame_first + i];
        if (x->address != y->address)
            return x->address < y->address ? -1 : 1;
        if (x->module != y->module)
            return x->module < y->module ? -1 : 1;
    }
    return 0;
}

/* By request, then by stack, then by window. */
static int compare_sites(const void *left, const void *right, void *data)
{
    const struct judge *judge = data;
    const struct session_site *a = site_at(judge, *(const uint32_t *)left),
                              *b = site_at(judge, *(const uint32_t *)right);
    uint32_t per = windows_per_request(judge), request_a = a->request / per, request_b = b->request / per;
    if (request_a != request_b)
        return request_a < request_b ? -1 : 1;
    int order = compare_stacks(judge->session, a, b);
    return order != 0 ? order : (a->request > b->request) - (a->request < b->request);
}

/* Which of a site's blocks are looked at. */
enum part { PART_LIVE, PART_LOST, PART_HELD, PART_UNKNOWN };

static uint64_t bytes_of(const struct session_site *site, enum part part)
{
    const uint64_t bytes[] = {[PART_LIVE] = site->window_live_bytes,
                              [PART_LOST] = site->lost_bytes,
                              [PART_HELD] = site->held_bytes,
                              [PART_UNKNOWN] = site->unknown_bytes};
    return bytes[part];
}

static uint64_t blocks_of(const struct session_site *site, enum part part)
{
    const uint64_t blocks[] = {[PART_LIVE] = site->window_live_count,
                               [PART_LOST] = site->lost_count,
                               [PART_HELD] = site->held_count,
                               [PART_UNKNOWN] = site->unknown_count};
    return blocks[part];
}

/* What a row of windows says. */
struct tally {
    uint32_t windows;  /* with something live */
    uint32_t last;     /* the last of those, from 1 */
    bool was_replaced; /* some window's blocks outlived it, and were all freed later */
};

/* Add a row's sites to the windows. */
static void add_row(const struct judge *judge, const struct row *row, enum part part)
{
    for (size_t i = row->from; i < row->to; i++) {
        const struct session_site *site = site_at(judge, row->order[i]);
        struct window *window = &judge->windows[site->request % windows_per_request(judge)];
        window->bytes += bytes_of(site, part);
        window->blocks += blocks_of(site, part);
        window->survived += site->survived_count;
    }
}

/* Sum the windows up into the finding, and empty them. */
static struct tally take_windows(const struct judge *judge, struct check_finding *finding)
{
    struct tally tally = {0};
    finding->bytes_total = finding->blocks_total = finding->bytes_high = finding->blocks_high = 0;
    for (uint32_t i = 0; i < windows_per_request(judge); i++) {
        const struct window window = judge->windows[i];
        judge->windows[i] = (struct window){0};
        if (window.blocks == 0) {
            tally.was_replaced |= window.survived > 0;
            continue;
        }
        if (tally.windows == 0 || window.bytes < finding->bytes_low)
            finding->bytes_low = window.bytes;
        if (tally.windows == 0 || window.blocks < finding->blocks_low)
            finding->blocks_low = window.blocks;
        finding->bytes_high = window.bytes > finding->bytes_high ? window.bytes : finding->bytes_high;
        finding->blocks_high = window.blocks > finding->blocks_high ? window.blocks : finding->blocks_high;
        finding->bytes_total += window.bytes;
        finding->blocks_total += window.blocks;
        tally.windows++;
        tally.last = i + 1;
    }
    finding->windows = tally.windows;
    return tally;
}

/* Live after every repeat; or after a good part of them, to the end, with nothing replaced: what is left by every other
   request, or begins to leak late. A cache that replaces its entries frees what earlier windows left. */
static bool is_growing(const struct tally *tally, uint32_t windows)
{
    if (windows < 2)
        return false;
    if (tally->windows == windows)
        return true;
    return !tally->was_replaced && tally->windows >= 3 && 3 * tally->windows >= windows &&
           3 * tally->last > 2 * windows;
}

/* The stack in terms of the source. */
static int resolve(struct judge *judge, const struct session_site *site, struct check_finding *finding)
{
    const struct session *session = judge->session;
    struct stacks_blame blame;
    size_t room = 0;
    if (stacks_find_blame(judge->stacks, site, &blame) < 0)
        return -ENOMEM;
    uint32_t inner = stacks_inner(judge->stacks, site);
    finding->blamed = SIZE_MAX;
    for (uint32_t i = inner; i < site->frame_count; i++) {
        const struct session_frame *frame = &session->frames[site->frame_first + i];
        const struct stacks_chain *chain = stacks_resolve(judge->stacks, frame);
        struct check_frame *frames =
            chain != NULL ? array_grow(finding->frames, &room, finding->frame_count + chain->count, sizeof *frames)
                          : NULL;
        if (frames == NULL)
            return -ENOMEM;
        finding->frames = frames;
        for (size_t j = 0; j < chain->count; j++) {
            const struct symbols_frame *symbol = &chain->items[j];
            if (blame.frame != NULL && blame.depth == i && blame.link == j)
                finding->blamed = finding->frame_count;
            frames[finding->frame_count++] = (struct check_frame){
                .function = symbol->function,
                .linkage_name = symbol->linkage_name,
                .file = symbol->file,
                .line = symbol->line,
                .inlined = symbol->inlined,
                .module = frame->module != SESSION_NO_MODULE ? session->modules[frame->module] : NULL,
                .address = frame->address,
            };
        }
    }
    /* What calls main is not to blame. */
    if (finding->blamed >= check_shown_frames(finding))
        finding->blamed = finding->frame_count;
    return 0;
}

static int append(struct check_finding **items, size_t *count, size_t *room, const struct check_finding *finding)
{
    struct check_finding *grown = array_grow(*items, room, *count + 1, sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    *items = grown;
    grown[(*count)++] = *finding;
    return 0;
}

/* What the look at the program's memory has to say of a row. */
static void add_reach(const struct judge *judge, const struct row *row, struct check_finding *finding)
{
    uint64_t held = 0;
    finding->lost_bytes = finding->lost_blocks = finding->indirect_bytes = finding->indirect_blocks = 0;
    finding->led_bytes = finding->led_blocks = 0;
    for (size_t i = row->from; i < row->to; i++) {
        const struct session_site *site = site_at(judge, row->order[i]);
        held += site->held_count;
        finding->lost_bytes += site->lost_bytes;
        finding->lost_blocks += site->lost_count;
        finding->indirect_bytes += site->indirect_bytes;
        finding->indirect_blocks += site->indirect_count;
        finding->led_bytes += site->led_bytes;
        finding->led_blocks += site->led_count;
    }
    if (held + finding->lost_blocks < finding->blocks_total)
        finding->reach = CHECK_REACH_UNKNOWN;
    else if (finding->lost_blocks == 0)
        finding->reach = CHECK_REACH_ALL;
    else
        finding->reach = finding->lost_blocks < finding->blocks_total ? CHECK_REACH_SOME : CHECK_REACH_NONE;
}

/* The list that a leak belongs to, and whether it is one of the findings. */
static bool find_list(struct judge *judge, const struct check_finding *finding, struct list *out)
{
    struct check_result *result = judge->result;
    bool is_reachable = finding->evidence == CHECK_STILL_LIVE && finding->reach == CHECK_REACH_ALL;
    if (finding->evidence == CHECK_KEPT && !judge->options->finds_kept)
        *out = (struct list){&result->kept, &result->kept_count, &judge->kept_room};
    else if (finding->evidence == CHECK_UNREACHABLE && check_is_indirect(finding))
        *out = (struct list){&result->indirect, &result->indirect_count, &judge->indirect_room};
    else if (is_reachable && !judge->options->finds_reachable)
        *out = (struct list){&result->still_live, &result->still_live_count, &judge->still_live_room};
    else
        *out = (struct list){&result->findings, &result->finding_count, &judge->finding_room};
    return out->items == &result->findings;
}

/* Add the finding to those of its kind, unless it is the runtime's own or suppressed. */
static int place(struct judge *judge, const struct row *row, struct check_finding *finding)
{
    struct list list;
    bool counts = find_list(judge, finding, &list);
    int status = resolve(judge, site_at(judge, row->order[row->from]), finding);
    bool is_dropped = status == 0 && suppressions_is_runtime(finding->frames, finding->frame_count);
    if (status == 0 && !is_dropped && counts &&
        suppressions_match(judge->options->suppressions, finding->frames, finding->frame_count)) {
        judge->result->suppressed_count++;
        is_dropped = true;
    }
    if (status == 0 && !is_dropped)
        status = append(list.items, list.count, list.room, finding);
    if (status < 0 || is_dropped)
        free(finding->frames);
    else
        judge->result->leak_count += counts;
    return status;
}

/* One part of what a whole run left. */
static int judge_part(struct judge *judge, const struct row *row, const struct check_finding *model, enum part part)
{
    struct check_finding finding = *model;
    add_row(judge, row, part);
    if (take_windows(judge, &finding).windows == 0)
        return 0;
    finding.evidence = part == PART_LOST ? CHECK_UNREACHABLE : CHECK_STILL_LIVE;
    if (part == PART_LOST)
        add_reach(judge, row, &finding);
    finding.reach = part == PART_LOST ? CHECK_REACH_NONE : part == PART_HELD ? CHECK_REACH_ALL : CHECK_REACH_UNKNOWN;
    return place(judge, row, &finding);
}

static int judge_run(struct judge *judge, const struct row *row, const struct check_finding *model)
{
    static const enum part parts[] = {PART_LOST, PART_UNKNOWN, PART_HELD};
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof parts / sizeof *parts; i++)
        status = judge_part(judge, row, model, parts[i]);
    return status;
}

static int judge_row(struct judge *judge, const struct row *row)
{
    uint32_t per = windows_per_request(judge);
    const struct session_site *first = site_at(judge, row->order[row->from]);
    struct check_finding finding = {.kind = CHECK_LEAK, .request = first->request / per};
    const struct check_request *request = &judge->result->requests[finding.request];
    finding.row_from = row->from;
    finding.row_to = row->to;
    if (request->is_run)
        return judge_run(judge, row, &finding);
    add_row(judge, row, PART_LIVE);
    struct tally tally = take_windows(judge, &finding);
    if (tally.windows == 0)
        return 0;
    finding.evidence = is_growing(&tally, request->count) ? CHECK_GROWING : CHECK_KEPT;
    add_reach(judge, row, &finding);
    if (finding.evidence == CHECK_KEPT && finding.reach >= CHECK_REACH_SOME) {
        add_row(judge, row, PART_LOST);
        take_windows(judge, &finding);
        finding.evidence = CHECK_UNREACHABLE;
        finding.reach = CHECK_REACH_NONE;
    }
    return place(judge, row, &finding);
}

/* By request; by bytes, most first; then as the stacks are ordered, so that two runs agree. */
static int compare_findings(const void *left, const void *right)
{
    const struct check_finding *a = left, *b = right;
    if (a->request != b->request)
        return a->request < b->request ? -1 : 1;
    if (a->bytes_total != b->bytes_total)
        return a->bytes_total > b->bytes_total ? -1 : 1;
    for (size_t i = 0; i < a->frame_count && i < b->frame_count; i++)
        if (a->frames[i].address != b->frames[i].address)
            return a->frames[i].address < b->frames[i].address ? -1 : 1;
    return (a->frame_count > b->frame_count) - (a->frame_count < b->frame_count);
}

static void sort(struct check_finding *findings, size_t count)
{
    if (count > 0)
        qsort(findings, count, sizeof *findings, compare_findings);
}

/* By request, then by the frames up to the blamed one's caller: what calls that may vary from repeat to repeat. */
static int compare_inner(const void *left, const void *right)
{
    const struct check_finding *a = left, *b = right;
    if (a->request != b->request)
        return a->request < b->request ? -1 : 1;
    size_t count_a = a->blamed + 2 < a->frame_count ? a->blamed + 2 : a->frame_count;
    size_t count_b = b->blamed + 2 < b->frame_count ? b->blamed + 2 : b->frame_count;
    if (count_a != count_b)
        return count_a < count_b ? -1 : 1;
    for (size_t i = 0; i < count_a; i++) {
        const struct check_frame *x = &a->frames[i], *y = &b->frames[i];
        if (x->address != y->address)
            return x->address < y->address ? -1 : 1;
        if (x->module != y->module)
            return x->module < y->module ? -1 : 1;
    }
    return 0;
}

/* kept[from] .. kept[to - 1] allocate at the same line by different ways. When they grow together, the largest of them
   becomes a finding in the name of all. */
static int judge_together(struct judge *judge, const uint32_t *order, size_t from, size_t to)
{
    struct check_result *result = judge->result;
    struct check_finding all = {0}, *largest = &result->kept[from];
    bool is_known = true;
    for (size_t i = from; i < to; i++) {
        const struct check_finding *kept = &result->kept[i];
        is_known &= kept->reach == CHECK_REACH_ALL;
        add_row(judge, &(struct row){.order = order, .from = kept->row_from, .to = kept->row_to}, PART_LIVE);
        if (kept->bytes_total > largest->bytes_total)
            largest = &result->kept[i];
    }
    struct tally tally = take_windows(judge, &all);
    if (!is_growing(&tally, result->requests[largest->request].count))
        return 0;
    struct check_finding finding = *largest;
    finding.evidence = CHECK_GROWING;
    finding.windows = all.windows;
    finding.bytes_low = all.bytes_low, finding.bytes_high = all.bytes_high, finding.bytes_total = all.bytes_total;
    finding.reach = is_known ? CHECK_REACH_ALL : CHECK_REACH_UNKNOWN; /* else they would not be here */
    finding.blocks_low = all.blocks_low, finding.blocks_high = all.blocks_high, finding.blocks_total = all.blocks_total;
    bool is_suppressed = suppressions_match(judge->options->suppressions, finding.frames, finding.frame_count);
    if (!is_suppressed && append(&result->findings, &result->finding_count, &judge->finding_room, &finding) < 0)
        return -ENOMEM;
    result->suppressed_count += is_suppressed;
    result->leak_count += !is_suppressed;
    if (!is_suppressed)
        largest->frames = NULL; /* the finding's now */
    for (size_t i = from; i < to; i++) {
        free(result->kept[i].frames);
        result->kept[i].frames = NULL;
        result->kept[i].frame_count = 0;
        result->kept[i].windows = 0; /* to be dropped */
    }
    return 0;
}

static int judge_kept(struct judge *judge, const uint32_t *order)
{
    struct check_result *result = judge->result;
    int status = 0;
    size_t left = 0;
    if (result->kept_count == 0)
        return 0;
    qsort(result->kept, result->kept_count, sizeof *result->kept, compare_inner);
    for (size_t from = 0, to; status == 0 && from < result->kept_count; from = to) {
        for (to = from + 1; to < result->kept_count; to++)
            if (compare_inner(&result->kept[from], &result->kept[to]) != 0)
                break;
        if (to - from > 1)
            status = judge_together(judge, order, from, to);
    }
    for (size_t i = 0; i < result->kept_count; i++)
        if (result->kept[i].windows > 0)
            result->kept[left++] = result->kept[i];
    result->kept_count = left;
    return status;
}

static int judge_sites(struct judge *judge)
{
    const struct session *session = judge->session;
    uint32_t *order = malloc((session->site_count + 1) * sizeof *order), per = windows_per_request(judge);
    judge->windows = calloc(per, sizeof *judge->windows);
    if (order == NULL || judge->windows == NULL) {
        free(order);
        free(judge->windows);
        return -ENOMEM;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < session->site_count; i++)
        if (session->sites[i].request / per < judge->result->request_count)
            order[count++] = i;
    qsort_r(order, count, sizeof *order, compare_sites, judge);
    int status = 0;
    for (size_t from = 0, to; from < count && status == 0; from = to) {
        const struct session_site *first = site_at(judge, order[from]);
        for (to = from + 1; to < count; to++) {
            const struct session_site *other = site_at(judge, order[to]);
            if (other->request / per != first->request / per || compare_stacks(session, first, other) != 0)
                break;
        }
        status = judge_row(judge, &(struct row){.order = order, .from = from, .to = to});
    }
    if (status == 0)
        status = judge_kept(judge, order);
    free(order);
    free(judge->windows);
    sort(judge->result->findings, judge->result->finding_count);
    sort(judge->result->kept, judge->result->kept_count);
    sort(judge->result->indirect, judge->result->indirect_count);
    sort(judge->result->still_live, judge->result->still_live_count);
    return status;
}

static uint64_t positive(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

/* What one window used; false when it is not known. */
static bool used(const struct session_request *window, enum limits_key key, uint64_t *out)
{
    const struct session_totals *totals = &window->totals;
    switch (key) {
    case LIMITS_PEAK:
        *out = positive(totals->peak_bytes);
        return true;
    case LIMITS_ALLOCATED:
        *out = totals->alloc_bytes;
        return true;
    case LIMITS_ALLOCS:
        *out = totals->alloc_count;
        return true;
    case LIMITS_NOT_FREED:
        *out = positive(totals->not_freed_bytes);
        return true;
    case LIMITS_RSS:
        *out = positive(totals->rss_after_bytes - totals->rss_before_bytes);
        return totals->has_rss;
    case LIMITS_KEY_COUNT:
        break;
    }
    return false;
}

static int judge_limit(struct judge *judge, size_t index, enum limits_key key)
{
    const struct check_request *request = &judge->result->requests[index];
    const struct session_request *windows = &judge->session->requests[request->first];
    struct limits_value limit;
    if (!limits_find(judge->options->limits, windows->method, windows->target, key, &limit))
        return 0;
    judge->result->requests[index].limits |= 1u << key;
    uint64_t highest = 0, one;
    for (uint32_t i = 0; i < request->count; i++)
        if (used(&windows[i], key, &one) && one > highest)
            highest = one;
    uint64_t tolerance = key == LIMITS_RSS ? RSS_TOLERANCE_BYTES + judge->session->rss_granularity_bytes : 0;
    if (highest <= limit.value || highest - limit.value <= tolerance)
        return 0;
    const struct check_finding finding = {
        .kind = CHECK_LIMIT,
        .request = index,
        .key = key,
        .value = highest,
        .limit = limit.value,
        .limit_text = limit.text,
        .limit_file = limit.path,
        .limit_line = limit.line,
    };
    judge->result->limit_count++;
    return append(&judge->result->findings, &judge->result->finding_count, &judge->finding_room, &finding);
}

static int add_failure(struct judge *judge, size_t index, struct text *text)
{
    struct check_finding finding = {.kind = CHECK_FAILED, .request = index};
    finding.text = text->failed ? NULL : strdup(text_get(text));
    text_fini(text);
    if (finding.text == NULL)
        return -ENOMEM;
    judge->result->requests[index].failed = true;
    int status = append(&judge->result->findings, &judge->result->finding_count, &judge->finding_room, &finding);
    if (status < 0)
        free(finding.text);
    else
        judge->result->failed_count++;
    return status;
}

/* The first firing that did not go as it should speaks for all. */
static int judge_outcome(struct judge *judge, size_t index)
{
    const struct session *session = judge->session;
    const struct check_options *options = judge->options;
    const struct check_request *request = &judge->result->requests[index];
    struct text text = TEXT_EMPTY;
    bool ended_well =
        session->ended_by_us || (WIFEXITED(session->wait_status) && WEXITSTATUS(session->wait_status) == 0);
    if (request->is_run) {
        if (ended_well)
            return 0;
        describe_exit(&text, session);
        return add_failure(judge, index, &text);
    }
    for (uint32_t i = 0; i < request->count; i++) {
        const struct session_request *window = &session->requests[request->first + i];
        bool is_right = options->status_is_right != NULL
                            ? options->status_is_right(window->status, options->status_data)
                            : window->status >= 100 && window->status < 400;
        if (window->status != 0 && window->finished && is_right)
            continue;
        if (window->status != 0 && window->finished) {
            text_addf(&text, "answered %d, which is not the status expected", window->status);
        } else {
            text_add(&text, "no complete answer");
            if (!ended_well && WIFSIGNALED(session->wait_status)) {
                text_add(&text, ": the program was ");
                describe_exit(&text, session);
            }
        }
        return add_failure(judge, index, &text);
    }
    return 0;
}

static int add_requests(struct judge *judge)
{
    const struct session *session = judge->session;
    struct check_result *result = judge->result;
    uint32_t per = windows_per_request(judge);
    size_t count = (session->request_count + per - 1) / per;
    result->requests = calloc(count + 1, sizeof *result->requests);
    if (result->requests == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct session_request *window = &session->requests[i * per];
        struct check_request *request = &result->requests[result->request_count];
        size_t rest = session->request_count - i * per;
        struct text name = TEXT_EMPTY;
        uint32_t ordinal = 1;
        for (size_t j = 0; j < i && !window->is_run; j++)
            ordinal += strcmp(session->requests[j * per].method, window->method) == 0 &&
                       strcmp(session->requests[j * per].target, window->target) == 0;
        if (window->is_run) {
            text_add(&name, "run");
        } else {
            text_add_printable(&name, window->method);
            text_add(&name, " ");
            text_add_printable(&name, window->target);
            if (ordinal > 1)
                text_addf(&name, " #%u", ordinal);
        }
        *request = (struct check_request){.name = name.failed ? NULL : strdup(text_get(&name)),
                                          .is_run = window->is_run,
                                          .first = i * per,
                                          .count = rest < per ? (uint32_t)rest : per};
        text_fini(&name);
        if (request->name == NULL)
            return -ENOMEM;
        for (uint32_t j = 0; j < request->count; j++)
            request->elapsed_ns += window[j].elapsed_ns;
        result->request_count++;
    }
    return 0;
}

/* Why some finding does not tell what the program still refers to. */
static enum session_look why_unknown(const struct check_result *result)
{
    const struct session *session = result->session;
    bool any = false;
    for (size_t i = 0; i < result->finding_count; i++)
        any |= result->findings[i].kind == CHECK_LEAK && result->findings[i].reach == CHECK_REACH_UNKNOWN;
    for (size_t i = 0; any && i < session->process_count; i++)
        if (session->processes[i].look != SESSION_LOOK_DONE && session->processes[i].totals.not_freed_count > 0)
            return session->processes[i].look;
    return SESSION_LOOK_DONE;
}

int check_session(const struct session *session, const struct check_options *options, struct check_result **out,
                  struct err *err)
{
    struct check_result *result = calloc(1, sizeof *result);
    struct judge judge = {.session = session, .options = options, .result = result};
    judge.stacks = stacks_new(session, options->lookup, options->lookup_data);
    int status = result != NULL && judge.stacks != NULL ? 0 : -ENOMEM;
    if (status == 0) {
        result->session = session;
        status = add_requests(&judge);
    }
    if (status == 0)
        status = judge_sites(&judge);
    if (status == 0)
        result->unknown_why = why_unknown(result);
    for (size_t i = 0; status == 0 && i < result->request_count; i++)
        for (int key = 0; status == 0 && key < LIMITS_KEY_COUNT; key++)
            status = judge_limit(&judge, i, (enum limits_key)key);
    for (size_t i = 0; status == 0 && i < result->request_count; i++)
        status = judge_outcome(&judge, i);
    if (status == 0)
        status = check_fingerprint_all(result);
    if (status == 0)
        result->stacks = judge.stacks;
    else
        stacks_free(judge.stacks);
    if (status < 0) {
        check_free(result);
        return err_set(err, status, "out of memory");
    }
    *out = result;
    return 0;
}

static void findings_free(struct check_finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(findings[i].frames);
        free(findings[i].text);
    }
    free(findings);
}

void check_free(struct check_result *result)
{
    if (result == NULL)
        return;
    for (size_t i = 0; i < result->request_count; i++)
        free(result->requests[i].name);
    free(result->requests);
    findings_free(result->findings, result->finding_count);
    findings_free(result->kept, result->kept_count);
    findings_free(result->indirect, result->indirect_count);
    findings_free(result->still_live, result->still_live_count);
    stacks_free(result->stacks);
    free(result);
}
