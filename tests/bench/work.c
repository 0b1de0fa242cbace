/* Work of the kinds that distributions' programs do not offer:

   work parser N     a recursive-descent parser on a text nested 1000 levels deep, N times
   work threads N    8 threads that allocate at once, N blocks each
   work blocks N     N live blocks
   work pair D fixed|varying
                     malloc and free at depth D, with one stack or one of 256; prints nanoseconds a pair */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void *get(size_t bytes)
{
    void *block = malloc(bytes);
    if (block == NULL)
        abort();
    return block;
}

/* The parser: lists of names and lists. */

#define LEVELS 1000

struct node {
    struct node *next, *first;
    char *name;
};

static NOINLINE struct node *parse_list(const char **at);

static NOINLINE struct node *parse_name(const char **at)
{
    struct node *node = get(sizeof *node);
    size_t bytes = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
    *node = (struct node){.name = get(bytes + 1)};
    memcpy(node->name, *at, bytes);
    node->name[bytes] = '\0';
    *at += bytes;
    return node;
}

static NOINLINE struct node *parse_value(const char **at)
{
    return **at == '[' ? parse_list(at) : parse_name(at);
}

static NOINLINE struct node *parse_list(const char **at)
{
    struct node *list = get(sizeof *list);
    struct node **end = &list->first;
    *list = (struct node){0};
    for (++*at; **at != ']'; *at += **at == ',') {
        *end = parse_value(at);
        end = &(*end)->next;
    }
    ++*at;
    return list;
}

static NOINLINE void free_node(struct node *node)
{
    while (node != NULL) {
        struct node *next = node->next;
        free_node(node->first);
        free(node->name);
        free(node);
        node = next;
    }
}

static void run_parser(long count)
{
    static char text[LEVELS * 16 + 1];
    char *at = text;
    for (int i = 0; i < LEVELS; i++)
        at = stpcpy(at, "[alpha,");
    for (int i = 0; i < LEVELS; i++)
        at = stpcpy(at, "be,cd]");
    for (long i = 0; i < count; i++) {
        const char *place = text;
        free_node(parse_value(&place));
    }
}

/* Calls down to a depth, where something is done; `tail` chooses the way of the last four. */

struct job {
    void (*act)(struct job *);
    int depth;
    unsigned tail;
    long count;
    uint64_t random;
    void *blocks[1024];
};

static volatile int sink;

static NOINLINE void go_down(struct job *job, int left);

#define WAY(name)                                                                                                      \
    static NOINLINE void name(struct job *job, int left)                                                               \
    {                                                                                                                  \
        go_down(job, left - 1);                                                                                        \
        sink++;                                                                                                        \
    }
WAY(way0)
WAY(way1)
WAY(way2)
WAY(way3)

static NOINLINE void go_down(struct job *job, int left)
{
    static void (*const ways[])(struct job *, int) = {way0, way1, way2, way3};
    if (left <= 0) {
        job->act(job);
        return;
    }
    unsigned way = left <= 8 ? job->tail >> (left & 6) & 3 : 0;
    ways[way](job, left - 1);
    sink++;
}

static void act_many(struct job *job)
{
    for (long i = 0; i < job->count; i++) {
        void *block = get(64);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
}

static void act_once(struct job *job)
{
    uint64_t random = next_random(&job->random);
    void **block = &job->blocks[random % 1024];
    free(*block);
    *block = get(16 + (random >> 32) % 240);
}

static void act_nothing(struct job *job)
{
    next_random(&job->random);
}

static void descend_varying(struct job *job)
{
    for (long i = 0; i < job->count; i++) {
        job->tail = (unsigned)next_random(&job->random) & 255;
        go_down(job, job->depth);
    }
}

static void free_blocks(struct job *job)
{
    for (int i = 0; i < 1024; i++)
        free(job->blocks[i]);
}

static double thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double measure(struct job *job, void (*descend)(struct job *), void (*act)(struct job *))
{
    job->act = act;
    double before = thread_ns();
    descend(job);
    return (thread_ns() - before) / (double)job->count;
}

static void descend_once(struct job *job)
{
    go_down(job, job->depth);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of 9 measurements; the way down alone is subtracted. */
static void run_pair(int depth, bool varying)
{
    static struct job job;
    double ns[9];
    job = (struct job){.depth = depth, .count = varying ? 100000 : 400000, .random = 88172645463325252};
    for (int i = -1; i < 9; i++) {
        double one = varying ? measure(&job, descend_varying, act_once) - measure(&job, descend_varying, act_nothing)
                             : measure(&job, descend_once, act_many);
        if (i >= 0) /* one to warm up */
            ns[i] = one;
    }
    free_blocks(&job);
    qsort(ns, 9, sizeof *ns, by_value);
    printf("%.1f\n", ns[4]);
}

static void *run_thread(void *data)
{
    struct job *job = data;
    descend_varying(job);
    free_blocks(job);
    return NULL;
}

static void run_threads(long count)
{
    static struct job jobs[8];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        jobs[i] =
            (struct job){.act = act_once, .depth = 12, .count = count, .random = 88172645463325252u + (uint64_t)i};
        if (pthread_create(&threads[i], NULL, run_thread, &jobs[i]) != 0)
            abort();
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

static void run_blocks(long count)
{
    void **blocks = get((size_t)count * sizeof *blocks);
    uint64_t random = 88172645463325252;
    for (long i = 0; i < count; i++)
        blocks[i] = get(8 + next_random(&random) % 57);
    for (long i = 0; i < count; i++)
        free(blocks[i]);
    free(blocks);
}

int main(int argc, char **argv)
{
    const char *kind = argc > 2 ? argv[1] : "";
    long number = argc > 2 ? atol(argv[2]) : 0;
    if (strcmp(kind, "parser") == 0)
        run_parser(number);
    else if (strcmp(kind, "threads") == 0)
        run_threads(number);
    else if (strcmp(kind, "blocks") == 0)
        run_blocks(number);
    else if (strcmp(kind, "pair") == 0 && argc > 3)
        run_pair((int)number, strcmp(argv[3], "varying") == 0);
    else
        return 2;
    return 0;
}
