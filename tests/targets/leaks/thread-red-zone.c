/* A running thread has the only pointer below its stack pointer, in the 128 bytes that belong to a leaf function. */
#include "leaks.h"
#include <pthread.h>

static volatile int ready;

static void *run(void *data)
{
    void *block = malloc(77); /* KEPT */
#ifdef __x86_64__
    __asm__ volatile("mov %0, %%rcx\n\t"
                     "movq $0, %0\n\t"
                     "mov %%rcx, -120(%%rsp)\n\t"
                     "xor %%ecx, %%ecx\n\t"
                     "xor %%eax, %%eax\n\t"
                     "movl $1, %1\n"
                     "1:\tpause\n\t"
                     "jmp 1b"
                     : "+m"(block), "=m"(ready)
                     :
                     : "rax", "rcx", "memory");
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
