/* An object is deleted by a base class without virtual destructor. */
#include "leaks.h"
#include <string>

struct base {
    long number;
};
struct derived : base {
    std::string text;
    derived()
    {
        text.assign(122, 65); // LEAK 123 1
    }
};

APART static void lose()
{
    base *object = new derived; // KEPT
    used(object);
    ::operator delete(object);
}

int main()
{
    lose();
    scrub();
}
