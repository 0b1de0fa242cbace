/* Thread-local containers: the thread's own are destroyed with it. */
#include "leaks.h"
#include <string>
#include <thread>
#include <vector>

static thread_local std::vector<int> numbers(100); // KEPT
static thread_local std::string *text;

APART static void lose()
{
    std::thread([] {
        numbers.push_back(1);            // KEPT
        text = new std::string(122, 65); // LEAK 155 2
    }).join();
    numbers.push_back(2); // KEPT
}

int main()
{
    lose();
    scrub();
}
