/* Containers with static lifetime, destroyed before the end or never. */
#include "leaks.h"
#include <map>
#include <string>
#include <vector>

static std::vector<std::string> destroyed;
static auto &never = *new std::map<int, std::string>; // KEPT

APART static void lose()
{
    for (int i = 0; i < 10; i++) {
        destroyed.push_back(std::string(100, 65)); // KEPT
        never[i] = std::string(100, 65);           // KEPT
    }
    static std::string inner(100, 65); // KEPT
    used(new char[123]);               // LEAK 123 1
}

int main()
{
    lose();
    scrub();
}
