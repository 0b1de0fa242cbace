/* Regular expressions, random numbers, paths.
   flags: -std=gnu++17 */
#include "leaks.h"
#include <filesystem>
#include <random>
#include <regex>
#include <string>

int main()
{
    std::regex expression("a+(b|c)*");                  // KEPT
    std::regex_match(std::string(100, 65), expression); // KEPT
    std::random_device device;                          // KEPT
    used(reinterpret_cast<void *>(static_cast<uintptr_t>(device())));
    auto path = std::filesystem::current_path() / "some" / "file"; // KEPT
    scrub();
}
