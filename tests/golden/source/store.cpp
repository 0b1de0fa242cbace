#include <syseng_mem.h>

struct store {
    std::vector<char> bytes = std::vector<char>(1 << 20);
    std::string name;

    SYSENG_MEM_PROFILE
    /* Reads everything { at once. */
    [[gnu::cold]]
    explicit store(const char *path)
        : name{path}
    {
        load(R"(}")");
    }
};
