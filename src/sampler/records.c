/* Layouts: perf_event_open(2), "MMAP layout", and linux/perf_event.h. */

#include "sampler/records.h"

#include <string.h>

#include "elf/cursor.h"

#define RING_ALIGNMENT 8
/* What every record but a sample ends with (attr.sample_id_all): pid, tid, time. */
#define IDENTITY_BYTES 16

/* The bytes between the header and the identity. */
static bool open_body(const uint8_t *bytes, size_t size, struct cursor *body, struct perf_event_header *header)
{
    if (size < sizeof *header)
        return false;
    memcpy(header, bytes, sizeof *header);
    if (header->size != size || size % RING_ALIGNMENT != 0)
        return false;
    size_t behind = header->type == PERF_RECORD_SAMPLE ? 0 : IDENTITY_BYTES;
    if (size < sizeof *header + behind)
        return false;
    *body = (struct cursor){.at = bytes + sizeof *header, .end = bytes + size - behind};
    return true;
}

bool record_time(const uint8_t *bytes, size_t size, uint64_t *time_ns)
{
    struct perf_event_header header;
    struct cursor body;
    if (!open_body(bytes, size, &body, &header))
        return false;
    if (header.type != PERF_RECORD_SAMPLE)
        body = (struct cursor){.at = body.end, .end = body.end + IDENTITY_BYTES};
    cursor_skip(&body, 8); /* pid, tid */
    *time_ns = cursor_fixed(&body, 8);
    return !body.failed;
}

static void read_stack(struct cursor *body, struct record *out)
{
    uint64_t room = cursor_fixed(body, 8);
    out->stack = body->at;
    cursor_skip(body, room);
    uint64_t used = room > 0 ? cursor_fixed(body, 8) : 0;
    out->stack_bytes = used < room ? used : room;
}

/* ax bx cx dx si di bp sp ip r8 ... r15 */
static void read_registers(struct cursor *body, struct record *out)
{
    static const uint8_t dwarf[] = {0, 3, 2, 1, 4, 5, 6, 7};
    for (size_t i = 0; i < sizeof dwarf; i++)
        out->registers[dwarf[i]] = cursor_fixed(body, 8);
    out->ip = cursor_fixed(body, 8);
    for (size_t i = sizeof dwarf; i < RECORDS_GENERAL; i++)
        out->registers[i] = cursor_fixed(body, 8);
}

static void read_sample(struct cursor *body, uint16_t misc, struct record *out)
{
    out->pid = (uint32_t)cursor_fixed(body, 4);
    out->tid = (uint32_t)cursor_fixed(body, 4);
    cursor_skip(body, 8); /* the time */
    uint64_t abi = cursor_fixed(body, 8);
    out->in_kernel = (misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
    out->has_registers = abi == PERF_SAMPLE_REGS_ABI_64;
    if (abi != PERF_SAMPLE_REGS_ABI_NONE)
        read_registers(body, out);
    read_stack(body, out);
}

static void read_mmap2(struct cursor *body, struct record *out)
{
    out->pid = (uint32_t)cursor_fixed(body, 4);
    out->tid = (uint32_t)cursor_fixed(body, 4);
    out->start = cursor_fixed(body, 8);
    uint64_t bytes = cursor_fixed(body, 8);
    out->end = out->start + bytes;
    out->file_offset = cursor_fixed(body, 8);
    cursor_skip(body, 24 + 8); /* the file's identity; protection and flags */
    out->path = (const char *)body->at;
    if (out->end < out->start || memchr(body->at, 0, (size_t)(body->end - body->at)) == NULL)
        cursor_fail(body);
}

/* FORK and EXIT. */
static void read_task(struct cursor *body, struct record *out)
{
    out->pid = (uint32_t)cursor_fixed(body, 4);
    out->parent_pid = (uint32_t)cursor_fixed(body, 4);
    out->tid = (uint32_t)cursor_fixed(body, 4);
}

bool record_read(const uint8_t *bytes, size_t size, struct record *out)
{
    struct perf_event_header header;
    struct cursor body;
    *out = (struct record){0};
    if (!open_body(bytes, size, &body, &header) || !record_time(bytes, size, &out->time_ns))
        return false;
    out->type = header.type;
    switch (header.type) {
    case PERF_RECORD_SAMPLE:
        read_sample(&body, header.misc, out);
        break;
    case PERF_RECORD_MMAP2:
        read_mmap2(&body, out);
        break;
    case PERF_RECORD_COMM:
        out->pid = (uint32_t)cursor_fixed(&body, 4);
        out->tid = (uint32_t)cursor_fixed(&body, 4);
        out->is_exec = (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
        break;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
        read_task(&body, out);
        break;
    case PERF_RECORD_LOST:
        cursor_skip(&body, 8); /* the event's number */
        out->lost_count = cursor_fixed(&body, 8);
        break;
    }
    return !body.failed;
}
