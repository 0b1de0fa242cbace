// Allocations in C++: what the standard library allocates for its caller, and the ways C++ has to call.

#include "blame-truth.h"

#include <array>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

// Left behind, in memory that is not allocated.
#define LEFT new (room())

static volatile std::size_t thousand = 1000;

static NOINLINE void *room()
{
    alignas(64) static unsigned char space[64 * 256];
    static std::size_t used;
    used += 256;
    return space + used - 256;
}

template <std::size_t bytes> struct fat {
    std::array<char, bytes> content;
};

static NOINLINE void operators()
{
    PLACE(1, "operators", new char[1 * thousand]);
    PLACE(2, "operators", new fat<2000>);
    PLACE(3, "operators", new (std::nothrow) fat<3000>);
    PLACE(4, "operators", ::operator new(4 * thousand));
    PLACE(5, "operators", ::operator new(5 * thousand, std::align_val_t(256)));
}

static NOINLINE void containers()
{
    PLACE(11, "containers", LEFT std::string(11 * thousand, 'a'));
    PLACE(12, "containers", LEFT std::vector<char>(12 * thousand));
    auto *map = LEFT std::map<int, fat<13000>>();
    PLACE(13, "containers", &(*map)[1]);
    auto *unordered = LEFT std::unordered_map<int, fat<14000>>();
    PLACE(14, "containers", &(*unordered)[1]);
    auto *list = LEFT std::list<fat<15000>>();
    PLACE(15, "containers", (list->emplace_back(), list));
    auto *text = LEFT std::string();
    PLACE(16, "containers", &text->append(16 * thousand, 'a'));
    auto *vector = LEFT std::vector<fat<17000>>();
    PLACE(17, "containers", (vector->push_back(fat<17000>()), vector));
    auto *numbers = LEFT std::vector<int>();
    PLACE(0, "containers", (numbers->resize(3 * thousand), numbers));
    PLACE(0, "containers", LEFT std::deque<int>(100));
    auto *stream = LEFT std::ostringstream();
    PLACE(0, "containers", (*stream << std::string(18 * thousand, 'a'), stream));
    PLACE(0, "containers", LEFT std::string(stream->str()));
    PLACE(0, "containers", LEFT std::vector<std::string>(3, *text));
}

static NOINLINE void pointers()
{
    PLACE(20, "pointers", LEFT std::shared_ptr<fat<20000>>(std::make_shared<fat<20000>>()));
    PLACE(21, "pointers", LEFT std::unique_ptr<fat<21000>>(std::make_unique<fat<21000>>()));
    PLACE(22, "pointers", std::make_unique<char[]>(22 * thousand).release());
    fat<23000> big = {};
    big.content[1] = char(thousand);
    PLACE(23, "pointers", LEFT std::function<int(int)>([big](int n) { return big.content[std::size_t(n)]; }));
}

static NOINLINE int call(const std::function<int(int)> &function)
{
    CALL("call", function(1));
    return 1;
}

static NOINLINE void lambdas()
{
    int count = 1;
    auto lambda = [&](std::size_t size) {
        PLACE(24, "lambdas::*", new char[size + std::size_t(count)]);
        return 1;
    };
    CALL("lambdas", lambda(24 * thousand));
    std::function<int(int)> function = [&](int n) {
        PLACE(25, "lambdas::*", new char[25 * thousand + std::size_t(n)]);
        return count;
    };
    CALL("lambdas", call(function));
}

namespace space
{

namespace
{
NOINLINE void hidden()
{
    PLACE(30, "space::(anonymous namespace)::hidden", new char[30 * thousand]);
}
} // namespace

template <class T, std::size_t count> struct box {
    T *content;
    NOINLINE box()
    {
        PLACE(31, "space::box<int, 7750>::box", content = new T[count]);
    }
    NOINLINE ~box()
    {
        PLACE(32, "space::box<int, 7750>::~box", new T[8000]);
    }
    INLINE void inlined()
    {
        PLACE(33, "space::box<int, 7750>::inlined", new T[8250]);
    }
    NOINLINE void calls_inlined()
    {
        CALL("space::box<int, 7750>::calls_inlined", inlined());
    }
    NOINLINE box &operator+=(int n)
    {
        PLACE(34, "space::box<int, 7750>::operator+=", new T[8500] + n);
        return *this;
    }
};

template <std::size_t size> NOINLINE void numbered()
{
    PLACE(35, "space::numbered<35000>", new char[size]);
}

} // namespace space

struct base {
    virtual ~base() = default;
    virtual void work() = 0;
};

struct derived final : base {
    NOINLINE void work() override
    {
        PLACE(36, "derived::work", new char[36 * thousand]);
    }
};

struct own {
    std::array<char, 37000> content;
    static NOINLINE void *operator new(std::size_t size)
    {
        truth_place(37, __FILE__, __LINE__ + 1, "own::operator new");
        void *block = std::malloc(size);
        BARRIER();
        return block;
    }
    static void operator delete(void *block)
    {
        std::free(block);
    }
};

struct part {
    std::string text;
    NOINLINE part() : text((truth_place(38, __FILE__, __LINE__, "part::part"), 38 * thousand), 'a') { BARRIER(); }
};

struct whole {
    int before;
    part inside;
    // clang-format off
    NOINLINE explicit whole(int n) : before((truth_push(__FILE__, __LINE__, "whole::whole"), n)), inside() { truth_pop(); }
    // clang-format on
};

static NOINLINE void thrower(int n)
{
    if (n > 0) {
        truth_place(39, __FILE__, __LINE__ + 1, "thrower");
        throw fat<39000>();
    }
    BARRIER();
}

static NOINLINE void catches()
{
    try {
        CALL("catches", thrower(1));
    } catch (const fat<39000> &) {
        truth_pop();
        LEFT std::exception_ptr(std::current_exception());
    }
}

struct at_start {
    NOINLINE at_start()
    {
        PLACE(40, "at_start::at_start", new char[40000]);
    }
};

static at_start started;

int main()
{
    CALL("main", operators());
    CALL("main", containers());
    CALL("main", pointers());
    CALL("main", lambdas());
    CALL("main", space::hidden());
    auto *box = static_cast<space::box<int, 7750> *>(room());
    CALL("main", new (box) space::box<int, 7750>);
    CALL("main", box->calls_inlined());
    CALL("main", *box += 1);
    CALL("main", box->~box());
    CALL("main", space::numbered<35000>());
    derived object;
    base *pointer = &object;
    CALL("main", pointer->work());
    CALL("main", truth_keep(new own));
    CALL("main", LEFT whole(2));
    CALL("main", catches());
    return 0;
}
