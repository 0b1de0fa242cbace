/* Futures, mutexes and condition variables, all finished. */
#include "leaks.h"
#include <future>
#include <mutex>
#include <thread>
#include <vector>

int main()
{
    std::vector<std::future<int>> results; // KEPT
    for (int i = 0; i < 10; i++)
        results.push_back(std::async(std::launch::async, [i] { return i; })); // KEPT
    for (auto &result : results)
        result.get();
    scrub();
}
