/* Compares what the kernel says of this process with what syseng-mem subtracts, and what a line that does nearly nothing
   shows. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "syseng_mem.h"
#include "truth.h"

static void *kept;

SYSENG_MEM_PROFILE
static void first_bytes(void)
{
    kept = malloc(16);
}

SYSENG_MEM_PROFILE
static void nothing(void)
{
    __asm__ volatile("");
    __asm__ volatile("");
}

SYSENG_MEM_PROFILE
static void first_stop(void)
{
    __asm__ volatile("");
    __asm__ volatile("");
}

SYSENG_MEM_PROFILE
static void in_child(void)
{
    __asm__ volatile("");
    __asm__ volatile("");
}

static void *thread(void *unused)
{
    volatile char stack[32768]; /* the signal's frame lies below */
    memset((char *)stack, 1, sizeof stack);
    first_stop();
    return unused;
}

/* Mappings and resident KiB of what belongs to us, which is told by its name or by being near the program. */
static void show_mappings(void)
{
    char line[512];
    long all = 0, ours = 0;
    int is_ours = 0;
    FILE *file = fopen("/proc/self/smaps", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        unsigned long start, end;
        long kib;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            is_ours = strstr(line, "syseng-mem") != NULL || strstr(line, "libsyseng_mem_preload") != NULL;
        else if (sscanf(line, "Rss: %ld kB", &kib) == 1) {
            all += kib;
            ours += is_ours ? kib : 0;
        }
    }
    fclose(file);
    printf("all %ld\nours %ld\n", all * 1024, ours * 1024);
}

int main(int argc, char **argv)
{
    pthread_t other;
    if (argc > 1 && strcmp(argv[1], "mappings") == 0) {
        nothing();
        show_mappings();
        return 0;
    }
    truth_settle(); /* pages of libc's code are not the line's */
    first_bytes();
    for (int i = 0; i < 3; i++)
        nothing();
    for (int i = 0; i < 4; i++) {
        pthread_create(&other, NULL, thread, NULL);
        pthread_join(other, NULL);
    }
    if (fork() == 0) {
        truth_settle();
        in_child();
        _exit(0);
    }
    return 0;
}
