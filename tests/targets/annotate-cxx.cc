// Every shape of an annotated C++ function. As annotate-c.c: "at NAME" marks a line of the function NAME.

#include <cstdlib>
#include <stdexcept>

#include "syseng_mem.h"

static volatile int sink;
static void *volatile kept;

namespace shapes
{

struct box {
    void *block;

    SYSENG_MEM_PROFILE
    explicit box(int n)
    {
        block = std::malloc(static_cast<size_t>(n)); // at shapes::box::box
        kept = block;
    }

    SYSENG_MEM_PROFILE
    ~box()
    {
        std::free(block); // at shapes::box::~box
        sink = 0;
    }

    SYSENG_MEM_PROFILE
    int method(int n) const
    {
        kept = std::malloc(static_cast<size_t>(n)); // at shapes::box::method
        std::free(kept);
        return n;
    }

    SYSENG_MEM_PROFILE
    virtual int overridden(int n)
    {
        kept = std::malloc(static_cast<size_t>(n)); // at shapes::box::overridden
        std::free(kept);
        return n;
    }

    SYSENG_MEM_PROFILE
    static int of_class(int n)
    {
        kept = std::malloc(static_cast<size_t>(n)); // at shapes::box::of_class
        std::free(kept);
        return n;
    }

    template <class T> SYSENG_MEM_PROFILE T member_template(T n)
    {
        kept = std::malloc(sizeof n); // at shapes::box::member_template<int>
        std::free(kept);
        return n;
    }
};

template <class T> SYSENG_MEM_PROFILE T instance(T n)
{
    kept = std::malloc(sizeof n); // at shapes::instance<int> shapes::instance<double>
    std::free(kept);
    return n + n;
}

namespace
{
SYSENG_MEM_PROFILE
int hidden(int n)
{
    kept = std::malloc(static_cast<size_t>(n)); // at shapes::(anonymous namespace)::hidden
    std::free(kept);
    return n;
}
} // namespace

} // namespace shapes

static inline SYSENG_MEM_PROFILE int throws(int n)
{
    if (n > 1)
        throw std::runtime_error("thrown"); // at throws
    return n;
}

extern "C" SYSENG_MEM_PROFILE int with_c_linkage(int n)
{
    kept = std::malloc(static_cast<size_t>(n)); // at with_c_linkage
    std::free(kept);
    return n;
}

SYSENG_MEM_PROFILE
static int with_handler(int n)
{
    try {
        sink = throws(n);
    } catch (const std::exception &) {
        sink = 5; // at with_handler
    }
    return sink;
}

int main(int argc, char **)
{
    const int n = argc + 2;
    auto lambda = [&](int m) __attribute__((noinline)) {
        SYSENG_MEM_PROFILE_HERE;
        kept = std::malloc(static_cast<size_t>(m)); // at operator()
        std::free(kept);
        return m + argc;
    };
    shapes::box box(n);
    sink = box.method(n) + box.overridden(n) + shapes::box::of_class(n) + box.member_template(n);
    sink += shapes::instance(n) + static_cast<int>(shapes::instance(1.5)) + shapes::hidden(n);
    sink += with_c_linkage(n) + with_handler(n) + lambda(n);
    return 0;
}
