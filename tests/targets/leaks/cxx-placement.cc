/* An object is placed in a block from malloc; its destructor runs, and the block is lost. */
#include "leaks.h"
#include <new>
#include <string>

APART static void lose()
{
    void *block = malloc(sizeof(std::string));     // LEAK 32 1
    auto *text = new (block) std::string(100, 65); // KEPT
    text->~basic_string();
    used(block);
}

int main()
{
    lose();
    scrub();
}
