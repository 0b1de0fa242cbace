/* Bytes and durations as people read them. */

#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>

static void units_format(struct units_text *out, const char *sign, uint64_t bytes)
{
    static const char *const names[] = {"KiB", "MiB", "GiB"};
    if (bytes < 1024) {
        snprintf(out->text, sizeof out->text, "%s%" PRIu64 " B", sign, bytes);
        return;
    }
    double value = (double)bytes / 1024.0;
    size_t unit = 0;
    /* What would be rounded up to "1024.0 KiB" is "1.0 MiB". */
    while (value >= 1023.95 && unit + 1 < sizeof names / sizeof names[0]) {
        value /= 1024.0;
        unit++;
    }
    snprintf(out->text, sizeof out->text, "%s%.1f %s", sign, value, names[unit]);
}

static uint64_t units_magnitude(int64_t bytes)
{
    return bytes < 0 ? (uint64_t)0 - (uint64_t)bytes : (uint64_t)bytes;
}

struct units_text units_bytes(uint64_t bytes)
{
    struct units_text out;
    units_format(&out, "", bytes);
    return out;
}

struct units_text units_signed(int64_t bytes)
{
    struct units_text out;
    units_format(&out, bytes < 0 ? "-" : "", units_magnitude(bytes));
    return out;
}

struct units_text units_change(int64_t bytes)
{
    struct units_text out;
    units_format(&out, bytes < 0 ? "-" : "+", units_magnitude(bytes));
    return out;
}

struct units_text units_duration(uint64_t ns)
{
    struct units_text out;
    double value = (double)ns;
    const char *unit;
    if (ns < 100000) {
        value /= 1e3;
        unit = "us";
    } else if (ns < 999500000) {
        value /= 1e6;
        unit = "ms";
    } else {
        value /= 1e9;
        unit = "s";
    }
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(out.text, sizeof out.text, "%.*f %s", decimals, value, unit);
    return out;
}
