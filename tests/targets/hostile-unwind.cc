/* Exceptions, forced unwinding, and programs that look at their own stack. */

#include <cstdio>
#include <cstring>
#include <exception>
#include <execinfo.h>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <unwind.h>
#ifdef HAVE_LIBUNWIND
#define UNW_LOCAL_ONLY
#include <libunwind.h>
#endif

#include "hostile.h"

#define NOINLINE __attribute__((noinline))

static volatile int total;

struct counted {
    std::string text;
    counted() : text(100, 'x')
    {
    }
    ~counted()
    {
        total = total + (int)text.size();
    }
};

static NOINLINE void throws(int depth)
{
    counted here;
    if (depth == 0)
        throw std::runtime_error("thrown out of a number of frames");
    throws(depth - 1);
    total = total + 1;
}

/* Through frames of C. */
static int throwing_order(const void *a, const void *b)
{
    counted here;
    if (*(const int *)a + *(const int *)b > 10)
        throws(3);
    return *(const int *)a - *(const int *)b;
}

static void through_c()
{
    for (int i = 0; i < 30; i++) {
        int numbers[] = {1, 2, 3, 4, 5, 6, 7};
        try {
            std::qsort(numbers, 7, sizeof(int), throwing_order);
        } catch (const std::exception &error) {
            total = total + (int)std::strlen(error.what());
        }
    }
    say("total", total);
}

struct from_constructor {
    counted member;
    explicit from_constructor(int x)
    {
        if (x % 2)
            throw x;
    }
};

static void nested()
{
    for (int i = 0; i < 40; i++) {
        try {
            try {
                from_constructor *made = new from_constructor(i);
                delete made;
                throws(i % 9);
            } catch (int x) {
                counted here;
                try {
                    throws(x % 5);
                } catch (...) {
                    std::throw_with_nested(std::logic_error("another"));
                }
            }
        } catch (const std::exception &error) {
            total = total + (int)std::strlen(error.what());
            try {
                std::rethrow_if_nested(error);
            } catch (...) {
                std::exception_ptr kept = std::current_exception();
                try {
                    std::rethrow_exception(kept);
                } catch (const std::runtime_error &) {
                    total = total + 3;
                }
            }
        }
    }
    say("total", total);
}

/* The new handler: gets memory back, then throws. */
static int handler_calls;

static void new_handler()
{
    delete[] new char[100];
    if (++handler_calls % 3 == 0)
        throw std::bad_alloc();
}

static void no_memory()
{
    std::set_new_handler(new_handler);
    volatile std::size_t much = (std::size_t)1 << 60;
    for (int i = 0; i < 5; i++) {
        try {
            delete[] new char[much];
            say("impossible", 1);
        } catch (const std::bad_alloc &error) {
            say(error.what(), handler_calls);
        }
        say("nothrow", new (std::nothrow) char[much] == nullptr);
    }
    try {
        volatile std::size_t negative = (std::size_t)-1;
        delete[] new long[negative];
    } catch (const std::bad_array_new_length &error) {
        say(error.what(), 0);
    }
    struct alignas(4096) wide {
        char bytes[4096];
    };
    wide *aligned = new wide[3];
    say("aligned", (std::size_t)aligned % 4096 == 0);
    delete[] aligned;
}

static void uncaught()
{
    throws(5);
}

static void out_of_noexcept() noexcept
{
    throws(2);
}

static void *throwing_life(void *data)
{
    for (int i = 0; i < 100; i++) {
        try {
            throws(i % 8);
        } catch (const std::exception &) {
            counted here;
        }
    }
    return data;
}

static void *canceled_life(void *)
{
    counted here;
    try {
        for (;;) {
            delete new counted;
            pthread_testcancel();
        }
    } catch (...) {
        counted there;
        throw; /* a forced unwinding goes on */
    }
    return nullptr;
}

static void *leaving_life(void *data)
{
    counted here;
    pthread_exit(data);
}

static void threads()
{
    pthread_t ids[8];
    for (pthread_t &id : ids)
        need(pthread_create(&id, nullptr, throwing_life, nullptr) == 0, "pthread_create");
    for (pthread_t id : ids)
        pthread_join(id, nullptr);
    void *result;
    need(pthread_create(&ids[0], nullptr, canceled_life, nullptr) == 0, "pthread_create");
    pthread_cancel(ids[0]);
    pthread_join(ids[0], &result);
    say("canceled", result == PTHREAD_CANCELED);
    need(pthread_create(&ids[0], nullptr, leaving_life, ids) == 0, "pthread_create");
    pthread_join(ids[0], &result);
    say("left", result == ids);
}

/* Who is asked how deep the stack is? Nothing of ours may be among the frames. */
static _Unwind_Reason_Code count_frame(_Unwind_Context *context, void *data)
{
    total = total + (_Unwind_GetIP(context) != 0);
    ++*(int *)data;
    return _URC_NO_REASON;
}

static NOINLINE void look_back(const char *when)
{
    void *frames[64];
    int by_unwind = 0;
    int by_libc = backtrace(frames, 64);
    _Unwind_Backtrace(count_frame, &by_unwind);
    say(when, by_libc);
    say("  by the C++ library", by_unwind);
    char **names = backtrace_symbols(frames, by_libc);
    say("  with names", names != nullptr);
    std::free(names);
#ifdef HAVE_LIBUNWIND
    unw_context_t context;
    unw_cursor_t cursor;
    int by_libunwind = 0;
    unw_getcontext(&context);
    unw_init_local(&cursor, &context);
    do
        by_libunwind++;
    while (unw_step(&cursor) > 0);
    say("  by libunwind", by_libunwind);
    say("  by its backtrace", unw_backtrace(frames, 64));
#endif
}

static void on_signal(int)
{
    look_back("in a handler");
}

static void trap_look_back()
{
    handle(SIGTRAP, on_signal, 0);
    raise(SIGTRAP);
}

static int looking_order(const void *, const void *)
{
    static bool looked;
    if (!looked)
        look_back("called back");
    looked = true;
    return 0;
}

static void *looking_life(void *data)
{
    look_back("in a thread");
    return data;
}

static void look_backs()
{
    pthread_t thread;
    int numbers[2] = {1, 2};
    look_back("here");
    handle(SIGUSR1, on_signal, 0);
    raise(SIGUSR1);
    std::qsort(numbers, 2, sizeof(int), looking_order);
    need(pthread_create(&thread, nullptr, looking_life, nullptr) == 0, "pthread_create");
    pthread_join(thread, nullptr);
    try {
        throws(4);
    } catch (...) {
        look_back("in a catch");
    }
}

static NOINLINE void on_terminate()
{
    look_back("at the end");
    _Exit(9);
}

static void terminated()
{
    std::set_terminate(on_terminate);
    throws(3);
}

int main(int argc, char **argv)
{
    static const hostile_case cases[] = {
        {"through-c", through_c},           {"nested", nested},
        {"no-memory", no_memory},           {"uncaught", uncaught},
        {"noexcept", out_of_noexcept},      {"threads", threads},
        {"look-backs", look_backs},         {"terminated", terminated},
        {"trap-look-back", trap_look_back},
    };
    return HOSTILE_MAIN(cases, argc, argv);
}
