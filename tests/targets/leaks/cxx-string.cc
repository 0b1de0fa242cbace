/* A std::string that was allocated with new: object and text. */
#include "leaks.h"
#include <string>

APART static void lose()
{
    used(new std::string(122, 65)); // LEAK 155 2
}

int main()
{
    lose();
    scrub();
}
