/* A library that was loaded by dlopen() holds the pointers in thread-local variables: main's, and a waiting thread's.
   library: yes */
#include "leaks.h"

#ifdef LIBRARY
static __thread void *volatile held[1000];

void fill(void)
{
    held[900] = used(malloc(77)); /* KEPT */
}
#else
#include <dlfcn.h>
#include <pthread.h>

static pthread_barrier_t barrier;
static void (*fill)(void);

static void *run(void *data)
{
    fill();
    scrub();
    pthread_barrier_wait(&barrier);
    pause();
    return data;
}

int main(void)
{
    pthread_t thread;
    void *library = dlopen("./place-library-local.so", RTLD_NOW);
    if (library == NULL)
        return 1;
    fill = (void (*)(void))dlsym(library, "fill");
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, run, NULL);
    fill();
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
#endif
