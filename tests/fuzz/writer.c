/* writer FOLDER ELF: write the seeds that are no text into FOLDER/wire, FOLDER/sampler and FOLDER/cfi, which are there.
   ELF is a program with call frame information. */

#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf-file.h"
#include "fuzz.h"
#include "sampler/records.h"
#include "wire.h"
#include "wire/event.h"
#include "wire/record.h"

#define SEED_BYTES 65536u

struct seed {
    uint8_t bytes[SEED_BYTES];
    size_t count;
};

static void put(struct seed *seed, const void *bytes, size_t count)
{
    if (count > sizeof seed->bytes - seed->count)
        abort();
    memcpy(seed->bytes + seed->count, bytes, count);
    seed->count += count;
}

static void put_number(struct seed *seed, uint64_t value, unsigned bytes)
{
    for (; bytes > 0; bytes--, value >>= 8)
        put(seed, &(uint8_t){(uint8_t)value}, 1);
}

static void save(struct seed *seed, const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(seed->bytes, 1, seed->count, file) != seed->count || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    seed->count = 0;
}

/* --- wire --- */

enum { PROCESS, THREADS, MODULES, LINES, EVENTS, MORE }; /* chunks */

static void command(struct seed *seed, enum wire_fuzz_command command)
{
    put_number(seed, command, 1);
}

static void put_chunk(struct seed *seed, uint8_t chunk, enum wire_chunk_kind kind)
{
    command(seed, WIRE_FUZZ_CHUNK);
    put(seed, (uint8_t[]){chunk, WIRE_CHUNK_READY, (uint8_t)kind, 1, PROCESS}, 5);
}

static void put_word(struct seed *seed, uint8_t chunk, size_t offset, uint64_t value)
{
    command(seed, WIRE_FUZZ_WORD);
    put_number(seed, chunk, 1);
    put_number(seed, offset / 8, 2);
    put_number(seed, value, 8);
}

static void put_thread(struct seed *seed, uint8_t slot, uint8_t lines, uint8_t events)
{
    command(seed, WIRE_FUZZ_THREAD);
    put(seed, (uint8_t[]){PROCESS, slot, (uint8_t)(7 + slot), 1, lines, events}, 6);
}

static void put_module(struct seed *seed, uint8_t place, const char *path)
{
    command(seed, WIRE_FUZZ_MODULE);
    put(seed, (uint8_t[]){MODULES, place, 0x10, place, 8, 0, 0, 0, 0}, 9);
    put(seed, path, strlen(path) + 1);
}

static void put_process(struct seed *seed)
{
    put_word(seed, PROCESS, 0, 7); /* its number */
    put_word(seed, PROCESS, 8, 1); /* serial; no more threads */
    put_word(seed, PROCESS, offsetof(struct wire_process, modules_chunk), MODULES + 1);
    put_chunk(seed, PROCESS, WIRE_CHUNK_PROCESS);
    put_chunk(seed, MODULES, WIRE_CHUNK_MODULES);
    put_module(seed, 0, "/proc/self/exe");
    command(seed, WIRE_FUZZ_REGISTER);
    command(seed, WIRE_FUZZ_WORK);
    command(seed, WIRE_FUZZ_BEGIN);
}

static void put_record(struct seed *seed, uint8_t index, enum wire_record_kind kind, uint8_t site, uint8_t flags)
{
    command(seed, WIRE_FUZZ_RECORD);
    put(seed, (uint8_t[]){LINES, index, (uint8_t)kind, flags, 1, 0, 0, 0, 1, site, 0, 4}, 12);
    for (int i = 0; i < 4; i++)
        put(seed, (uint8_t[]){index, 0, 12}, 3);
}

static void save_lines(struct seed *seed, const char *folder)
{
    static const uint8_t kinds[] = {
        WIRE_RECORD_THREAD,    WIRE_RECORD_LINE,       WIRE_RECORD_LINE,  WIRE_RECORD_JUMP, WIRE_RECORD_LINE,
        WIRE_RECORD_SIGNAL_IN, WIRE_RECORD_SIGNAL_OUT, WIRE_RECORD_CATCH, WIRE_RECORD_LINE, WIRE_RECORD_END};
    put_process(seed);
    put_chunk(seed, LINES, WIRE_CHUNK_RING);
    put_thread(seed, 0, LINES + 1, 0);
    for (uint8_t i = 0; i < sizeof kinds; i++)
        put_record(seed, i, kinds[i], i % 6, i % 2 ? WIRE_RECORD_HAS_RSS : WIRE_RECORD_HAS_TIME | WIRE_RECORD_EXITS);
    command(seed, WIRE_FUZZ_HEAD);
    put(seed, (uint8_t[]){LINES, sizeof kinds}, 2);
    command(seed, WIRE_FUZZ_END);
    command(seed, WIRE_FUZZ_LISTENS);
    save(seed, folder, "lines");
}

static void put_event(struct seed *seed, uint8_t index, enum wire_event_kind kind, uint32_t address, uint32_t size,
                      uint32_t stack)
{
    command(seed, WIRE_FUZZ_EVENT);
    put(seed, (uint8_t[]){EVENTS, index, (uint8_t)kind}, 3);
    put_number(seed, address, 3);
    put_number(seed, size, 2);
    put_number(seed, 0, 1);
    put_number(seed, 1, 1);
    put_number(seed, stack, 3);
    put_number(seed, index + 1, 2);
}

static void save_events(struct seed *seed, const char *folder)
{
    put_process(seed);
    put_word(seed, EVENTS, 8, UINT64_C(100) << 32); /* capacity */
    put_chunk(seed, EVENTS, WIRE_CHUNK_EVENTS);
    put_chunk(seed, MORE, WIRE_CHUNK_MORE);
    put_thread(seed, 0, 0, EVENTS + 1);
    put_event(seed, 0, WIRE_EVENT_NODE, 0x10100, 0x20000, 0);
    put_event(seed, 1, WIRE_EVENT_NODE, 0x10200, 0x30000, 0x20000);
    put_event(seed, 2, WIRE_EVENT_ALLOC, 0x1000, 100, 0x30000);
    put_event(seed, 3, WIRE_EVENT_ALLOC, 0x2000, 200, 0x20000);
    put_event(seed, 4, WIRE_EVENT_FREE, 0x1000, 0, 0);
    put_event(seed, 5, WIRE_EVENT_NOT_FREED, 0, 0, 0);
    put_event(seed, 6, WIRE_EVENT_MAP, 0x10000, 0x3000, 0x30000);
    put_event(seed, 7, WIRE_EVENT_UNMAP, 0x11000, 0x1000, 0);
    command(seed, WIRE_FUZZ_HEAD);
    put(seed, (uint8_t[]){EVENTS, 8}, 2);
    command(seed, WIRE_FUZZ_WORK);
    command(seed, WIRE_FUZZ_END);
    command(seed, WIRE_FUZZ_PLACE);
    put_number(seed, 7, 1);
    put_number(seed, 0x10000, 8);
    save(seed, folder, "events");
}

/* Threads in a circle of chunks, all with the same rings. */
static void save_circle(struct seed *seed, const char *folder)
{
    put_process(seed);
    put_word(seed, EVENTS, 8, UINT64_C(100) << 32);
    put_chunk(seed, EVENTS, WIRE_CHUNK_EVENTS);
    put_chunk(seed, LINES, WIRE_CHUNK_RING);
    put_chunk(seed, THREADS, WIRE_CHUNK_THREADS);
    command(seed, WIRE_FUZZ_FILL);
    put(seed, (uint8_t[]){THREADS, THREADS + 1, LINES + 1, EVENTS + 1}, 4);
    command(seed, WIRE_FUZZ_FILL);
    put(seed, (uint8_t[]){PROCESS, 0, LINES + 1, EVENTS + 1}, 4);
    put_word(seed, PROCESS, 0, 7);
    put_thread(seed, 0, LINES + 1, EVENTS + 1);
    put_word(seed, PROCESS, 8, (uint64_t)(THREADS + 1) << 32 | 1);
    command(seed, WIRE_FUZZ_WORK);
    command(seed, WIRE_FUZZ_END);
    save(seed, folder, "circle");
}

/* --- sampler --- */

static void put_identity(struct seed *seed, uint64_t time_ns)
{
    put_number(seed, 7, 4);
    put_number(seed, 7, 4);
    put_number(seed, time_ns, 8);
}

static void put_record_header(struct seed *seed, uint32_t type, uint16_t misc, size_t bytes)
{
    const struct perf_event_header header = {.type = type, .misc = misc, .size = (uint16_t)(sizeof header + bytes)};
    put(seed, &header, sizeof header);
}

static void put_mapping(struct seed *seed)
{
    static const char path[24] = "/proc/self/exe";
    put_record_header(seed, PERF_RECORD_MMAP2, 0, 8 + 3 * 8 + 32 + sizeof path + 16);
    put_number(seed, 7, 4);
    put_number(seed, 7, 4);
    put_number(seed, 0x400000, 8);
    put_number(seed, 0x4000000, 8);
    put_number(seed, 0, 8);
    put(seed, (uint8_t[32]){0}, 32);
    put(seed, path, sizeof path);
    put_identity(seed, 1);
}

static void put_task(struct seed *seed, uint32_t type, uint32_t pid)
{
    put_record_header(seed, type, type == PERF_RECORD_COMM ? PERF_RECORD_MISC_COMM_EXEC : 0, 24 + 16);
    put_number(seed, pid, 4);
    put_number(seed, 7, 4);
    put_number(seed, pid, 4);
    put_number(seed, 7, 4);
    put_number(seed, 2, 8);
    put_identity(seed, 2);
}

/* A stack whose words are addresses in the mapping. */
static void put_sample(struct seed *seed, uint16_t misc)
{
    enum { STACK_WORDS = 64 };
    put_record_header(seed, PERF_RECORD_SAMPLE, misc, 16 + 8 + 17 * 8 + 8 + 8 * STACK_WORDS + 8);
    put_identity(seed, 3);
    put_number(seed, PERF_SAMPLE_REGS_ABI_64, 8);
    for (uint64_t i = 0; i < 17; i++)
        put_number(seed, i == 6 || i == 7 ? 0x7f0000 : 0x700000 + i * 0x1000, 8);
    put_number(seed, 8 * STACK_WORDS, 8);
    for (uint64_t i = 0; i < STACK_WORDS; i++)
        put_number(seed, i % 2 ? 0x500000 + i * 0x10000 : 0x7f0000 + 8 * (i + 2), 8);
    put_number(seed, 8 * STACK_WORDS, 8);
}

static void save_samples(struct seed *seed, const char *folder)
{
    put_mapping(seed);
    put_sample(seed, PERF_RECORD_MISC_USER);
    save(seed, folder, "sample");
    put_mapping(seed);
    put_task(seed, PERF_RECORD_FORK, 8);
    put_sample(seed, PERF_RECORD_MISC_KERNEL);
    put_task(seed, PERF_RECORD_COMM, 8);
    put_task(seed, PERF_RECORD_EXIT, 8);
    put_record_header(seed, PERF_RECORD_LOST, 0, 16 + 16);
    put_number(seed, 1, 8);
    put_number(seed, 5, 8);
    put_identity(seed, 4);
    save(seed, folder, "tasks");
}

/* --- cfi --- */

static const Elf64_Shdr *must_have(const struct elf_file *file, const char *name)
{
    const Elf64_Shdr *section = elf_file_section(file, name);
    if (section == NULL) {
        fprintf(stderr, "no %s\n", name);
        exit(EXIT_FAILURE);
    }
    return section;
}

static void save_frames(struct seed *seed, const char *folder, const char *elf)
{
    struct elf_file file;
    struct err err;
    if (elf_file_open(&file, elf, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(EXIT_FAILURE);
    }
    const Elf64_Shdr *header = must_have(&file, ".eh_frame_hdr"), *frames = must_have(&file, ".eh_frame");
    size_t header_bytes, frames_bytes;
    const uint8_t *first = elf_file_section_bytes(&file, header, &header_bytes);
    const uint8_t *second = elf_file_section_bytes(&file, frames, &frames_bytes);
    put_number(seed, header->sh_addr, 8);
    put_number(seed, frames->sh_addr, 8);
    put_number(seed, header_bytes, 2);
    put_number(seed, 8, 1);
    put_number(seed, must_have(&file, ".text")->sh_addr, 8);
    put(seed, first, header_bytes);
    put(seed, second, frames_bytes);
    save(seed, folder, "frames");
    elf_file_close(&file);
}

int main(int argc, char **argv)
{
    static struct seed seed;
    char folder[3][4096];
    if (argc != 3)
        return 2;
    snprintf(folder[0], sizeof *folder, "%s/wire", argv[1]);
    snprintf(folder[1], sizeof *folder, "%s/sampler", argv[1]);
    snprintf(folder[2], sizeof *folder, "%s/cfi", argv[1]);
    save_lines(&seed, folder[0]);
    save_events(&seed, folder[0]);
    save_circle(&seed, folder[0]);
    save_samples(&seed, folder[1]);
    save_frames(&seed, folder[2], argv[2]);
    return EXIT_SUCCESS;
}
