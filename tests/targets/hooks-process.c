/* Threads, children and ends of a process under the preload library. The first argument chooses; what is wrong goes to
   standard error, standard output is the same with and without the library. */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session-view.h"

#define WORKERS 8
#define CROWD 1200

struct work {
    uint32_t seed;
    int rounds;
    uint64_t alloc_bytes, allocs, free_bytes, frees;
};

static bool has_session;

static void *work(void *data)
{
    struct work *work = data;
    void *blocks[64] = {0};
    for (int i = 0; i < work->rounds; i++) {
        work->seed = work->seed * 1103515245u + 12345u;
        void **at = &blocks[(work->seed >> 8) % 64];
        if (*at != NULL) {
            work->free_bytes += malloc_usable_size(*at);
            work->frees++;
            free(*at);
        }
        *at = malloc((work->seed >> 16) % 2000);
        work->alloc_bytes += malloc_usable_size(*at);
        work->allocs++;
    }
    for (int i = 0; i < 64; i++) {
        if (blocks[i] != NULL) {
            work->free_bytes += malloc_usable_size(blocks[i]);
            work->frees++;
            free(blocks[i]);
        }
    }
    return NULL;
}

static void expect(const char *what, const struct view_sums *before, const struct work *sum)
{
    struct view_sums now = view_sum();
    if (has_session &&
        (now.alloc_bytes - before->alloc_bytes != sum->alloc_bytes ||
         now.alloc_count - before->alloc_count != sum->allocs ||
         now.free_bytes - before->free_bytes != sum->free_bytes || now.free_count - before->free_count != sum->frees))
        fprintf(stderr, "%s: counted +%ju in %ju, -%ju in %ju; expected +%ju in %ju, -%ju in %ju\n", what,
                (uintmax_t)(now.alloc_bytes - before->alloc_bytes), (uintmax_t)(now.alloc_count - before->alloc_count),
                (uintmax_t)(now.free_bytes - before->free_bytes), (uintmax_t)(now.free_count - before->free_count),
                (uintmax_t)sum->alloc_bytes, (uintmax_t)sum->allocs, (uintmax_t)sum->free_bytes, (uintmax_t)sum->frees);
    if (has_session && now.live_bytes != (int64_t)(now.alloc_bytes - now.free_bytes))
        fprintf(stderr, "%s: %jd live, but %jd by the threads' counters\n", what, (intmax_t)now.live_bytes,
                (intmax_t)(now.alloc_bytes - now.free_bytes));
}

static pthread_barrier_t barrier;

/* Between the barriers, every worker runs and nobody else allocates. */
static void *worker(void *data)
{
    pthread_barrier_wait(&barrier);
    work(data);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

/* With `children`, the process forks meanwhile; what the children do must not show here. */
static void run_workers(const char *what, int children)
{
    pthread_t ids[WORKERS];
    struct work works[WORKERS] = {0}, sum = {0};
    pthread_barrier_init(&barrier, NULL, WORKERS + 1);
    for (int i = 0; i < WORKERS; i++) {
        works[i] = (struct work){.seed = (uint32_t)i, .rounds = 20000};
        pthread_create(&ids[i], NULL, worker, &works[i]);
    }
    struct view_sums before = view_sum();
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < children; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct work own = {.seed = 99, .rounds = 300};
            work(&own);
            expect("child of many threads", &(struct view_sums){0}, &own);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < WORKERS; i++) {
        sum.alloc_bytes += works[i].alloc_bytes;
        sum.allocs += works[i].allocs;
        sum.free_bytes += works[i].free_bytes;
        sum.frees += works[i].frees;
    }
    expect(what, &before, &sum);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(ids[i], NULL);
}

static void test_threads(void)
{
    run_workers("threads", 0);
}

static void test_fork_among_threads(void)
{
    run_workers("threads and children", 20);
}

static void *one_block(void *data)
{
    void *block = malloc(1000);
    pthread_barrier_wait(&barrier);
    free(block);
    return NULL;
}

/* More threads at once than a chunk has slots, several times over. */
static void test_crowd(void)
{
    static pthread_t ids[CROWD];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    for (int round = 0; round < 3; round++) {
        pthread_barrier_init(&barrier, NULL, CROWD);
        for (int i = 0; i < CROWD; i++)
            if (pthread_create(&ids[i], &attributes, one_block, NULL) != 0)
                exit(77);
        for (int i = 0; i < CROWD; i++)
            pthread_join(ids[i], NULL);
    }
    struct view_sums sums = view_sum();
    if (has_session && (sums.slots < CROWD || sums.slots + sums.takeovers < 3 * CROWD))
        fprintf(stderr, "%ju slots, taken over %ju times\n", (uintmax_t)sums.slots, (uintmax_t)sums.takeovers);
    if (has_session &&
        (sums.alloc_count < 3 * CROWD || sums.live_bytes != (int64_t)(sums.alloc_bytes - sums.free_bytes)))
        fprintf(stderr, "%ju blocks, %jd bytes live\n", (uintmax_t)sums.alloc_count, (intmax_t)sums.live_bytes);
}

static void test_fork(void)
{
    struct view_sums before = view_sum();
    struct work none = {0};
    void *inherited = malloc(5000);
    none.alloc_bytes = malloc_usable_size(inherited);
    none.allocs = 1;
    pid_t pid = fork();
    if (pid == 0) {
        struct work own = {.seed = 5, .rounds = 1000};
        work(&own);
        own.free_bytes += malloc_usable_size(inherited);
        own.frees++;
        free(inherited);
        expect("child", &(struct view_sums){0}, &own);
        pid = fork();
        if (pid == 0) {
            own = (struct work){.seed = 6, .rounds = 100};
            work(&own);
            expect("grandchild", &(struct view_sums){0}, &own);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
        pid = (pid_t)syscall(SYS_fork);
        if (pid == 0) {
            own = (struct work){.seed = 7, .rounds = 100};
            work(&own);
            expect("grandchild by the system call", &(struct view_sums){0}, &own);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    expect("parent", &before, &none);
    free(inherited);
}

static void test_vfork(void)
{
    struct view_sums before = view_sum();
    void *volatile block = NULL;
    pid_t pid = vfork();
    if (pid == 0) {
        block = malloc(100); /* in the parent's memory */
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    struct work sum = {.alloc_bytes = malloc_usable_size(block), .allocs = 1};
    expect("parent of a vfork child", &before, &sum);
    free(block);
}

/* As a daemon does it. */
static void test_daemon(void)
{
    int out[2];
    if (pipe(out) != 0)
        exit(99);
    if (fork() == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        for (int fd = 0; fd < 1024; fd++)
            if (fd != out[1])
                close(fd);
        struct work own = {.seed = 5, .rounds = 100};
        work(&own);
        if (open("/dev/null", O_RDWR) != 0 || write(out[1], "done\n", 5) != 5)
            _exit(1);
        _exit(0);
    }
    close(out[1]);
    char text[6] = "";
    if (read(out[0], text, 5) != 5)
        exit(1);
    printf("%s", text);
    wait(NULL);
}

/* What an ordinary program could tell us by. */
static void test_traces(void)
{
    printf("the first descriptor is %d\n", open("/dev/null", O_RDONLY));
    int limit = 0;
    for (int fd = 0; fd < 256; fd++)
        limit += fcntl(fd, F_GETFD) >= 0;
    printf("%d are open, errno %d\n", limit, errno);
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int signal = 1; signal < 64; signal++) {
        struct sigaction action;
        if (signal != SIGKILL && signal != SIGSTOP && sigaction(signal, NULL, &action) == 0 &&
            (action.sa_handler != SIG_DFL || sigismember(&mask, signal) == 1))
            printf("signal %d\n", signal);
    }
}

static void test_maps(void)
{
    struct view_sums before = view_sum();
    char *memory = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory = mremap(memory, 100000, 200000, MREMAP_MAYMOVE);
    munmap(memory, 200000);
    char *end = sbrk(0);
    void *old = sbrk(12288);
    printf("sbrk: %s\n", old == end ? "the old end" : "something else");
    printf("brk: %d, brk of nothing: %d\n", brk(end), brk(NULL));
    errno = 0;
    void *refused = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("mmap of nothing: %s, errno %d\n", refused == MAP_FAILED ? "failed" : "mapped", errno);
    free(malloc(50 << 20)); /* the allocator's own mapping is not the program's */
    struct view_sums now = view_sum();
    uint64_t obtained = 102400 + 200704 + 12288, given = 102400 + 200704 + 12288;
    if (has_session &&
        (now.mapped_bytes - before.mapped_bytes != obtained || now.unmapped_bytes - before.unmapped_bytes != given))
        fprintf(stderr, "mapped %ju, unmapped %ju\n", (uintmax_t)(now.mapped_bytes - before.mapped_bytes),
                (uintmax_t)(now.unmapped_bytes - before.unmapped_bytes));
}

static void test_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 5) != 0 || listen(fd, 9) != 0)
        exit(99);
    errno = 0;
    printf("listen on nothing: %d, errno %d\n", listen(-1, 1), errno);
}

/* A filter that kills for what an allocating program need not ask the kernel. */
static void test_sandbox(void)
{
    static const int forbidden[] = {SYS_getpid,  SYS_gettid,      SYS_tgkill,  SYS_kill,       SYS_readlink,
                                    SYS_getppid, SYS_getsockname, SYS_pread64, SYS_sched_yield};
    struct sock_filter filter[2 * sizeof forbidden / sizeof *forbidden + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    unsigned short length = 1;
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)forbidden[i], 0, 1);
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = length, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        exit(77);
    struct work sum = {.seed = 1, .rounds = 1000};
    pthread_t id;
    pthread_create(&id, NULL, work, &sum);
    pthread_join(id, NULL);
    work(&sum);
    free(malloc(1 << 20));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    printf("listen: %d\n", listen(fd, 1));
    pid_t pid = fork();
    if (pid == 0) {
        work(&sum);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    printf("child: %d\n", status);
}

/* Blocks of a known number, then a death that nobody can catch. */
static void test_kill(void)
{
    for (int i = 0; i < 1000; i++)
        if (malloc(100) == NULL)
            exit(99);
    raise(SIGKILL);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"threads", test_threads}, {"fork-among-threads", test_fork_among_threads},
    {"crowd", test_crowd},     {"fork", test_fork},
    {"vfork", test_vfork},     {"daemon", test_daemon},
    {"traces", test_traces},   {"maps", test_maps},
    {"listen", test_listen},   {"kill", test_kill},
    {"sandbox", test_sandbox},
};

int main(int argc, char **argv)
{
    static char buffer[4096];
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
    for (size_t i = 0; argc == 2 && i < sizeof tests / sizeof *tests; i++) {
        if (strcmp(argv[1], tests[i].name) == 0) {
            if (strcmp(argv[1], "traces") != 0)
                has_session = view_open();
            tests[i].run();
            return 0;
        }
    }
    return 2;
}
