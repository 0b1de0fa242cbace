/* lose-reader stop|kill|no FILE: stops or kills the process that started it, then does more than anybody could record
   without a reader: allocations and lines in several threads, a forked child, another program. It prints the same in
   any case, and its last act is to write its pid into FILE. */

#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 15000

__attribute__((noinline)) static unsigned step(unsigned i)
{
    unsigned char *block = malloc(i % 300 + 1);
    memset(block, (int)i, i % 300 + 1);
    unsigned sum = block[i % 300];
    free(block);
    return sum;
}

static void *work(void *data)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < ROUNDS; i++)
        sum += step(i);
    return (void *)(uintptr_t)(sum + (data != NULL));
}

static int in_child(void)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        printf("child: %u\n", (unsigned)(uintptr_t)work(NULL));
        fflush(stdout);
        execlp("sh", "sh", "-c", "echo another program; exit 7", (char *)NULL);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    printf("first: %u\n", step(1));
    if (strcmp(argv[1], "no") != 0)
        kill(getppid(), strcmp(argv[1], "stop") == 0 ? SIGSTOP : SIGKILL);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 2;
    for (int i = 0; i < 3; i++) {
        void *sum;
        pthread_join(threads[i], &sum);
        printf("thread: %u\n", (unsigned)(uintptr_t)sum);
    }
    printf("child ended with %d\n", in_child());
    fflush(stdout);
    FILE *file = fopen(argv[2], "w");
    if (file == NULL)
        return 2;
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    return 0;
}
