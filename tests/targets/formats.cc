/* What the formats have to get right: 500 MiB that come and go beside a leak of 16 bytes, recursion by two functions,
   inlined calls, templates, an operator, threads, a child process, and, when its path is given, a library without
   names.

   Prints "leak LINE" and "traffic LINE". With "nothing" as its argument, it allocates nothing and does not return to
   the C library. */

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static char *volatile kept[32];

template <typename Key, int Bytes> struct store {
    NOINLINE static void keep(Key slot)
    {
        kept[slot] = static_cast<char *>(malloc(Bytes));
    }
};

struct text {
    char *volatile bytes;
};

NOINLINE static text operator""_copy(const char *from, size_t length)
{
    return {strndup(from, length)};
}

static int leak_line, traffic_line;

NOINLINE static void lose()
{
    leak_line = __LINE__ + 1;
    kept[0] = static_cast<char *>(malloc(16));
}

NOINLINE static void traffic()
{
    traffic_line = __LINE__ + 2;
    for (int i = 0; i < 500; i++) {
        char *volatile block = static_cast<char *>(malloc(1 << 20));
        free(block);
    }
}

static inline __attribute__((always_inline)) void take_and_give(int bytes)
{
    char *volatile block = static_cast<char *>(malloc(bytes));
    free(block);
}

NOINLINE static void odd(int depth);

NOINLINE static void even(int depth)
{
    if (depth > 0)
        odd(depth - 1);
    take_and_give(100 * depth + 1);
    asm volatile("");
}

NOINLINE static void odd(int depth)
{
    even(depth - 1);
    if (depth == 5)
        odd(1);
    take_and_give(1000);
    asm volatile("");
}

static void fill(int count)
{
    std::map<std::string, int> names;
    for (int i = 0; i < count; i++)
        names["a name that is too long to be kept in place " + std::to_string(i)] = i;
}

static void in_child()
{
    pid_t child = fork();
    if (child == 0) {
        take_and_give(5000);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "nothing") == 0)
        _exit(0);
    traffic();
    lose();
    even(8);
    store<unsigned char, 24>::keep(1);
    free("some text"_copy.bytes);
    std::thread one(fill, 50), other(fill, 100);
    one.join();
    other.join();
    in_child();
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (library != NULL)
        reinterpret_cast<void (*)(void (*)())>(dlsym(library, "enter"))(lose);
    printf("leak %d\ntraffic %d\n", leak_line, traffic_line);
    fflush(stdout);
    return 0;
}
