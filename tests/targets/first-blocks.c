/* Lines that allocate 16 bytes where nothing was allocated before: at the beginning, deep in the stack, in a thread
   that starts in the middle, in a forked child, through a library that is loaded in the middle. Each can make a page
   resident by the allocator's own doing; what the profiler makes resident meanwhile must not show.

   With a number N as argument: instead N threads live at once, each of which allocates and frees at several depths. */

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syseng_mem.h"

void *volatile blocks[8];

SYSENG_MEM_PROFILE
static void at_first(void)
{
    blocks[0] = malloc(16); /* one block */
    blocks[1] = malloc(16); /* one block */
}

SYSENG_MEM_PROFILE
static void deep_down(void)
{
    blocks[2] = malloc(16); /* one block */
    free(blocks[2]);        /* one block */
}

static int descend(int left)
{
    volatile int here = left; /* the stack itself is made resident outside of the line */
    if (left == 0)
        deep_down();
    return left > 0 ? descend(left - 1) + here : here;
}

SYSENG_MEM_PROFILE
static void *in_thread(void *unused)
{
    blocks[3] = malloc(16); /* one block */
    free(blocks[3]);        /* one block */
    return unused;
}

SYSENG_MEM_PROFILE
static void in_child(void)
{
    blocks[4] = malloc(16); /* in a child */
}

SYSENG_MEM_PROFILE
static void in_library(void *(*obtain)(unsigned long))
{
    blocks[5] = obtain(16); /* one block */
}

/* A forked child has no page of a file until it touches it, and then 16 at once; those of the code that it runs would
   be its own doing. The loader's, which the program does not run, stay away. */
static int bring_in(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum && strstr(info->dlpi_name, "/ld-") == NULL; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)4095,
                  end = info->dlpi_addr + segment->p_vaddr + segment->p_filesz;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0)
            for (volatile const char *page = (const char *)start; page < (const char *)end; page += 4096)
                (void)*page;
    }
    return 0;
}

/* Threads that are all there at once. */

static pthread_barrier_t barrier;

static int allocate_at(int left)
{
    void *volatile block = malloc(32);
    int deeper = left > 0 ? allocate_at(left - 1) : 0;
    free(block);
    return deeper + 1;
}

static void *live(void *unused)
{
    for (int i = 0; i < 100; i++)
        allocate_at(i % 30);
    pthread_barrier_wait(&barrier);
    return unused;
}

static int run_threads(int count)
{
    pthread_barrier_init(&barrier, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, live, NULL) != 0)
            return 1;
    }
    pthread_barrier_wait(&barrier);
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9')
        return run_threads(atoi(argv[1]));
    dl_iterate_phdr(bring_in, NULL);
    at_first();
    char room[300 * 200]; /* descend's */
    memset(room, argc, sizeof room);
    descend(room[argc] * 300);
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread, NULL, in_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return 1;
    pid_t child = fork();
    if (child == 0) {
        dl_iterate_phdr(bring_in, NULL);
        in_child();
        _exit(0);
    }
    waitpid(child, NULL, 0);
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void *obtain = library != NULL ? dlsym(library, "obtain") : NULL;
    if (obtain == NULL)
        return 1;
    in_library((void *(*)(unsigned long))obtain);
    return 0;
}
