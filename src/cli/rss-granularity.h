/* How exactly this kernel counts resident memory. */

#ifndef CLI_RSS_GRANULARITY_H
#define CLI_RSS_GRANULARITY_H

#include <stdint.h>

/* Touch pages one by one and see by how much /proc/self/statm lags behind at most: 0 on kernels that sum up exactly,
   else the bytes that a figure may be late by. -errno when it cannot be measured. */
int rss_granularity_measure(uint64_t *out_bytes);

#endif
