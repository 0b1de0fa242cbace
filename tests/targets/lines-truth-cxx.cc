/* Annotated C++ functions that are left by exceptions, and print what the line report should say of them: see truth.h.
   The first argument names the case. */

#include <exception>
#include <memory>
#include <vector>

#include "syseng_mem.h"
#include "truth.h"

/* An exception object lies behind a header of the C++ library's (Itanium C++ ABI, 2.2.1: __cxa_refcounted_exception). */
struct trouble {
    static constexpr size_t header_bytes = 128;
    int depth;

    explicit trouble(int depth) : depth(depth)
    {
        truth()->heap += long(malloc_usable_size(block()));
    }
    trouble(const trouble &other) : trouble(other.depth) {} /* never: clang only wants it to be there */
    ~trouble()
    {
        truth()->heap -= long(malloc_usable_size(block()));
    }
    void *block()
    {
        return reinterpret_cast<char *>(this) - header_bytes;
    }
};

/* Frees in its destructor. While an exception passes through, what was called from its scope is over by then. */
class owner {
    char *block;
    size_t depth = truth()->depth;

public:
    explicit owner(size_t bytes) : block(get(bytes))
    {
        touch(block, 0, bytes);
    }
    owner(const owner &) = delete;
    ~owner()
    {
        truth_cut(depth);
        put(block);
    }
};

static char *kept;

SYSENG_MEM_PROFILE
static void thrower(int depth)
{
    FRAME;
    L(kept = get(2 * MIB))
    L(touch(kept, 0, MIB))
    L(throw trouble(depth))
}

static void unwatched(int depth)
{
    auto block = std::make_unique<owner>(3 * MIB);
    truth()->heap += long(malloc_usable_size(block.get()));
    struct guard {
        void *block;
        size_t depth;
        ~guard()
        {
            truth_cut(depth);
            truth()->heap -= long(malloc_usable_size(block));
        }
    } guard{block.get(), truth()->depth};
    thrower(depth);
}

SYSENG_MEM_PROFILE
static void passed(int depth)
{
    FRAME;
    L(kept = get(MIB))
    L(unwatched(depth))
    L(kept = get(MIB))
}

SYSENG_MEM_PROFILE
static void catching(void)
{
    FRAME;
    size_t depth = truth()->depth;
    for (int i = 0; i < 3; i++) {
        LT(try { passed(i); } catch (const trouble &) { truth_cut(truth_line + 1); })
        L(kept = get(3 * MIB))
    }
    truth_cut(depth);
}

SYSENG_MEM_PROFILE
static void rethrowing(int depth)
{
    FRAME;
    size_t open = truth()->depth;
    try {
        L(passed(depth))
    } catch (const trouble &) {
        truth_cut(open);
        L(kept = get(5 * MIB))
        L(touch(kept, 0, MIB))
        throw;
    }
}

SYSENG_MEM_PROFILE
static void rethrown(void)
{
    FRAME;
    LT(try { rethrowing(1); } catch (...) { truth_cut(truth_line + 1); kept = get(7 * MIB); })
    L(kept = get(MIB))
}

SYSENG_MEM_PROFILE
static void guarded(bool throws)
{
    FRAME;
    owner first(2 * MIB);
    L(kept = get(MIB))
    if (throws)
        L(unwatched(0))
    L(kept = get(MIB))
}

SYSENG_MEM_PROFILE
static void destroying(void)
{
    FRAME;
    for (int i = 0; i < 4; i++) {
        size_t open = truth()->depth;
        LT(try { guarded(i % 2 == 0); } catch (const trouble &) { truth_cut(open + 1); })
    }
}

/* Caught where nothing is annotated; what happens there is nobody's. */
static void catch_outside(void)
{
    size_t open = truth()->depth;
    try {
        guarded(true);
    } catch (const trouble &) {
        truth_cut(open);
        kept = get(MIB);
    }
    kept = get(MIB);
    guarded(false);
}

template <typename T>
SYSENG_MEM_PROFILE static void instance(size_t count)
{
    FRAME;
    T *items;
    LX(items = reinterpret_cast<T *>(get(count * sizeof(T))))
    LX(put(items))
}

static void instances(void)
{
    instance<char>(1000);
    instance<double>(1000);
    instance<std::vector<int>>(1000);
}

struct shape {
    char *block = nullptr;
    SYSENG_MEM_PROFILE explicit shape(size_t bytes)
    {
        FRAME;
        L(block = get(bytes))
        L(touch(block, 0, MIB))
    }
    SYSENG_MEM_PROFILE ~shape()
    {
        FRAME;
        L(put(block))
    }
    SYSENG_MEM_PROFILE char *more(size_t bytes)
    {
        FRAME;
        L(block = grow(block, bytes))
        return block;
    }
};

static void methods(void)
{
    for (size_t i = 2; i < 5; i++) {
        shape s(i * MIB);
        s.more(2 * i * MIB);
    }
}

SYSENG_MEM_PROFILE
static void uncaught(void)
{
    FRAME;
    L(kept = get(2 * MIB))
    L(touch(kept, 0, MIB))
    L(throw trouble(0))
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {{"catching", catching},
             {"rethrown", rethrown},
             {"destroying", destroying},
             {"catch-outside", catch_outside},
             {"instances", instances},
             {"methods", methods},
             {"uncaught", uncaught}};

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "catching";
    truth_start(false);
    std::set_terminate([] {
        truth_print();
        abort();
    });
    try { /* the unwinder's own memory */
        throw 1;
    } catch (int) {
    }
    for (const auto &one : cases)
        if (strcmp(one.name, name) == 0)
            one.run();
    truth_print();
    return 0;
}
