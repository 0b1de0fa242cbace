/* A std::function with a large capture is lost, and one is kept. */
#include "leaks.h"
#include <functional>

static std::function<int()> kept;

APART static void lose()
{
    struct {
        char bytes[100];
    } capture = {};
    kept = [capture] { return capture.bytes[0]; };                          // KEPT
    used(new std::function<int()>([capture] { return capture.bytes[1]; })); // LEAK 132 2
}

int main()
{
    lose();
    scrub();
}
