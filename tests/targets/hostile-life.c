/* Memory before main and behind its end, and the ways that a process and its threads end. Every program of these cases
   allocates in all those places; the first argument says how it ends. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "hostile.h"

static int allocations;

/* A block of a size of its own, checked and resized. Some are kept. */
HOSTILE_PLAIN static void *use_memory(const char *where)
{
    errno = 77;
    size_t bytes = (size_t)(++allocations % 40 + 1) * 30;
    unsigned char *block = malloc(bytes), *other = calloc(3, bytes);
    if (block == NULL || other == NULL || other[bytes] != 0)
        _exit(98);
    block[0] = 7;
    block = realloc(block, bytes * 2);
    if (block == NULL || block[0] != 7)
        _exit(98);
    free(other);
    if (where != NULL)
        say(where, errno);
    if (allocations % 2 == 0)
        return block;
    free(block);
    return NULL;
}

/* Before the constructors of any library. */
static void before_all(int argc, char **argv, char **environment)
{
    use_memory("preinit_array");
    say("arguments", argc > 0 && argv[0] != NULL && environment != NULL);
}
__attribute__((section(".preinit_array"), used)) static void (*preinit)(int, char **, char **) = before_all;

/* While the loader still relocates. Nothing may be said here: the C library is not ready in every release. */
static int picked(int x)
{
    return x + 1;
}

static void *resolver_block;
static int (*resolve_picked(void))(int)
{
    resolver_block = use_memory(NULL);
    return picked;
}
int indirect(int x) __attribute__((ifunc("resolve_picked")));

__attribute__((constructor(101))) static void first_constructor(void)
{
    use_memory("first constructor");
}

__attribute__((constructor)) static void constructor(void)
{
    use_memory("constructor");
}

__attribute__((destructor)) static void destructor(void)
{
    use_memory("destructor");
}

__attribute__((destructor(101))) static void last_destructor(void)
{
    use_memory("last destructor");
}

static void at_fini(void)
{
    use_memory("fini_array");
}
__attribute__((section(".fini_array"), used)) static void (*fini)(void) = at_fini;

static void at_exit_again(void)
{
    use_memory("atexit from atexit");
}

static void at_exit(void)
{
    use_memory("atexit");
    atexit(at_exit_again);
}

static void on_exit_status(int status, void *data)
{
    use_memory("on_exit");
    say("status", status);
    say("data", data == &allocations);
}

static void at_quick(void)
{
    use_memory("at_quick_exit");
}

/* Thread-specific data: a destructor that comes again until the C library gives up. */
static pthread_key_t key;

static void at_key(void *data)
{
    use_memory("key's destructor");
    pthread_setspecific(key, data);
}

extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;

static void at_thread_end(void *data)
{
    use_memory("thread's destructor");
    if (data == NULL)
        __cxa_thread_atexit_impl(at_thread_end, &allocations, &__dso_handle);
}

static void arm_thread(void)
{
    use_memory("thread");
    need(pthread_setspecific(key, &key) == 0, "pthread_setspecific");
    __cxa_thread_atexit_impl(at_thread_end, NULL, &__dso_handle);
}

static void *short_life(void *data)
{
    arm_thread();
    return data;
}

static void *canceled_life(void *data)
{
    pthread_cleanup_push(at_thread_end, data);
    arm_thread();
    pthread_cancel(pthread_self());
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return data;
}

static void *left_life(void *data)
{
    arm_thread();
    pthread_exit(data);
}

static void run_thread(void *(*life)(void *))
{
    pthread_t thread;
    void *result;
    need(pthread_create(&thread, NULL, life, &key) == 0, "pthread_create");
    pthread_join(thread, &result);
    say("joined", result == &key ? 1 : result == PTHREAD_CANCELED ? 2 : 3);
}

static void start_detached(void *(*life)(void *), void *data)
{
    pthread_t thread;
    need(pthread_create(&thread, NULL, life, data) == 0, "pthread_create");
    pthread_detach(thread);
}

static void *endless_life(void *data)
{
    for (volatile int i = 0; i >= 0; i = (i + 1) & 0xffff) {
        void *volatile block = malloc((size_t)(i % 3000));
        free(block);
    }
    return data;
}

/* The ways. */

static void by_return(void)
{
}

static void by_exit(void)
{
    exit(3);
}

static void by_exit_now(void)
{
    _exit(4);
}

static void by_exit_c99(void)
{
    _Exit(5);
}

static void by_quick_exit(void)
{
    quick_exit(6);
}

static void by_abort(void)
{
    abort();
}

static void on_abort(int number)
{
    use_memory("SIGABRT");
    say("number", number);
}

static void by_abort_handled(void)
{
    handle(SIGABRT, on_abort, 0);
    abort();
}

static void by_kill(void)
{
    raise(SIGKILL);
}

static void by_term(void)
{
    raise(SIGTERM);
}

static void by_system_call(void)
{
    syscall(SYS_exit_group, 9);
}

static void by_thread_exit(void)
{
    arm_thread();
    pthread_exit(NULL);
}

static void *last_life(void *data)
{
    pthread_join((pthread_t)data, NULL);
    use_memory("last thread");
    return NULL;
}

static void by_last_thread(void)
{
    arm_thread();
    start_detached(last_life, (void *)pthread_self());
    pthread_exit(NULL);
}

static void *exiting_life(void *data)
{
    use_memory("exiting thread");
    exit(data != NULL);
}

static void by_exit_of_thread(void)
{
    start_detached(exiting_life, &key);
    for (;;)
        pause();
}

static void *killing_life(void *data)
{
    use_memory("killing thread");
    *(volatile int *)(uintptr_t)16 = 1;
    return data;
}

static void by_fault_of_thread(void)
{
    start_detached(killing_life, &key);
    for (;;)
        pause();
}

static void with_threads_running(void)
{
    for (int i = 0; i < 4; i++)
        start_detached(endless_life, NULL);
}

static void on_term_exits(int number)
{
    say("exits in a handler", number);
    exit(number);
}

static void by_exit_in_handler(void)
{
    handle(SIGTERM, on_term_exits, 0);
    raise(SIGTERM);
}

static void exits_again(void)
{
    exit(11);
}

static void by_exit_twice(void)
{
    atexit(exits_again);
    exit(10);
}

static sigjmp_buf out;

static void at_exit_jumps(void)
{
    siglongjmp(out, 1);
}

static void by_exit_undone(void)
{
    if (sigsetjmp(out, 0) == 0) {
        atexit(at_exit_jumps);
        exit(12);
    }
    use_memory("exit undone");
    exit(13);
}

static void lives(void)
{
    for (int i = 0; i < 3; i++) {
        run_thread(short_life);
        run_thread(canceled_life);
        run_thread(left_life);
    }
}

int main(int argc, char **argv)
{
    static const struct hostile_case cases[] = {
        {"return", by_return},
        {"exit", by_exit},
        {"_exit", by_exit_now},
        {"_Exit", by_exit_c99},
        {"quick_exit", by_quick_exit},
        {"abort", by_abort},
        {"abort-handled", by_abort_handled},
        {"kill", by_kill},
        {"term", by_term},
        {"exit_group", by_system_call},
        {"pthread_exit-of-main", by_thread_exit},
        {"last-thread", by_last_thread},
        {"exit-of-thread", by_exit_of_thread},
        {"fault-of-thread", by_fault_of_thread},
        {"threads-running", with_threads_running},
        {"exit-in-handler", by_exit_in_handler},
        {"exit-twice", by_exit_twice},
        {"exit-undone", by_exit_undone},
        {"lives-of-threads", lives},
    };
    use_memory("main");
    say("resolved", indirect(1));
    free(resolver_block);
    need(pthread_key_create(&key, at_key) == 0, "pthread_key_create");
    atexit(at_exit);
    on_exit(on_exit_status, &allocations);
    at_quick_exit(at_quick);
    return HOSTILE_MAIN(cases, argc, argv);
}
