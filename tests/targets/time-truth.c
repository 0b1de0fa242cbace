/* Uses CPU time in known functions, and prints how much by the kernel's own clock of the thread: "hot NS" and "warm
   NS".

     time-truth WAY [REPEATS]

   WAY: plain, threads, children, exec, library, deep, shallow, kill, idle, surroundings, or a port file's name for a
   server that does the same for GET /plain, nothing for /short, and is killed by /kill. */

#include <dirent.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000000ul

static volatile unsigned long sum;
static unsigned long repeats = 1;

static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) void hot(void)
{
    for (unsigned long i = 0; i < 3 * ROUNDS; i++)
        sum += i * i; /* hot line */
}

__attribute__((noinline)) void warm(void)
{
    for (unsigned long i = 0; i < ROUNDS; i++)
        sum += i; /* warm line */
}

static uint64_t timed(void (*function)(void))
{
    uint64_t before = thread_ns();
    function();
    return thread_ns() - before;
}

static void tell(const char *name, uint64_t ns)
{
    printf("%s %llu\n", name, (unsigned long long)ns);
    fflush(stdout);
}

/* In turn, so that what else happens on the machine meets both. */
static void work(void)
{
    uint64_t hot_ns = 0, warm_ns = 0;
    for (unsigned long i = 0; i < repeats; i++) {
        hot_ns += timed(hot);
        warm_ns += timed(warm);
    }
    tell("hot", hot_ns);
    tell("warm", warm_ns);
}

static void *run_hot(void *name)
{
    tell(name, timed(hot));
    return NULL;
}

static void threads(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_hot, (void *)"hot") != 0)
        abort();
    tell("warm", timed(warm));
    pthread_join(thread, NULL);
}

static void children(void)
{
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            tell(i == 0 ? "hot" : "warm", timed(i == 0 ? hot : warm));
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
}

/* It has functions of the same names. */
static void library(void)
{
    void *handle = dlopen("./library.so", RTLD_NOW);
    if (handle == NULL)
        abort();
    void (*work_there)(void) = (void (*)(void))(uintptr_t)dlsym(handle, "work_there");
    work_there();
}

__attribute__((noinline)) static int recurse(int depth)
{
    volatile char room[200];
    room[depth % 200] = 1;
    if (depth == 0)
        hot();
    else
        recurse(depth - 1);
    return room[depth % 200];
}

/* What a program can know of its own process. */
static void surroundings(void)
{
    char line[256];
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    printf("descriptors %zu\n", count);
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "SigQ", 4) != 0 && /* of all of the user's processes */
            (strncmp(line, "Threads", 7) == 0 || strncmp(line, "Sig", 3) == 0 || strncmp(line, "TracerPid", 9) == 0 ||
             strncmp(line, "Seccomp", 7) == 0))
            fputs(line, stdout);
}

static void serve(const char *port_file)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &bytes) != 0)
        abort();
    FILE *file = fopen(port_file, "w");
    fprintf(file, "%d\n", ntohs(address.sin_port));
    fclose(file);
    for (;;) {
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        char request[4096] = "";
        int connection = accept(listener, NULL, NULL);
        if (read(connection, request, sizeof request - 1) > 0) {
            if (strstr(request, "/plain") != NULL)
                work();
            if (strstr(request, "/kill") != NULL) {
                hot();
                raise(SIGKILL);
            }
            if (write(connection, answer, sizeof answer - 1) < 0)
                abort();
        }
        close(connection);
    }
}

int main(int count, char **words)
{
    const char *way = count > 1 ? words[1] : "plain";
    repeats = count > 2 ? strtoul(words[2], NULL, 10) : 1;
    if (strcmp(way, "plain") == 0)
        work();
    else if (strcmp(way, "threads") == 0)
        threads();
    else if (strcmp(way, "children") == 0)
        children();
    else if (strcmp(way, "library") == 0)
        library();
    else if (strcmp(way, "deep") == 0)
        recurse(2000);
    else if (strcmp(way, "shallow") == 0)
        recurse(20);
    else if (strcmp(way, "idle") == 0)
        usleep(100000);
    else if (strcmp(way, "surroundings") == 0)
        surroundings();
    else if (strcmp(way, "kill") == 0) {
        hot();
        raise(SIGKILL);
    } else if (strcmp(way, "exec") == 0) {
        warm();
        execl("/proc/self/exe", words[0], "shallow", (char *)NULL);
    } else {
        serve(way);
    }
    return 0;
}
