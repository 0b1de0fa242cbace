/* Inlined functions in C: one in another, in loops and branches, recursion, parts in a header, a nested function of GNU
   C where there are any. */

#include "symbols-truth.h"

static volatile int turns = 3;

static INLINE void inl_leaf(void)
{
    HERE("inl_leaf");
}

static INLINE int inl_middle(int n)
{
    for (int i = 0; i < n; i++) {
        int square = i * i;
        if (square > 2)
            CALL("inl_middle", inl_leaf());
    }
    HERE("inl_middle");
    return n;
}

static NOINLINE int outer(int n)
{
    CALL("outer", inl_leaf());
    CALL("outer", inl_middle(n));
    switch (n) {
    case 3:
        HERE("outer");
        break;
    default:
        CALL("outer", inl_middle(n - 1));
    }
    return n + turns;
}

static NOINLINE int recursive(int n)
{
    HERE("recursive");
    if (n > 0)
        CALL("recursive", recursive(n - 1));
    CALL("recursive", inl_leaf());
    return turns;
}

#ifndef __clang__
static NOINLINE int with_nested(int n)
{
    int sum = n;
    __attribute__((noinline)) int nested(int more)
    {
        HERE("nested");
        return sum += more;
    }
    CALL("with_nested", nested(turns));
    return sum;
}
#endif

#line 1000 "made-up/file.c"
static NOINLINE int renamed(int n)
{
    HERE("renamed");
    return n + turns;
}
#line 64 "symbols-truth.c"

__attribute__((noinline, section("other_text"))) static int elsewhere(int n)
{
    CALL("elsewhere", inl_middle(n));
    return turns;
}

int main(void)
{
    HERE("main");
    CALL("main", outer(turns));
    CALL("main", outer(turns + 1));
    CALL("main", recursive(2));
#ifndef __clang__
    CALL("main", with_nested(1));
#endif
    CALL("main", renamed(1));
    CALL("main", elsewhere(turns));
    CALL("main", inl_middle(1));
    return 0;
}
