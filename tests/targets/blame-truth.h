/* Allocations that know who is to be blamed for them. Each place prints

       KEY FILE:LINE:FUNCTION FILE:LINE:FUNCTION ... FILE:LINE:main

   innermost first. It leaves KEY times 1000 bytes live, and less than 1000 more; with key 0 nobody knows how many. What
   is called by CALL is on the stack of the places within. A frame with "?" in front may be missing: a compiler may turn
   its call into a jump. Blanks in names are underscores; a function "*" may have any name. */

#ifndef BLAME_TRUTH_H
#define BLAME_TRUTH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))

#ifdef __cplusplus
extern "C" {
#endif

/* Defined in blame-truth-bare.c, which has no debug information. */
void truth_push(const char *file, int line, const char *function);
void truth_pop(void);
void truth_place(int key, const char *file, int line, const char *function);
void truth_keep(const void *block); /* out of sight of the compiler, and of a search for pointers */
void *bare_malloc(size_t size_bytes);
void *bare_malloc_deep(size_t size_bytes);
void bare_end(size_t size_bytes) __attribute__((noreturn)); /* allocates, and goes to where bare_begin was called */
void bare_begin(void (*call)(void));

#ifdef __cplusplus
}
#endif

/* The statements behind the calls keep them from becoming jumps, and, as each is another, calls in branches from
 * becoming one call (gcc -Os). */
#define BARRIER() __asm__ volatile("" ::"i"(__COUNTER__) : "memory")
#define PLACE(key, function, ...)                                                                                      \
    do {                                                                                                               \
        truth_place(key, __FILE__, __LINE__, function);                                                                \
        truth_keep(__VA_ARGS__);                                                                                       \
        BARRIER();                                                                                                     \
    } while (0)
#define CALL(function, ...)                                                                                            \
    do {                                                                                                               \
        truth_push(__FILE__, __LINE__, function);                                                                      \
        (void)(__VA_ARGS__);                                                                                           \
        truth_pop();                                                                                                   \
    } while (0)

#endif
