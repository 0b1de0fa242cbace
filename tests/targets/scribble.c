/* scribble SEED [truth]: a program that works against whoever watches it. It looks for the shared memory of syseng-mem
   among its own mappings and lets a forked child, which makes no call that anybody could see, write nonsense into it,
   while it goes on allocating and running lines. Without such a mapping it only works. With `truth` nothing is written:
   then what is reported of it can be right. */

#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/event.h"
#include "wire/record.h"
#include "wire/session.h"

#define WRITES 40000
#define ROUNDS 20000

static uint8_t *memory;
static size_t memory_bytes;
static uint64_t state;

static uint64_t roll(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void find_memory(void)
{
    char line[512];
    unsigned long start, end;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL)
        if (strstr(line, "/memfd:syseng-mem") != NULL && sscanf(line, "%lx-%lx", &start, &end) == 2) {
            memory = (uint8_t *)start;
            memory_bytes = end - start;
        }
    if (maps != NULL)
        fclose(maps);
}

/* Numbers that are most likely to be believed, or to be out of bounds. */
static uint64_t value(void)
{
    static const uint64_t edges[] = {0, 1, 2, 255, 4096, 65535, 65536, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
    switch (roll() % 4) {
    case 0:
        return edges[roll() % (sizeof edges / sizeof *edges)];
    case 1:
        return roll() % 2048; /* a chunk */
    case 2:
        return roll() % 100000;
    default:
        return roll();
    }
}

static void write_at(uint64_t offset)
{
    uint64_t word = value();
    size_t bytes = (size_t[]){1, 2, 4, 8}[roll() % 4];
    offset -= offset % bytes;
    if (offset + bytes <= memory_bytes)
        memcpy(memory + offset, &word, bytes);
}

/* Somewhere in the first bytes of a chunk that is in use, or of its directory entry, or anywhere. Some chunks become
   whatever else they may be, whole rings are made, and lists lead back to themselves. */
static void scribble(const struct wire_header *layout)
{
    uint32_t used = 0;
    struct wire_chunk *directory = (struct wire_chunk *)(memory + layout->directory_offset);
    while (used < layout->chunk_count && directory[used].state != WIRE_CHUNK_FREE)
        used++;
    uint32_t chunk = (uint32_t)(roll() % (used + 4)) % layout->chunk_count;
    uint64_t place = layout->chunks_offset + (uint64_t)chunk * WIRE_CHUNK_BYTES;
    switch (roll() % 8) {
    case 0:
        write_at(roll() % sizeof(struct wire_header));
        break;
    case 1:
        write_at(layout->directory_offset + chunk * sizeof(struct wire_chunk) + roll() % sizeof(struct wire_chunk));
        break;
    case 2:
        write_at(place + roll() % 512);
        break;
    case 3:
        write_at(place + roll() % WIRE_PROCESS_HEAD_BYTES);
        break;
    case 4:
        write_at(place + WIRE_PROCESS_HEAD_BYTES + roll() % (8 * sizeof(struct wire_thread)));
        break;
    case 5: /* a chunk of whichever kind, that belongs to anybody */
        directory[chunk].process = (uint32_t)(roll() % 4);
        directory[chunk].kind = (uint32_t)(roll() % 8);
        atomic_store(&directory[chunk].state, (uint32_t)(roll() % 4));
        break;
    case 6: { /* a ring full of nonsense */
        struct wire_event_ring *ring = (struct wire_event_ring *)(memory + place);
        for (int i = 0; i < 64; i++)
            ring->events[i] = (struct wire_event){
                .head = roll() % 8 << 56 | value(), .size = value(), .stack = value(), .time = value()};
        atomic_fetch_add(&ring->head, roll() % 64);
        break;
    }
    case 7:
        write_at(roll() % memory_bytes);
        break;
    }
}

static void work_against(void)
{
    struct wire_header layout; /* as it was: what is written later may be anything */
    memcpy(&layout, memory, sizeof layout);
    for (int i = 0; i < WRITES; i++)
        scribble(&layout);
    _exit(0);
}

static int step(int i)
{
    char *block = malloc((size_t)(i % 200 + 1));
    memset(block, i, (size_t)(i % 200 + 1));
    int sum = block[0];
    free(block);
    return sum;
}

static void *run(void *data)
{
    int sum = 0;
    for (int i = 0; i < ROUNDS; i++)
        sum += step(i);
    return (void *)(intptr_t)(sum + (data != NULL));
}

int main(int argc, char **argv)
{
    pthread_t thread;
    state = argc > 1 ? strtoull(argv[1], NULL, 10) * 2654435761u + 1 : 1;
    find_memory();
    printf("%s\n", memory != NULL ? "watched" : "alone");
    fflush(stdout);
    pid_t child = memory != NULL && argc < 3 ? fork() : 0;
    if (child == 0 && memory != NULL && argc < 3)
        work_against();
    if (pthread_create(&thread, NULL, run, NULL) != 0)
        return 1;
    run(NULL);
    pthread_join(thread, NULL);
    if (child > 0) { /* what it writes may hold us up: it is as hostile to us */
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return 0;
}
