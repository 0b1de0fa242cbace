/* Bytes and durations as people read them: "516.0 KiB", "0.41 ms". Powers of 1024, one decimal, a blank before the
   unit; plain bytes have no decimal. */

#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

#define UNITS_TEXT_BYTES 32

struct units_text {
    char text[UNITS_TEXT_BYTES];
};

/* "0 B", "1023 B", "1.0 KiB" ... in the largest of B, KiB, MiB, GiB that keeps the number at 1 or above. */
struct units_text units_bytes(uint64_t bytes);

/* The same with "-" in front of a loss and nothing in front of a gain. */
struct units_text units_signed(int64_t bytes);

/* The same with "-" in front of a loss and "+" otherwise. */
struct units_text units_change(int64_t bytes);

/* Three significant digits in us (below 0.1 ms), ms or s: "41.0 us", "0.41 ms", "12.3 ms", "1.23 s". */
struct units_text units_duration(uint64_t ns);

#endif
