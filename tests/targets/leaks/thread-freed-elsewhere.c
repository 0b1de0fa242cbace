/* What two threads allocate is freed by main, and the other way round. */
#include "leaks.h"
#include <pthread.h>

static void *mine[100];

static void *run(void *data)
{
    void **blocks = malloc(100 * sizeof *blocks); /* KEPT */
    for (int i = 0; i < 100; i++) {
        blocks[i] = malloc(40); /* KEPT */
        if (data != NULL)
            free(mine[i]);
    }
    return blocks;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 100; i++)
        mine[i] = malloc(30); /* KEPT */
    pthread_create(&threads[0], NULL, run, NULL);
    pthread_create(&threads[1], NULL, run, threads);
    for (int i = 0; i < 2; i++) {
        void **blocks;
        pthread_join(threads[i], (void **)&blocks);
        for (int j = 0; j < 100; j++)
            free(blocks[j]);
        free(blocks);
    }
    return 0;
}
