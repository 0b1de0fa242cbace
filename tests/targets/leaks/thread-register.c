/* A running thread has the only pointer in a register, and goes round in a loop that touches no memory. */
#include "leaks.h"
#include <pthread.h>

static volatile int ready;

static void *run(void *data)
{
    void *block = malloc(77); /* KEPT */
#ifdef __x86_64__
    __asm__ volatile("mov %0, %%r12\n\t"
                     "xor %%eax, %%eax\n\t"
                     "mov %%rax, %0\n\t"
                     "movl $1, %1\n"
                     "1:\tpause\n\t"
                     "jmp 1b"
                     : "+m"(block), "=m"(ready)
                     :
                     : "rax", "r12", "memory");
#else
    ready = 1;
    pause();
#endif
    free(block);
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    while (!ready)
        usleep(100);
    scrub();
    return 0;
}
