/* A std::thread is detached and waits for ever: what its function captured is in use. */
#include "leaks.h"
#include <atomic>
#include <thread>
#include <vector>

static std::atomic<bool> ready;

APART static void start()
{
    std::vector<int> numbers(100);               /* KEPT */
    std::thread([numbers = std::move(numbers)] { /* KEPT */
                                                 ready = numbers[5] == 0;
                                                 pause();
    })
        .detach();
}

int main()
{
    start();
    while (!ready)
        usleep(100);
    scrub();
}
