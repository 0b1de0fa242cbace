/* As heap-truth.c, with what C++ has. */

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#define NOINLINE __attribute__((noinline))

static void *volatile kept[16];

struct thing {
    int values[25];
};

NOINLINE static void tell(const char *function, int line, long bytes, long blocks, long live_bytes, long live_blocks,
                          long temporary)
{
    std::printf("site %s %d %ld %ld %ld %ld %ld\n", function, line, bytes, blocks, live_bytes, live_blocks, temporary);
}

NOINLINE static int leak()
{
    kept[0] = new thing; return __LINE__;
}

NOINLINE static int leak_array()
{
    kept[1] = new char[333]; return __LINE__;
}

NOINLINE static int lend()
{
    auto owner = std::make_unique<thing>(); kept[2] = owner.get(); return __LINE__;
}

NOINLINE static int spell(const char *text)
{
    std::string s(text); kept[3] = &s; return __LINE__;
}

namespace ns
{
template <typename T> struct stock {
    std::vector<T> items;
    NOINLINE int reserve(std::size_t count)
    {
        items.reserve(count); return __LINE__;
    }
};
} // namespace ns

int main()
{
    static char buffer[4096];
    std::setvbuf(stdout, buffer, _IOFBF, sizeof buffer); /* no block of stdio's */
    auto *stock = new (std::nothrow) ns::stock<int>; kept[4] = stock; int here = __LINE__;
    int line = stock->reserve(1000);
    tell("main", here, sizeof *stock, 1, sizeof *stock, 1, 0);
    tell("ns::stock<int>::reserve", line, 4000, 1, 4000, 1, 0);
    tell("leak", leak(), 100, 1, 100, 1, 0);
    tell("leak_array", leak_array(), 333, 1, 333, 1, 0);
    tell("lend", lend(), 100, 1, 0, 0, 1);
    tell("spell", spell("a string that is too long to be kept within"), sizeof "a string that is too long to be kept within", 1,
         0, 0, 1);
    return 0;
}
