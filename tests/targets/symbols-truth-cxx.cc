// Names in C++: namespaces, templates, classes in functions, lambdas, operators, constructors, exceptions. A lambda's
// name differs between compilers; here it is "*", which is any.

#include "symbols-truth.h"

#include <stdexcept>
#include <string>

static volatile int turns = 3;

namespace space
{

namespace
{
NOINLINE int hidden(int n)
{
    HERE("space::(anonymous namespace)::hidden");
    return n + turns;
}
} // namespace

template <class T> struct box {
    T value;
    INLINE void inl_show() const
    {
        HERE("space::box<int>::inl_show");
    }
    NOINLINE int find(int n)
    {
        HERE("space::box<int>::find");
        CALL("space::box<int>::find", inl_show());
        return n + turns;
    }
    NOINLINE bool operator==(const box &other) const
    {
        HERE("space::box<int>::operator==");
        return other.value == value;
    }
    NOINLINE explicit operator bool() const
    {
        HERE("space::box<int>::operator bool");
        return value != turns;
    }
};

struct made {
    NOINLINE made()
    {
        HERE("space::made::made");
    }
    NOINLINE ~made()
    {
        HERE("space::made::~made");
    }
    static NOINLINE int stand_alone()
    {
        HERE("space::made::stand_alone");
        return turns;
    }
};

template <int N> NOINLINE int numbered()
{
    HERE("space::numbered<7>");
    return N + turns;
}

} // namespace space

struct base {
    virtual ~base() = default;
    virtual int work(int n) = 0;
};

struct derived final : base {
    NOINLINE int work(int n) override
    {
        HERE("derived::work");
        return n + turns;
    }
};

extern "C" NOINLINE int plain_name(int n)
{
    HERE("plain_name");
    return n + turns;
}

static NOINLINE int thrower(int n)
{
    HERE("thrower");
    if (n > 0)
        throw std::runtime_error("thrown");
    return turns;
}

static NOINLINE int with_local(int n)
{
    struct local {
        static NOINLINE int go(int m)
        {
            HERE("with_local::local::go");
            return m + turns;
        }
    };
    auto lambda = [&](int more) __attribute__((noinline))
    {
        HERE("*");
        return more + n;
    };
    CALL("with_local", local::go(n));
    CALL("with_local", lambda(1));
    return turns;
}

int main()
{
    space::box<int> one{1}, two{2};
    CALL("main", space::hidden(1));
    CALL("main", one.find(2));
    CALL("main", one == two);
    CALL("main", static_cast<bool>(one));
    CALL("main", space::made::stand_alone());
    CALL("main", space::numbered<7>());
    {
        places[place_count++] = {"main", __LINE__ + 1};
        space::made thing;
        places[place_count - 1].line = __LINE__ + 1;
    }
    place_count--;
    derived object;
    base *pointer = &object;
    CALL("main", pointer->work(1));
    CALL("main", plain_name(1));
    try {
        CALL("main", thrower(1));
    } catch (const std::exception &) {
        place_count = 0;
        HERE("main");
    }
    CALL("main", with_local(1));
    return 0;
}
