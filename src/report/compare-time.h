/* Is one set of times longer than another, or is it noise? */

#ifndef REPORT_COMPARE_TIME_H
#define REPORT_COMPARE_TIME_H

#include "report/compare.h"

/* Times differ when both hold: the Mann-Whitney U test says so at 1 % (two-sided, normal approximation with the
   corrections for continuity and ties: H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics 18, 1947), and the
   medians are further apart than the firings of the noisier side are from theirs (1.4826 times their median absolute
   deviation, which is the standard deviation of normal noise). Returns 0 or -ENOMEM. */
int compare_time_test(const uint64_t *const times[COMPARE_SIDES], const size_t counts[COMPARE_SIDES],
                      struct compare_time *out);

#endif
