/* std::thread: a lambda leaks, and what was moved into it is freed. */
#include "leaks.h"
#include <memory>
#include <thread>

APART static void lose()
{
    used(new char[123]); /* LEAK 123 1 */
}

int main()
{
    auto moved = std::make_unique<int[]>(100); /* KEPT */
    std::thread thread([data = std::move(moved)] {
        data[0] = 1;
        lose();
    });
    thread.join();
    scrub();
}
