/* Which blocks are sampled: a table of their addresses in buckets of one cache line, so that the free of any other block costs a
   look at one line. No lock: a word is changed by compare-and-swap, and a block has one owner at a time. */

#include "preload/samples.h"

#include <sys/mman.h>
#include <x86intrin.h>

#include "preload/pages.h"
#include "preload/syscalls.h"

#define BUCKET_BITS 12
#define BUCKET_WORDS 8 /* a cache line */
#define LN_2 45426u    /* times 2^16 */

static _Atomic uint64_t (*_Atomic table)[BUCKET_WORDS];

static bool open_table(void)
{
    size_t bytes = sizeof *table << BUCKET_BITS;
    if (table != NULL)
        return true;
    long at = raw_syscall6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at <= 0)
        return false;
    _Atomic uint64_t(*none)[BUCKET_WORDS] = NULL;
    guest_own((int64_t)pages_populate((void *)at, bytes, 1));
    if (!atomic_compare_exchange_strong(&table, &none, (_Atomic uint64_t(*)[BUCKET_WORDS])at)) {
        raw_syscall3(SYS_munmap, at, (long)bytes, 0); /* another thread was faster */
        guest_own(-(int64_t)bytes);
    }
    return true;
}

static _Atomic uint64_t *bucket_of(uint64_t block)
{
    return table[block * UINT64_C(0x9E3779B97F4A7C15) >> (64 - BUCKET_BITS)];
}

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016. */
static uint64_t next_random(struct samples *samples)
{
    uint64_t x = samples->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    samples->random = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

/* -ln(u), u evenly in (0, 1], times 2^16. */
static uint64_t next_exponential(struct samples *samples)
{
    static const uint32_t log2_table[65] = { /* log2(1 + i / 64) times 2^16 */
    0, 1466, 2909, 4331, 5732, 7112, 8473, 9814, 11136, 12440, 13727,
    14996, 16248, 17484, 18704, 19909, 21098, 22272, 23433, 24579, 25711, 26830,
    27936, 29029, 30109, 31178, 32234, 33279, 34312, 35334, 36346, 37346, 38336,
    39316, 40286, 41246, 42196, 43137, 44068, 44990, 45904, 46809, 47705, 48593,
    49472, 50344, 51207, 52063, 52911, 53751, 54584, 55410, 56229, 57040, 57845,
    58643, 59434, 60219, 60997, 61769, 62534, 63294, 64047, 64794, 65536,
    };
    uint64_t u = next_random(samples) | 1;
    unsigned zeros = (unsigned)__builtin_clzll(u);
    uint64_t fraction = u << zeros << 1; /* behind the leading one */
    uint32_t low = log2_table[fraction >> 58], high = log2_table[(fraction >> 58) + 1];
    uint64_t log2 = low + ((high - low) * (fraction << 6 >> 48) >> 16);
    return (((uint64_t)(zeros + 1) << 16) - log2) * LN_2 >> 16;
}

static void begin_interval(struct samples *samples)
{
    __uint128_t interval = (__uint128_t)guest.session->sample_bytes * next_exponential(samples) >> 16;
    samples->left = interval < INT64_MAX ? (int64_t)interval + 1 : INT64_MAX;
}

bool samples_begin(struct samples *samples)
{
    samples->random = (guest_ticks() ^ (uint64_t)samples * UINT64_C(0x9E3779B97F4A7C15)) | 1;
    next_random(samples);
    begin_interval(samples);
    return open_table();
}

bool samples_keep(struct samples *samples, const void *block)
{
    begin_interval(samples);
    if (samples_return(block))
        return true;
    atomic_fetch_add_explicit(&guest_self.slot->lost, 1, memory_order_relaxed);
    return false;
}

bool samples_return(const void *block)
{
    _Atomic uint64_t *bucket = bucket_of((uint64_t)block);
    for (int i = 0; i < BUCKET_WORDS; i++) {
        uint64_t none = 0;
        if (atomic_load_explicit(&bucket[i], memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&bucket[i], &none, (uint64_t)block))
            return true;
    }
    return false;
}

bool samples_drop(const void *block)
{
    _Atomic uint64_t *bucket = bucket_of((uint64_t)block);
    for (int i = 0; i < BUCKET_WORDS; i++) {
        uint64_t kept = (uint64_t)block;
        if (atomic_load_explicit(&bucket[i], memory_order_relaxed) == kept)
            return atomic_compare_exchange_strong(&bucket[i], &kept, 0);
    }
    return false;
}
