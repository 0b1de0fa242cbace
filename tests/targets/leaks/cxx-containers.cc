/* map, list and unordered_map within a lost object. */
#include "leaks.h"
#include <list>
#include <map>
#include <unordered_map>

struct all {
    std::map<int, int> map;
    std::list<long> list;
    std::unordered_map<int, int> table;
};

APART static void lose()
{
    auto *lost = new all; // LEAK ? 1
    for (int i = 0; i < 10; i++) {
        lost->map[i] = i;         // LEAK ? 10
        lost->list.push_back(i);  // LEAK ? 10
        lost->table[i * 100] = i; // LEAK ? 11
    }
    used(lost);
}

int main()
{
    lose();
    scrub();
}
