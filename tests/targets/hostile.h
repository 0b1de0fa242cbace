/* What the hostile programs share: many small cases in a program, named by its first argument. Each prints what it
   sees, which must be the same whoever watches. Text goes out at once and without memory of the C library's, for many
   cases end in the middle of something, or run where stdio must not be called. */

#ifndef TARGETS_HOSTILE_H
#define TARGETS_HOSTILE_H

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __clang__
#define HOSTILE_PLAIN __attribute__((noinline, optnone))
#else
#define HOSTILE_PLAIN __attribute__((noinline, noclone, optimize("O0")))
#endif

struct hostile_case {
    const char *name;
    void (*run)(void);
};

static inline void say_bytes(const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(1, text, bytes);
        if (written <= 0)
            _exit(98);
        text += written;
        bytes -= (size_t)written;
    }
}

/* WHAT and a number, as one line. A handful of bytes of the stack. */
static inline void say(const char *what, long number)
{
    char line[96], digits[24];
    size_t used = 0, count = 0;
    unsigned long rest = number < 0 ? 0 - (unsigned long)number : (unsigned long)number;
    for (; what[used] != '\0' && used < 64; used++)
        line[used] = what[used];
    line[used++] = ' ';
    if (number < 0)
        line[used++] = '-';
    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    while (count > 0)
        line[used++] = digits[--count];
    line[used++] = '\n';
    say_bytes(line, used);
}

/* End the test, as broken, unless `good`. */
static inline void need(int good, const char *what)
{
    if (!good) {
        say(what, 0);
        _exit(99);
    }
}

static inline void handle(int number, void (*handler)(int), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    need(sigaction(number, &action, NULL) == 0, "sigaction");
}

/* Run the case that is asked for; the status of main. */
static inline int hostile_main(const struct hostile_case *cases, size_t count, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < count; i++)
        if (strcmp(cases[i].name, argv[1]) == 0) {
            cases[i].run();
            return 0;
        }
    return 97;
}
#define HOSTILE_MAIN(cases, argc, argv) hostile_main(cases, sizeof cases / sizeof *cases, argc, argv)

#endif
