/* Annotated functions that leave in every way C knows, and print what the line report should say of them: see truth.h.
   The first argument names the case. */

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "syseng_mem.h"
#include "truth.h"

#define BIG (64 * MIB)

static char *kept;

/* The plainest case: what malloc, memset and free do. */
SYSENG_MEM_PROFILE
static void big(void)
{
    FRAME;
    char *p;
    L(p = get(BIG))
    L(touch(p, 0, BIG))
    L(put(p))
}

SYSENG_MEM_PROFILE
static void zeroed(void)
{
    FRAME;
    char *p;
    L(p = get_zeroed(BIG))
    L(touch(p, 0, BIG / 2))
    L(put(p))
}

SYSENG_MEM_PROFILE
static void growing(void)
{
    FRAME;
    char *p = NULL;
    size_t bytes = 0;
    while (bytes < 32 * MIB) {
        L(p = grow(p, bytes + 4 * MIB))
        L(touch(p, bytes, bytes + 4 * MIB))
        bytes += 4 * MIB;
    }
    VISITED(__LINE__ - 5, 9);
    L(p = grow(p, 2 * MIB))
    kept = p;
}

SYSENG_MEM_PROFILE
static int early(int way)
{
    FRAME;
    char *p;
    L(p = get(4 * MIB))
    if (way == 0)
        return 0;
    L(touch(p, 0, MIB))
    if (way == 1) {
        L(put(p))
        return 1;
    }
    L(touch(p, MIB, 2 * MIB))
    return 2;
}

SYSENG_MEM_PROFILE
static void loops(void)
{
    FRAME;
    char *p[8];
    for (int i = 0; i < 8; i++) {
        LX(p[i] = get(40000))
    }
    VISITED(__LINE__ - 3, 9);
    int i = 0;
    while (i < 8)
        LX(put(p[i++]))
    VISITED(__LINE__ - 2, 9);
    do {
        LX(p[--i] = get(50000))
    } while (i > 0);
    for (i = 0; i < 8; i++) put(p[i]);
#ifndef __clang__ /* which gives such a loop a single row */
    VISITED(__LINE__ - 2, 9);
#endif
}

SYSENG_MEM_PROFILE
static void recursion(int depth)
{
    FRAME;
    char *p;
    L(p = get(2 * MIB))
    L(touch(p, 0, MIB))
    if (depth > 0)
        L(recursion(depth - 1))
    L(put(p))
    LX(kept = get(100000))
}

SYSENG_MEM_PROFILE static void odd(int n);

SYSENG_MEM_PROFILE
static void even(int n)
{
    FRAME;
    char *p;
    LX(p = get(3000))
    if (n > 0)
        LX(odd(n - 1))
    LX(p = grow(p, 5000))
}

SYSENG_MEM_PROFILE
static void odd(int n)
{
    FRAME;
    char *p;
    L(p = get(MIB))
    L(touch(p, 0, MIB))
    if (n > 0)
        LX(even(n - 1))
}

SYSENG_MEM_PROFILE
static void leaf(size_t bytes)
{
    FRAME;
    char *p;
    L(p = get(bytes))
    L(touch(p, 0, bytes))
}

static void between(size_t bytes)
{
    leaf(bytes);
    leaf(bytes);
}

SYSENG_MEM_PROFILE
static void middle(void)
{
    FRAME;
    L(leaf(MIB))
    L(between(2 * MIB))
}

SYSENG_MEM_PROFILE
static void outer(void)
{
    FRAME;
    for (int i = 0; i < 3; i++)
        L(middle(); leaf(MIB))
    L(leaf(4 * MIB))
}

static jmp_buf out;

SYSENG_MEM_PROFILE
static void jumper(int depth, jmp_buf *to)
{
    FRAME;
    L(kept = get(2 * MIB))
    L(touch(kept, 0, MIB))
    if (depth > 0)
        L(jumper(depth - 1, to))
    if (to != NULL)
        L(longjmp(*to, 1))
}

static void between_jumps(void)
{
    char *p = get(MIB);
    touch(p, 0, MIB);
    jumper(2, &out);
}

SYSENG_MEM_PROFILE
static void catcher(void)
{
    FRAME;
    for (int i = 0; i < 2; i++) {
        L(if (setjmp(out) == 0) between_jumps())
        L(kept = get(3 * MIB))
    }
}

/* A jump into a caller that is not annotated; what happens there is nobody's. */
static void catch_outside(void)
{
    size_t depth = truth()->depth;
    if (setjmp(out) == 0)
        jumper(0, &out);
    truth_cut(depth);
    kept = get(5 * MIB);
    touch(kept, 0, 5 * MIB);
    leaf(MIB);
}

/* Never returns: the case's name says how. */
SYSENG_MEM_PROFILE
static void leaving(const char *how)
{
    FRAME;
    L(kept = get(8 * MIB))
    L(touch(kept, 0, 8 * MIB))
    L(leaf(MIB))
    truth_print();
    if (strcmp(how, "exit") == 0)
        exit(3);
    if (strcmp(how, "_exit") == 0)
        _exit(4);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(how, "term") == 0)
        kill(getpid(), SIGTERM);
    *(volatile int *)8 = 1;
}

SYSENG_MEM_PROFILE
static void thread_leaves(void)
{
    FRAME;
    LX(kept = get(3 * MIB))
    truth_print();
    pthread_exit(NULL);
}

static struct truth_books books[8];
static pthread_barrier_t barrier;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

static void begin_thread(size_t number)
{
    truth_mine = &books[number];
    truth_mine->many = true;
}

SYSENG_MEM_PROFILE
static void crowded(int rounds)
{
    FRAME;
    char *p[8] = {0};
    for (int i = 0; i < rounds; i++) {
        L(put(p[i % 8]))
        L(p[i % 8] = get((size_t)(1 + i % 7) * 1000))
        L(p[i % 8] = grow(p[i % 8], (size_t)(1 + i % 5) * 1500))
    }
    L(p[0] = grow(p[0], 2 * MIB))
    L(touch(p[0], 0, MIB))
    L(put(p[0]))
}

static void *crowd(void *number)
{
    begin_thread((size_t)number);
    pthread_barrier_wait(&barrier);
    crowded(200 + 10 * (int)(size_t)number);
    pthread_mutex_lock(&printing);
    truth_print();
    pthread_mutex_unlock(&printing);
    return NULL;
}

static void threads(void)
{
    pthread_t thread[8];
    pthread_barrier_init(&barrier, NULL, 8);
    for (size_t i = 0; i < 8; i++)
        pthread_create(&thread[i], NULL, crowd, (void *)i);
    for (size_t i = 0; i < 8; i++)
        pthread_join(thread[i], NULL);
}

static void *leave_thread(void *unused)
{
    begin_thread(0);
    thread_leaves();
    return unused;
}

/* In the end one of these takes over the place of the thread that left, but it meets no line. */
static void *unwatched_thread(void *unused)
{
    kept = (char *)malloc(7000);
    return unused;
}

static void *warm_thread(void *unused)
{
    pthread_exit(unused); /* glibc loads the unwinder at the first time */
}

static void *watched_thread(void *unused)
{
    begin_thread(0);
    leaf(MIB);
    truth_print();
    return unused;
}

static void one_thread(void *(*run)(void *))
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
}

SYSENG_MEM_PROFILE
static void awake(void)
{
    __asm__ volatile("");
}

SYSENG_MEM_PROFILE
static void forking(void)
{
    FRAME;
    L(kept = get(2 * MIB))
    L(touch(kept, 0, MIB))
    pid_t child = truth_fork(awake);
    L(touch(kept, MIB, 2 * MIB))
    L(kept = get(child == 0 ? 3 * MIB : 5 * MIB))
    L(touch(kept, 0, child == 0 ? 3 * MIB : 5 * MIB))
    if (child == 0) {
        truth_print();
        exit(0);
    }
    waitpid(child, NULL, 0);
}

SYSENG_MEM_PROFILE
static void spawning(void)
{
    FRAME;
    L(kept = get(2 * MIB))
    for (int i = 0; i < 2; i++) {
        pid_t child = vfork();
        if (child == 0) {
            L(execl("/bin/true", "true", (char *)NULL))
            _exit(1);
        }
        waitpid(child, NULL, 0);
        L(touch(kept, i == 0 ? 0 : MIB, i == 0 ? MIB : 2 * MIB))
    }
}

static inline __attribute__((always_inline)) char *inlined(size_t bytes)
{
    char *p = get(bytes);
    touch(p, 0, bytes);
    char *q = get(bytes);
    put(p);
    return q;
}

SYSENG_MEM_PROFILE
static void inlining(void)
{
    FRAME;
    for (int i = 0; i < 2; i++) {
        L(kept = inlined((size_t)(1 + i) * MIB))
        L(touch(kept, 0, MIB))
    }
}

SYSENG_MEM_PROFILE
static void huge(void)
{
    FRAME;
    char *p;
    L(p = get(BIG))
    LX(touch(p, 0, BIG))
    LX(put(p))
}

static const struct {
    const char *name;
    void (*run)(void);
} plain[] = {{"big", big},
             {"zeroed", zeroed},
             {"growing", growing},
             {"loops", loops},
             {"outer", outer},
             {"catcher", catcher},
             {"catch-outside", catch_outside},
             {"threads", threads},
             {"fork", forking},
             {"vfork", spawning},
             {"inline", inlining},
             {"huge", huge}};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "big";
    truth_start(strcmp(name, "huge") == 0);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(plain[i].name, name) == 0) {
            plain[i].run();
            truth_print();
            return 0;
        }
    if (strcmp(name, "early") == 0) {
        for (int way = 0; way < 3; way++)
            early(way);
    } else if (strcmp(name, "recursion") == 0) {
        recursion(5);
        recursion(0);
    } else if (strcmp(name, "mutual") == 0) {
        even(5);
        odd(2);
    } else if (strcmp(name, "pthread_exit") == 0) {
        one_thread(warm_thread);
        one_thread(leave_thread);
        for (int i = 0; i < 600; i++)
            one_thread(unwatched_thread);
        one_thread(watched_thread);
    } else {
        leaving(name);
    }
    truth_print();
    return 0;
}
