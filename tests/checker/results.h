/* What the checker counts, in a file that all processes of a test map: the environment variable CHECKER_RESULTS names
   it. Differences are told as text in the file of that name with ".differences" behind it, ends of walks that are not
   roots in ".stops". */

#ifndef CHECKER_RESULTS_H
#define CHECKER_RESULTS_H

#include <stdatomic.h>
#include <stdint.h>

#define CHECKER_ENV "CHECKER_RESULTS"
#define CHECKER_ENV_SPOILS "CHECKER_SPOILS" /* set: every comparison with libunwind fails */

#define CHECKER_COUNTS(COUNT)                                                                                          \
    COUNT(walks)          /* all: one for each event */                                                                \
    COUNT(frames)         /* of them together */                                                                       \
    COUNT(compared)       /* with libunwind */                                                                         \
    COUNT(different_full) /* not what our own walk finds that remembers nothing */                                     \
    COUNT(different_libunwind)                                                                                         \
    COUNT(libunwind_failed)  /* libunwind itself gave up where we went on; as far as it came, it is equal */           \
    COUNT(root)              /* ended at the outermost frame, all by rules */                                          \
    COUNT(guessed)           /* used a frame pointer where no rule is; up to there it is compared */                   \
    COUNT(truncated)         /* too deep */                                                                            \
    COUNT(stopped_no_object) /* code that belongs to no file */                                                        \
    COUNT(stopped_no_rule)   /* code of a file that says nothing about it, or what no rule can say */                  \
    COUNT(stopped_bad_frame) /* a rule that led to nothing sensible */

struct checker_results {
#define COUNT(name) _Atomic uint64_t name;
    CHECKER_COUNTS(COUNT)
#undef COUNT
};

#endif
