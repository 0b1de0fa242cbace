// What hooks-module loads: operators, alignment, exceptions.

#include <cstdint>
#include <map>
#include <new>
#include <string>

struct alignas(128) aligned {
    char bytes[256];
};

static std::map<int, std::string> *at_start = new std::map<int, std::string>{{1, "one"}};

extern "C" int run()
{
    int points = 0;
    aligned *block = new aligned;
    points += (uintptr_t)block % 128 == 0;
    delete block;
    volatile std::size_t huge = SIZE_MAX / 2 - 100;
    try {
        delete[] new char[huge];
    } catch (const std::bad_alloc &) {
        points += 10;
    }
    points += 100 * (new (std::nothrow) char[huge] == nullptr);
    for (int i = 0; i < 1000; i++)
        (*at_start)[i] = std::string(50, 'x');
    points += 1000 * (at_start->size() == 1000);
    delete at_start;
    return points;
}
