/* Exceptions through several frames, rethrown and nested. */
#include "leaks.h"
#include <exception>
#include <stdexcept>
#include <string>

int main()
{
    for (int i = 0; i < 10; i++)
        try {
            try {
                throw std::runtime_error(std::string(100, 65)); // KEPT
            } catch (...) {
                std::throw_with_nested(std::logic_error("outer")); // KEPT
            }
        } catch (const std::logic_error &) {
        }
    scrub();
}
