/* Allocates in every way that C has, and prints what each line obtained, how much of it stays, and how many blocks were
   freed by the very next event:

       site FUNCTION LINE BYTES BLOCKS LIVE_BYTES LIVE_BLOCKS TEMPORARY

   With an argument, it leaves in that way instead of returning from main; "threads" and "fork" do the same work in four
   threads, or in a child besides. */

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static void *volatile kept[64];
static int workers = 1;

/* One line is one site: written by hand, for the program must not be bothered by its own books. */
static void tell(const char *function, int line, long bytes, long blocks, long live_bytes, long live_blocks,
                 long temporary)
{
    char text[256];
    int length = snprintf(text, sizeof text, "site %s %d %ld %ld %ld %ld %ld\n", function, line, bytes * workers,
                          blocks * workers, live_bytes * workers, live_blocks * workers, temporary * workers);
    if (write(1, text, (size_t)length) != length)
        _exit(99);
}

static int leak_line, loop_line, grow_line, zero_line, inline_line, calloc_line, aligned_line;

static inline __attribute__((always_inline)) void *inlined(void)
{
    inline_line = __LINE__ + 1;
    return malloc(77);
}

NOINLINE static void leak(int slot)
{
    leak_line = __LINE__ + 1;
    kept[slot] = malloc(100);
}

NOINLINE static void loop(void)
{
    loop_line = __LINE__ + 2;
    for (int i = 0; i < 50; i++)
        free(((void *volatile){malloc(10)}));
}

/* Each step obtains a block and frees the one before. */
NOINLINE static void grow(void)
{
    char *volatile block = NULL;
    for (size_t bytes = 1000; bytes <= 5000; bytes += 1000) {
        grow_line = __LINE__ + 1;
        block = realloc(block, bytes);
        block[bytes - 1] = 1;
    }
    free(block);
}

NOINLINE static void others(int slot)
{
    zero_line = __LINE__ + 1;
    kept[slot] = malloc(0);
    calloc_line = __LINE__ + 1;
    kept[slot + 1] = calloc(3, 5);
    aligned_line = __LINE__ + 1;
    kept[slot + 2] = aligned_alloc(64, 128);
    kept[slot + 3] = inlined();
}

static void *work(void *data)
{
    int slot = (int)(long)data * 8;
    leak(slot);
    loop();
    grow();
    others(slot + 1);
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
            exit(99);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    workers = 4;
}

static void run_child(void)
{
    pid_t child = fork();
    if (child == 0) {
        work(NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    work((void *)1L);
    workers = 2;
}

static void tell_all(void)
{
    tell("leak", leak_line, 100, 1, 100, 1, 0);
    tell("loop", loop_line, 500, 50, 0, 0, 50);
    tell("grow", grow_line, 15000, 5, 0, 0, 5);
    tell("others", zero_line, 0, 1, 0, 1, 0);
    tell("others", calloc_line, 15, 1, 15, 1, 0);
    tell("others", aligned_line, 128, 1, 128, 1, 0);
    tell("inlined", inline_line, 77, 1, 77, 1, 0);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "return";
    if (strcmp(way, "threads") == 0)
        run_threads();
    else if (strcmp(way, "fork") == 0)
        run_child();
    else
        work(NULL);
    tell_all();
    if (strcmp(way, "exit") == 0)
        exit(0);
    if (strcmp(way, "_exit") == 0)
        _exit(0);
    if (strcmp(way, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(way, "abort") == 0)
        abort();
    return 0;
}
