/* Coroutines of C++20: the frame of one is kept by its handle and holds a string, that of the other is lost.
   flags: -std=c++20
   optional: yes */
#include "leaks.h"
#if !defined __cpp_impl_coroutine
#error "no coroutines"
#endif
#include <coroutine>

struct task {
    struct promise_type {
        task get_return_object()
        {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_never initial_suspend() noexcept
        {
            return {};
        }
        std::suspend_never final_suspend() noexcept
        {
            return {};
        }
        void return_void()
        {
        }
        void unhandled_exception()
        {
        }
    };
    std::coroutine_handle<promise_type> handle;
};
static void *volatile kept;

// clang-format off: the frame and the block are on one line, as compilers do not agree on the frame's
APART static task hold(size_t bytes) { char *block = new char[bytes]; co_await std::suspend_always{}; delete[] block; } // LEAK ? 2
// clang-format on

APART static void start()
{
    hold(123);
    kept = hold(77).handle.address();
}

int main()
{
    start();
    scrub();
}
