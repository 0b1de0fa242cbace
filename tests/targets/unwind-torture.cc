/* Allocates in every situation that a stack walker may get wrong. Prints one line, "done". With a file as its argument,
   a shared library is loaded from it and from its neighbour in turn (unwind-module.c).

   What is expected of the walks: all end at the root, but for those of `without_information`, which cannot, and of
   `too_deep`, which are cut. */

#include <alloca.h>
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>
#include <link.h>
#include <memory>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

#define NOINLINE __attribute__((noinline))

static volatile int sink;
static volatile std::sig_atomic_t interrupted;

static NOINLINE void leaf(int bytes)
{
    void *volatile block = std::malloc((std::size_t)bytes + 1);
    block = std::realloc(block, (std::size_t)bytes + 40);
    std::free(block);
    sink = sink + 1;
}

static NOINLINE int plain(int x)
{
    leaf(x);
    sink = sink + x;
    leaf(x + 1);
    return sink;
}

static NOINLINE int with_alloca(int x)
{
    char *room = (char *)alloca((std::size_t)x + 16);
    std::memset(room, x, (std::size_t)x + 16);
    int y = plain(room[3] & 63);
    return y + room[x];
}

static NOINLINE int with_array(int x)
{
    int room[x + 1];
    for (int i = 0; i <= x; i++)
        room[i] = plain(i & 7);
    return with_alloca(room[x] & 31);
}

static NOINLINE int aligned(int x)
{
    alignas(64) char room[256];
    std::memset(room, x, sizeof room);
    leaf(x);
    return with_alloca(room[7] & 15) + room[9];
}

static NOINLINE int aligned_with_alloca(int x)
{
    alignas(128) char room[256];
    char *more = (char *)alloca((std::size_t)(x & 63) + 8);
    std::memset(room, x, sizeof room);
    std::memset(more, x, 8);
    return aligned(room[x & 127] & 15) + more[3];
}

static NOINLINE int recursive(int x)
{
    int y;
    switch (x % 5) {
    case 0:
        y = plain(x);
        break;
    case 1:
        y = with_array(x % 9);
        break;
    case 2:
        y = aligned(x & 31);
        break;
    case 3:
        y = aligned_with_alloca(x);
        break;
    default:
        y = with_alloca(x & 31);
    }
    if (x > 0)
        y += recursive(x - 1);
    leaf(x & 31);
    return y;
}

/* Exceptions: destructors allocate on the way, some throw anew. */

struct allocates {
    std::string text;
    explicit allocates(int x) : text((std::size_t)(x & 63) + 32, 'x')
    {
    }
    ~allocates()
    {
        leaf((int)text.size());
    }
};

static NOINLINE void throws(int depth)
{
    allocates here(depth);
    if (depth == 0)
        throw std::runtime_error("a text that is too long to be held in place, so that it is allocated");
    try {
        throws(depth - 1);
    } catch (const std::logic_error &) {
        leaf(1);
    } catch (...) {
        leaf(2);
        if (depth % 3 == 0)
            throw;
        throw std::runtime_error(std::string("anew ") + std::to_string(depth));
    }
    leaf(3);
}

static void exceptions()
{
    for (int i = 0; i < 200; i++) {
        try {
            throws(i % 20);
        } catch (const std::exception &e) {
            leaf((int)std::strlen(e.what()));
            plain(i & 15);
        }
        recursive(i % 7);
    }
}

/* Jumps. */

static std::jmp_buf back;
static sigjmp_buf back_from_signal;

static NOINLINE void jumps(int x)
{
    leaf(x);
    if (sink < 0) /* never; the compiler does not know */
        return;
    if (x == 0)
        std::longjmp(back, 1);
    jumps(x - 1);
    leaf(x);
}

static void long_jumps()
{
    for (volatile int i = 0; i < 300; i = i + 1) {
        if (setjmp(back) == 0)
            jumps(i % 11);
        plain(i & 15);
    }
}

/* Signals: on the thread's stack and on another, asked for, by a fault and at any instruction of a loop. */

static void on_signal(int number)
{
    recursive(number % 4);
    interrupted = interrupted + 1;
}

static void on_fault(int)
{
    recursive(3);
    siglongjmp(back_from_signal, 1);
}

static NOINLINE int divide(int x, volatile int *y)
{
    return x / *y;
}

static NOINLINE int small(int x)
{
    return x * 3 + sink;
}

static NOINLINE int larger(int x)
{
    volatile char room[100];
    room[x % 100] = (char)small(x);
    return room[x % 100] + small(x + 1);
}

static void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(number, &action, nullptr);
}

static void signals()
{
    static char other[65536];
    stack_t alternate = {};
    alternate.ss_sp = other;
    alternate.ss_size = sizeof other;
    sigaltstack(&alternate, nullptr);
    volatile int zero = 0;
    for (int flags : {0, SA_ONSTACK}) {
        handle(SIGUSR1, on_signal, flags);
        handle(SIGALRM, on_signal, flags | SA_RESTART);
        handle(SIGFPE, on_fault, flags);
        for (volatile int i = 0; i < 50; i = i + 1) {
            plain(i);
            raise(SIGUSR1);
            recursive(i % 5);
            if (sigsetjmp(back_from_signal, 1) == 0)
                sink = sink + divide(i, &zero);
        }
        itimerval often = {{0, 200}, {0, 200}}, never = {};
        int until = interrupted + 300;
        setitimer(ITIMER_REAL, &often, nullptr);
        while (interrupted < until) /* no allocation here: a handler may */
            sink = larger(sink & 1023);
        setitimer(ITIMER_REAL, &never, nullptr);
    }
    alternate.ss_flags = SS_DISABLE;
    sigaltstack(&alternate, nullptr);
}

/* Coroutines, on the heap and on mappings that vanish. */

static ucontext_t main_context, contexts[4];

static void coroutine(int number)
{
    for (int i = 0; i < 20; i++) {
        recursive(number + i % 5);
        try {
            throws(i % 4);
        } catch (const std::exception &) {
            leaf(i);
        }
        swapcontext(&contexts[number], number == 3 ? &main_context : &contexts[number + 1]);
        leaf(i);
    }
}

static void coroutines()
{
    const std::size_t bytes = 131072;
    for (volatile int round = 0; round < 6; round = round + 1) {
        void *stacks[4];
        for (int i = 0; i < 4; i++) {
            stacks[i] = round % 2 ? std::malloc(bytes)
                                  : mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            getcontext(&contexts[i]);
            contexts[i].uc_stack.ss_sp = stacks[i];
            contexts[i].uc_stack.ss_size = bytes;
            contexts[i].uc_link = &main_context;
            makecontext(&contexts[i], (void (*)())coroutine, 1, i);
        }
        for (int i = 0; i < 20; i++) {
            swapcontext(&main_context, &contexts[0]);
            plain(i);
        }
        for (int i = 0; i < 4; i++) {
            if (round % 2)
                std::free(stacks[i]);
            else
                munmap(stacks[i], bytes);
            recursive(i);
        }
    }
}

/* Threads: many, small, ended in several ways. */

static void at_end(void *)
{
    recursive(2);
}

static void *thread(void *data)
{
    long number = (long)data;
    for (int i = 0; i < 10; i++) {
        recursive((int)(number + i) % 6);
        if (number % 4 == 1)
            try {
                throws(i % 5);
            } catch (const std::exception &) {
                leaf(i);
            }
    }
    pthread_cleanup_push(at_end, nullptr);
    if (number % 4 == 2)
        pthread_exit(nullptr);
    if (number % 4 == 3) {
        pthread_cancel(pthread_self());
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return nullptr;
}

static void threads()
{
    pthread_t ids[160];
    pthread_key_t key;
    pthread_attr_t small_stack;
    pthread_key_create(&key, at_end);
    pthread_attr_init(&small_stack);
    pthread_attr_setstacksize(&small_stack, 32768);
    for (long i = 0; i < 160; i++)
        if (pthread_create(&ids[i], i % 2 && i % 4 != 3 ? &small_stack : nullptr, thread, (void *)i) != 0)
            std::abort();
    for (int i = 0; i < 160; i++)
        pthread_join(ids[i], nullptr);
    std::vector<std::thread> more;
    for (int i = 0; i < 8; i++)
        more.emplace_back([i, key] {
            pthread_setspecific(key, &main_context);
            for (int j = 0; j < 200; j++)
                recursive((i + j) % 9);
        });
    for (std::thread &one : more)
        one.join();
}

/* Callbacks through libraries. */

static int by_value(const void *a, const void *b)
{
    leaf(*(const int *)a & 15);
    return *(const int *)a - *(const int *)b;
}

static void callbacks()
{
    std::vector<int> numbers(200);
    for (int i = 0; i < 200; i++)
        numbers[(std::size_t)i] = i * 37 % 211;
    std::qsort(numbers.data(), numbers.size(), sizeof(int), by_value);
    std::sort(numbers.begin(), numbers.end(), [](int a, int b) { return plain(a & 7) > 0 && a > b; });
    std::function<int(int)> f = [&f](int x) { return x > 0 ? f(x - 1) + with_alloca(x & 15) : plain(1); };
    for (int i = 0; i < 20; i++)
        sink = f(i);
    std::shared_ptr<allocates> shared = std::make_shared<allocates>(3);
    dl_iterate_phdr([](dl_phdr_info *, std::size_t, void *) { return plain(1) & 0; }, nullptr);
}

/* Libraries that come and go, likely at the same address with other frames. */

static void modules(const char *path)
{
    std::string paths[] = {path, std::string(path) + ".other"};
    for (int i = 0; i < 60; i++) {
        void *library = dlopen(paths[i % 2].c_str(), RTLD_NOW);
        void (*call)(void (*)(int), int) = library ? (void (*)(void (*)(int), int))dlsym(library, "call") : nullptr;
        if (call == nullptr) {
            std::fprintf(stderr, "%s\n", dlerror());
            std::exit(1);
        }
        for (int j = 0; j < 20; j++)
            call(leaf, j);
        dlclose(library);
        recursive(i % 4);
    }
}

/* Code that says nothing about itself, in the program and in no file. */

extern "C" void says_nothing(void (*function)(int), long x);
__asm__(
    ".text\n.globl says_nothing\n.type says_nothing,@function\nsays_nothing:\n\tsubq $8, %rsp\n\tmovq %rdi, %rax\n"
    "\tmovl %esi, %edi\n\tcall *%rax\n\taddq $8, %rsp\n\tret\nsays_nothing_end:\n.size says_nothing,.-says_nothing\n");
extern "C" const char says_nothing_end[];

static void without_information()
{
    std::size_t bytes = (std::size_t)(says_nothing_end - (const char *)says_nothing);
    void *page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return;
    std::memcpy(page, (const void *)says_nothing, bytes);
    for (int i = 0; i < 50; i++) {
        says_nothing(leaf, i);
        ((void (*)(void (*)(int), long))page)(leaf, i);
        plain(i & 15);
    }
    munmap(page, 4096);
}

static NOINLINE int too_deep(int x)
{
    volatile int room = x;
    if (x % 500 == 0)
        leaf(x & 15);
    return x > 0 ? too_deep(x - 1) + room : plain(1);
}

static void children()
{
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            recursive(9);
            exceptions();
            _exit(0);
        }
        recursive(i);
        waitpid(child, nullptr, 0);
    }
}

static struct before_main {
    before_main()
    {
        recursive(5);
    }
    ~before_main()
    {
        recursive(5);
    }
} before_main;

int main(int argc, char **argv)
{
    std::atexit([] { recursive(4); });
    for (int i = 0; i < 300; i++)
        recursive(i % 23);
    exceptions();
    long_jumps();
    signals();
    coroutines();
    callbacks();
    threads();
    children();
    if (argc > 1)
        modules(argv[1]);
    without_information();
    for (int i = 0; i < 3; i++)
        too_deep(12000 + i * 37);
    recursive(10);
    std::puts("done");
    return 0;
}
