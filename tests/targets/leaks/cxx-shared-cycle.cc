/* Two objects own each other by shared_ptr. */
#include "leaks.h"
#include <memory>

struct node {
    std::shared_ptr<node> other;
};

APART static void lose()
{
    auto a = std::make_shared<node>(); // LEAK ? 1
    std::shared_ptr<node> b(new node); // LEAK ? 2
    a->other = b;
    b->other = a;
}

int main()
{
    lose();
    scrub();
}
