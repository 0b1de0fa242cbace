/* A weak_ptr keeps the memory of make_shared() after the object is gone.
   flags: -std=c++20 */
#include "leaks.h"
#include <memory>

static std::weak_ptr<char[100]> observer;

APART static void lose()
{
    observer = std::make_shared<char[100]>(); // KEPT
}

int main()
{
    lose();
    scrub();
}
