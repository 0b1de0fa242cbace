/* std::any, std::optional and std::variant with large values.
   flags: -std=gnu++17 */
#include "leaks.h"
#include <any>
#include <optional>
#include <string>
#include <variant>

APART static void lose()
{
    used(new std::any(std::string(122, 65)));                       // LEAK ? 3
    used(new std::optional<std::string>(std::string(122, 65)));     // LEAK ? 2
    used(new std::variant<int, std::string>(std::string(122, 65))); // LEAK ? 2
}

int main()
{
    lose();
    scrub();
}
