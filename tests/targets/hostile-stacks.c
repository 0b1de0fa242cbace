/* Stacks: tiny, many, overflown, of coroutines, with garbage where an unwinder looks for a frame, and left by jumps. A
   small stack has a page below it that nobody may touch, so that whoever needs more than there is, is found out. */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "hostile.h"

#define PAGE 4096
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

static volatile int total;

HOSTILE_PLAIN static void use_memory(size_t bytes)
{
    unsigned char *block = malloc(bytes);
    if (block == NULL)
        _exit(98);
    block[0] = 1;
    block = realloc(block, bytes * 2);
    if (block == NULL || block[0] != 1)
        _exit(98);
    free(block);
    __atomic_fetch_add(&total, 1, __ATOMIC_RELAXED);
}

/* The upper end of `bytes` of stack that end above a forbidden page. */
static char *small_stack(size_t bytes)
{
    size_t mapped = (bytes + PAGE - 1) / PAGE * PAGE + PAGE;
    char *pages = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(pages != MAP_FAILED && mprotect(pages, PAGE, PROT_NONE) == 0, "mmap");
    return pages + PAGE;
}

/* What a signal's frame takes here, processor state included. */
static size_t frame_bytes(void)
{
    size_t bytes = getauxval(AT_MINSIGSTKSZ);
    return bytes != 0 ? bytes : 2048;
}

static void on_small_stack(int number)
{
    use_memory((size_t)number * 10);
}

/* A handler has `room` bytes on its alternate stack, besides its frame. */
static void handler_with(size_t room)
{
    stack_t stack = {.ss_size = frame_bytes() + room};
    stack.ss_sp = small_stack(stack.ss_size);
    need(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    handle(SIGUSR1, on_small_stack, SA_ONSTACK);
    use_memory(10); /* bound, and begun */
    for (int i = 0; i < 20; i++) {
        raise(SIGUSR1);
        use_memory(100);
    }
    say("handled", total);
}

static void tiny_handler(void)
{
    handler_with(2048);
}

static void small_handler(void)
{
    handler_with(8192);
}

/* Coroutines of 6 KiB, each with some frames and blocks. */
#define ROUTINES 50
static ucontext_t main_context, contexts[ROUTINES];

static void routine(int number)
{
    for (int i = 0; i < 10; i++) {
        use_memory((size_t)(number * 10 + i + 1));
        swapcontext(&contexts[number], &main_context);
    }
}

static void routines_of(size_t bytes)
{
    for (int i = 0; i < ROUTINES; i++) {
        getcontext(&contexts[i]);
        contexts[i].uc_stack.ss_sp = small_stack(bytes);
        contexts[i].uc_stack.ss_size = bytes;
        contexts[i].uc_link = &main_context;
        makecontext(&contexts[i], (void (*)(void))routine, 1, i);
    }
    for (int round = 0; round <= 10; round++)
        for (int i = 0; i < ROUTINES; i++)
            swapcontext(&main_context, &contexts[i]);
    say("used", total);
}

static void small_routines(void)
{
    routines_of(6 << 10);
}

static void usual_routines(void)
{
    routines_of(64 << 10);
}

/* A coroutine's stack on the heap, given back and taken for data, again and again. */
static void routines_on_heap(void)
{
    for (int round = 0; round < 200; round++) {
        const size_t bytes = 32 << 10;
        contexts[0].uc_stack.ss_sp = NULL;
        getcontext(&contexts[0]);
        contexts[0].uc_stack.ss_sp = malloc(bytes);
        contexts[0].uc_stack.ss_size = bytes;
        contexts[0].uc_link = &main_context;
        makecontext(&contexts[0], (void (*)(void))routine, 1, 0);
        for (int i = 0; i < 11; i++)
            swapcontext(&main_context, &contexts[0]);
        memset(contexts[0].uc_stack.ss_sp, 0xff, bytes);
        free(contexts[0].uc_stack.ss_sp);
    }
    say("used", total);
}

/* Threads. */

static void *small_life(void *data)
{
    for (int i = 1; i < 20; i++)
        use_memory((size_t)i * 50);
    return data;
}

static void run_threads(int count, size_t stack_bytes)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    need(pthread_attr_setstacksize(&attributes, stack_bytes) == 0, "stack size");
    for (int done = 0; done < count; done += 20) {
        pthread_t ids[20];
        for (int i = 0; i < 20; i++)
            need(pthread_create(&ids[i], &attributes, small_life, NULL) == 0, "pthread_create");
        for (int i = 0; i < 20; i++)
            pthread_join(ids[i], NULL);
    }
}

static void smallest_threads(void)
{
    run_threads(60, (size_t)PTHREAD_STACK_MIN);
    say("ended", 60);
}

static void thousand_threads(void)
{
    run_threads(1000, 128 << 10);
    say("ended", 1000);
}

static void *waiting_life(void *data)
{
    pthread_barrier_t *barrier = data;
    use_memory(500);
    pthread_barrier_wait(barrier);
    use_memory(600);
    return NULL;
}

static void crowd(void)
{
    enum { COUNT = 300 };
    static pthread_t ids[COUNT];
    pthread_barrier_t barrier;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    pthread_barrier_init(&barrier, NULL, COUNT);
    for (int i = 0; i < COUNT; i++)
        need(pthread_create(&ids[i], &attributes, waiting_life, &barrier) == 0, "pthread_create");
    for (int i = 0; i < COUNT; i++)
        pthread_join(ids[i], NULL);
    say("ended", COUNT);
}

/* Overflow. */

static volatile char *deepest;

HOSTILE_PLAIN static int recurse(int depth)
{
    volatile char room[200];
    room[depth % 200] = (char)depth;
    deepest = room;
    return recurse(depth + 1) + room[depth % 200];
}

HOSTILE_PLAIN static int recurse_allocating(int depth)
{
    volatile char room[200];
    void *volatile block = malloc((size_t)(depth % 100));
    room[depth % 200] = (char)depth;
    free(block);
    return recurse_allocating(depth + 1) + room[depth % 200];
}

/* The less there is, the sooner it is over. */
static void limit_stack(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    limit.rlim_cur = 256 << 10;
    setrlimit(RLIMIT_STACK, &limit);
}

static void overflow(void)
{
    limit_stack();
    recurse(0);
}

static void overflow_allocating(void)
{
    limit_stack();
    recurse_allocating(0);
}

static sigjmp_buf out;
static long fault_distance;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    fault_distance = (char *)info->si_addr - (char *)deepest;
    use_memory((size_t)number);
    siglongjmp(out, number);
}

static void watch_overflow(void)
{
    static char other[64 << 10];
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    limit_stack();
    need(sigaltstack(&stack, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0, "sigaltstack");
}

static void overflow_handled(void)
{
    watch_overflow();
    for (volatile int i = 0; i < 3; i = i + 1) {
        int number = sigsetjmp(out, 1);
        if (number == 0)
            recurse(0);
        say("overflown", number);
        say("at the stack's end", fault_distance > -8192 && fault_distance < 8192);
        use_memory(100);
    }
}

static void *overflowing_life(void *data)
{
    stack_t stack = {.ss_sp = small_stack(64 << 10), .ss_size = 64 << 10};
    need(sigaltstack(&stack, NULL) == 0, "sigaltstack");
    int number = sigsetjmp(out, 1);
    if (number == 0)
        recurse(0);
    say("overflown", number);
    say("at the stack's end", fault_distance > -8192 && fault_distance < 8192);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    return data;
}

static void overflow_of_thread(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    watch_overflow();
    need(pthread_create(&thread, &attributes, overflowing_life, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    use_memory(100);
}

/* Garbage in rbp, and code that nobody has told about. The code: push rbp; rbp = its 2nd argument; call its 1st; pop.
 */
static const unsigned char liar[] = {0x55, 0x48, 0x89, 0xf5, 0xff, 0xd7, 0x5d, 0xc3};

static void call_small(void)
{
    use_memory(50);
}

static void call_lying(void (*function)(void), const void *rbp)
{
    static unsigned char *page;
    if (page == NULL) {
        page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        need(page != MAP_FAILED, "mmap");
        memcpy(page, liar, sizeof liar);
        need(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0, "mprotect");
    }
    ((void (*)(void (*)(void), const void *))page)(function, rbp);
}

HOSTILE_PLAIN static void lie_about(const void *rbp)
{
    call_lying(call_small, rbp);
}

static void *lying_life(void *data)
{
    char *forbidden = small_stack(PAGE) - PAGE;
    long here = 0;
    const void *const lies[] = {
        NULL,
        (void *)1,
        (void *)-1L,
        (void *)-8L,
        (void *)0x7fffffffffffL,
        (void *)0x800000000000L,
        (void *)0xdeadbeefdeadbeefUL,
        forbidden,
        forbidden + PAGE - 8,
        forbidden + PAGE,
        &here,
        (char *)&here + 4,
        (char *)&here + 65536,
        (char *)((uintptr_t)&here & ~(uintptr_t)4095) + (64 << 20),
        (char *)&here - 65536,
        liar,
        (const void *)&total,
        (void *)call_small,
        (void *)__builtin_frame_address(0),
    };
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof lies / sizeof *lies; i++)
            lie_about(lies[i]);
    return data;
}

static void garbage_in_rbp(void)
{
    pthread_t thread;
    lying_life(NULL);
    need(pthread_create(&thread, NULL, lying_life, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
    say("used", total);
}

/* Code that comes and goes at one address with other frames: `sub rsp, n; mov rax, rdi; call rax; add rsp, n; ret`. */
static void made_code(void)
{
    unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(page != MAP_FAILED, "mmap");
    for (int round = 0; round < 60; round++) {
        unsigned char room = (unsigned char)(8 + round % 7 * 16);
        unsigned char code[] = {0x48, 0x83, 0xec, room, 0xff, 0xd7, 0x48, 0x83, 0xc4, room, 0xc3};
        memcpy(page + round % 5, code, sizeof code);
        ((void (*)(void (*)(void)))(page + round % 5))(call_small);
    }
    say("used", total);
}

/* Jumps. */

static jmp_buf back;

HOSTILE_PLAIN static void jump_from(int depth)
{
    use_memory((size_t)depth + 1);
    if (depth == 0)
        longjmp(back, 5);
    jump_from(depth - 1);
}

static void long_jumps(void)
{
    for (volatile int i = 0; i < 100; i = i + 1) {
        int value = setjmp(back);
        if (value == 0)
            jump_from(i % 17);
        total += value;
        use_memory(10);
    }
    say("used", total);
}

static void on_jump(int number)
{
    use_memory((size_t)number);
    siglongjmp(out, number);
}

static void jumps_out_of_handlers(void)
{
    static char other[64 << 10];
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    sigaltstack(&stack, NULL);
    for (volatile int i = 0; i < 100; i = i + 1) {
        handle(SIGUSR1, on_jump, i % 2 ? SA_ONSTACK : 0);
        handle(SIGSEGV, on_jump, i % 2 ? SA_ONSTACK : 0);
        int number = sigsetjmp(out, 1);
        if (number == 0) {
            if (i % 4 < 2)
                raise(SIGUSR1);
            else
                *(volatile int *)(uintptr_t)64 = 1;
        }
        total += number;
        use_memory(20);
    }
    say("used", total);
}

static void on_switch(int number)
{
    (void)number;
    use_memory(30);
    setcontext(&main_context);
}

static void contexts_out_of_handlers(void)
{
    handle(SIGUSR1, on_switch, SA_NODEFER);
    volatile int rounds = 0;
    getcontext(&main_context);
    use_memory(40);
    rounds = rounds + 1;
    if (rounds < 50)
        raise(SIGUSR1);
    say("rounds", rounds);
    say("used", total);
}

int main(int argc, char **argv)
{
    static const struct hostile_case cases[] = {
        {"tiny-handler", tiny_handler},
        {"small-handler", small_handler},
        {"small-routines", small_routines},
        {"usual-routines", usual_routines},
        {"routines-on-heap", routines_on_heap},
        {"smallest-threads", smallest_threads},
        {"thousand-threads", thousand_threads},
        {"crowd", crowd},
        {"overflow", overflow},
        {"overflow-allocating", overflow_allocating},
        {"overflow-handled", overflow_handled},
        {"overflow-of-thread", overflow_of_thread},
        {"garbage-in-rbp", garbage_in_rbp},
        {"made-code", made_code},
        {"long-jumps", long_jumps},
        {"jumps-out-of-handlers", jumps_out_of_handlers},
        {"contexts-out-of-handlers", contexts_out_of_handlers},
    };
    return HOSTILE_MAIN(cases, argc, argv);
}
