/* Instructions of every kind that a displaced copy or an emulation must get right. Prints what they computed: the same with
   a stop at every instruction as without. */

#include <alloca.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static uint64_t sum;

static void mix(uint64_t value)
{
    sum = (sum ^ value) * UINT64_C(0x100000001b3);
}

static void show(const char *name)
{
    printf("%s %016llx\n", name, (unsigned long long)sum);
}

/* Branches */

static void conditions(void)
{
    static const int64_t values[] = {0, 1, -1, 2, INT64_MAX, INT64_MIN, INT64_MAX - 1, 0x55, 0xaa};
    const size_t n = sizeof values / sizeof *values;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            int64_t a = values[i], b = values[k];
            uint32_t taken = 0;
#define CONDITION(bit, jump)                                                                                           \
    {                                                                                                                  \
        uint32_t one = 1;                                                                                              \
        __asm__("cmp %2, %1\n\t" jump " 1f\n\txor %0, %0\n1:" : "+r"(one) : "r"(a), "r"(b) : "cc");                    \
        taken |= one << (bit);                                                                                         \
    }
            CONDITION(0, "jo") CONDITION(1, "jno") CONDITION(2, "jb") CONDITION(3, "jae")
            CONDITION(4, "je") CONDITION(5, "jne") CONDITION(6, "jbe") CONDITION(7, "ja")
            CONDITION(8, "js") CONDITION(9, "jns") CONDITION(10, "jp") CONDITION(11, "jnp")
            CONDITION(12, "jl") CONDITION(13, "jge") CONDITION(14, "jle") CONDITION(15, "jg")
            mix(taken);
        }
    show("conditions");
}

static void counters(void)
{
    for (uint64_t n = 0; n < 5; n++) {
        uint64_t rounds = 0, count = n, zero = 7;
        __asm__("jrcxz 2f\n1:\tinc %0\n\tloop 1b\n2:" : "+r"(rounds), "+c"(count) : : "cc");
        count = n << 32;
        __asm__("jecxz 1f\n\txor %0, %0\n1:" : "+r"(zero), "+c"(count) : : "cc");
        mix(rounds << 8 | zero);
        uint64_t equal = 0;
        count = 10;
        __asm__("1:\tinc %0\n\tcmp %2, %0\n\tloopne 1b" : "+r"(equal), "+c"(count) : "r"(n + 1) : "cc");
        mix(equal << 8 | count);
        equal = 0;
        count = 10;
        __asm__("1:\tinc %0\n\tcmp %2, %0\n\tloope 1b" : "+r"(equal), "+c"(count) : "r"((uint64_t)1) : "cc");
        mix(equal << 8 | count);
    }
    show("counters");
}

static NOINLINE int table(int n, int x)
{
    switch (n) {
    case 0: return x + 1;
    case 1: return x * 3;
    case 2: return x - 7;
    case 3: return x ^ 0x55;
    case 4: return x << 2;
    case 5: return x / 3;
    case 6: return -x;
    case 7: return x & 0xf0;
    case 8: return x | 0x0f;
    case 9: return x % 11;
    default: return x;
    }
}

static NOINLINE int computed(const unsigned char *program, int x)
{
    static void *const ops[] = {&&add, &&mul, &&neg, &&xor, &&stop};
    goto *ops[*program++];
add:
    x += 5;
    goto *ops[*program++];
mul:
    x *= 3;
    goto *ops[*program++];
neg:
    x = -x;
    goto *ops[*program++];
xor:
    x ^= 0x1234;
    goto *ops[*program++];
stop:
    return x;
}

static void jumps(void)
{
    static const unsigned char program[] = {0, 1, 2, 3, 0, 0, 1, 3, 2, 1, 4};
    for (int i = -1; i < 12; i++)
        mix((uint64_t)table(i, i * 17 + 5));
    mix((uint64_t)computed(program, 42));
    show("jumps");
}

/* Calls and returns */

typedef int binary(int, int);
static NOINLINE int plus(int a, int b) { return a + b; }
static NOINLINE int minus(int a, int b) { return a - b; }
static NOINLINE int tail(int a, int b) { return (a & 1 ? plus : minus)(b, a); }
static binary *const functions[] = {plus, minus, tail};
static __thread binary *by_thread = tail;
static binary *volatile by_memory = minus;

static void calls(void)
{
    for (int i = 0; i < 9; i++) {
        binary *const *at = functions;
        int got;
        mix((uint64_t)functions[i % 3](i, 100));
        mix((uint64_t)by_thread(i, 7));
        mix((uint64_t)by_memory(i, 7));
        /* call through base, index, scale and displacement; a return address that is used as data; ret n */
        __asm__ volatile("mov %%rsp, %%rbx\n\tsub $256, %%rsp\n\tand $-16, %%rsp\n\t"
                         "mov $30, %%edi\n\tmov $12, %%esi\n\tcall *-8(%1,%2,8)\n\tmov %%rbx, %%rsp"
                         : "=a"(got)
                         : "r"(at), "r"((uint64_t)(i % 3) + 1)
                         : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
        mix((uint64_t)got);
        uint64_t distance;
        __asm__ volatile("lea -256(%%rsp), %%rsp\n\tcall 1f\n1:\tpop %0\n\tlea 1b(%%rip), %%rax\n\tsub %%rax, %0\n\t"
                         "lea 256(%%rsp), %%rsp"
                         : "=r"(distance)
                         :
                         : "rax", "cc", "memory");
        mix(distance);
        __asm__ volatile("lea -256(%%rsp), %%rsp\n\tpush $1\n\tpush $2\n\tcall 1f\n\tjmp 2f\n1:\tmov 8(%%rsp), %0\n\tret $16\n"
                         "2:\tlea 256(%%rsp), %%rsp"
                         : "=r"(distance)
                         :
                         : "cc", "memory");
        mix(distance);
    }
    show("calls");
}

/* The stack */

static void stack(void)
{
    uint64_t a, b, c;
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tmov %%rsp, %0\n\tpush %%rsp\n\tpop %1\n\tpush %%rsp\n\tpop %%rsp\n\t"
                     "sub %%rsp, %0\n\tsub %%rsp, %1\n\tlea 128(%%rsp), %%rsp"
                     : "=&r"(a), "=&r"(b)
                     :
                     : "cc", "memory");
    mix(a);
    mix(b);
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tstc\n\tpushfq\n\tpop %0\n\tclc\n\tpush %0\n\tpopfq\n\tsetc %b1\n\tstd\n\t"
                     "pushfq\n\tpop %2\n\tcld\n\tpushq $0x1234\n\tpushq (%%rsp)\n\tpopq 8(%%rsp)\n\tpop %%rax\n\t"
                     "lea 128(%%rsp), %%rsp"
                     : "=&r"(a), "=&q"(b), "=&r"(c)
                     :
                     : "rax", "cc", "memory");
    mix(a & 1);
    mix(b & 0xff);
    mix(c & 0x400);
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpush %%rbp\n\tenter $32, $0\n\tmov %%rbp, %0\n\tsub %%rsp, %0\n\tleave\n\t"
                     "pop %%rbp\n\tlea 128(%%rsp), %%rsp"
                     : "=&r"(a)
                     :
                     : "memory");
    mix(a);
    show("stack");
}

/* A leaf that keeps its locals below the stack pointer. */
static NOINLINE uint64_t red_zone(uint64_t seed)
{
    volatile uint64_t words[12];
    for (int i = 0; i < 12; i++)
        words[i] = seed * (uint64_t)(i + 3);
    uint64_t all = 0;
    for (int i = 11; i >= 0; i--)
        all = all * 31 + words[i];
    return all;
}

static NOINLINE uint64_t variable(int n)
{
    uint8_t vla[n * 8 + 1];
    uint8_t *more = alloca((size_t)n * 16 + 1);
    memset(vla, n, sizeof vla);
    memset(more, n + 1, (size_t)n * 16 + 1);
    uint64_t all = sizeof vla;
    for (int i = 0; i < n * 8; i++)
        all = all * 33 + vla[i] + more[2 * i];
    return all;
}

struct big {
    uint64_t words[9];
};
struct pair {
    double x;
    int64_t y;
};
static NOINLINE struct big big(uint64_t seed)
{
    struct big b;
    for (int i = 0; i < 9; i++)
        b.words[i] = seed + (uint64_t)i;
    return b;
}
static NOINLINE struct pair pair(int64_t seed)
{
    return (struct pair){(double)seed / 3, -seed};
}
static NOINLINE double many(int a, double b, long c, float d, short e, double f, char g, long h, long i, double j, struct big k)
{
    return a + b * 2 + (double)c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + (double)(h * 8 + i * 9) + j * 10 +
           (double)k.words[8];
}
static NOINLINE double variadic(const char *kinds, ...)
{
    va_list args;
    double all = 0;
    va_start(args, kinds);
    for (; *kinds; kinds++)
        all = all * 3 + (*kinds == 'i' ? va_arg(args, int) : *kinds == 'd' ? va_arg(args, double) : (double)va_arg(args, long));
    va_end(args);
    return all;
}

static void frames(void)
{
    for (uint64_t i = 1; i < 8; i++) {
        mix(red_zone(i));
        mix(variable((int)i));
        mix(big(i).words[8]);
        mix((uint64_t)(pair((int64_t)i).x * 1000));
        mix((uint64_t)many((int)i, 2.5, 3, 4.5f, 5, 6.5, 7, 8, 9, 10.5, big(i)));
    }
    mix((uint64_t)variadic("idlidlidlidl", 1, 2.5, 3L, 4, 5.5, 6L, 7, 8.5, 9L, 10, 11.5, 12L));
    show("frames");
}

/* Memory: strings, atomics, relative and thread-local data */

static uint64_t global = 5, other[4] = {1, 2, 3, 4};
static __thread uint64_t local = 9;
static const char text[] = "relative to the instruction pointer";

static void memory(void)
{
    char from[200], to[200];
    for (int i = 0; i < 200; i++)
        from[i] = (char)(i * 7);
    void *d = to;
    const void *s = from;
    size_t n = 200;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    mix((uint64_t)to[199]);
    d = to;
    n = 25;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(n) : "a"(UINT64_C(0x0102030405060708)) : "memory");
    d = from;
    n = 200;
    __asm__ volatile("repne scasb" : "+D"(d), "+c"(n) : "a"(from[150]) : "memory", "cc");
    mix(n);
    d = from;
    s = to;
    n = 200;
    __asm__ volatile("repe cmpsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory", "cc");
    mix(n);
    uint64_t got = 7;
    __asm__ volatile("lock xaddq %0, %1\n\tlock incq %1\n\tlock cmpxchgq %2, %1" : "+r"(got), "+m"(global) : "r"(got) : "rax", "cc");
    mix(got + global);
    __atomic_fetch_or(&other[1], 0x70, __ATOMIC_SEQ_CST);
    bool swapped = __atomic_compare_exchange_n(&other[2], &(uint64_t){3}, 33, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    __asm__ volatile("addq $3, %0\n\tmovq $0x11223344, %1\n\tcmpb $5, %2" : "+m"(global), "=m"(other[3]) : "m"(text[3]) : "cc");
    __asm__("movzbl text_of_torture(%%rip), %%eax\n\tmov %%rax, %0" : "=r"(got) : : "rax");
    mix(got + swapped + other[1] + other[2] + other[3] + global);
    local += global;
    mix(local++);
    for (size_t i = 0; i < sizeof text; i++)
        mix((uint64_t)text[i]);
    show("memory");
}
__asm__(".pushsection .rodata\ntext_of_torture: .byte 0x5a\n.popsection");

/* Arithmetic */

static void arithmetic(void)
{
    long double x = 1.5L;
    for (int i = 1; i < 12; i++)
        x = x * 1.25L + 1.0L / (long double)i - sqrtl((long double)i);
    mix((uint64_t)(int64_t)(x * 1e6L));
    double y = 0;
    float z = 1;
    for (int i = 1; i < 20; i++) {
        y += sqrt(i) / (1.0 + i) + (y > 2 ? -0.5 : 0.25);
        z = z * 1.01f + (float)(i % 3);
    }
    mix((uint64_t)(y * 1e9));
    mix((uint64_t)(int64_t)(z * 1000));
    unsigned __int128 wide = ((unsigned __int128)UINT64_C(0x123456789abcdef) << 64) + 987654321;
    for (unsigned i = 3; i < 20; i++) {
        mix((uint64_t)(wide / (i * i * UINT64_C(0x100000001))));
        mix((uint64_t)(wide % (i + 1)));
        wide = wide * 31 + i;
    }
    uint64_t high, low, remainder;
    __asm__("mul %3\n\tdiv %4" : "=a"(low), "=&d"(remainder) : "0"(UINT64_C(123456789012345)), "r"(UINT64_C(987654321)), "r"(UINT64_C(1000000007)) : "cc");
    __asm__("mul %2" : "+a"(low), "=d"(high) : "r"(UINT64_C(0xfedcba9876543210)) : "cc");
    mix(low + high + remainder);
    for (int i = 0; i < 64; i += 7) {
        uint64_t v = UINT64_C(0xdeadbeefcafebabe) >> i;
        mix((uint64_t)__builtin_popcountll(v) + (uint64_t)__builtin_clzll(v) * 3 + (v << (i & 31) | v >> (64 - i - 1)));
        __asm__("bt %2, %1\n\tadc $0, %0\n\tbswap %0\n\trcl $3, %0" : "+r"(v) : "r"(sum), "r"((uint64_t)i) : "cc");
        mix(v);
    }
    typedef float vector __attribute__((vector_size(32)));
    vector a = {1, 2, 3, 4, 5, 6, 7, 8}, b = {8, 7, 6, 5, 4, 3, 2, 1};
    for (int i = 0; i < 5; i++)
        a = a * b - (vector){1, 1, 1, 1, 1, 1, 1, 1} / (a + b);
    mix((uint64_t)(int64_t)(a[0] + a[7] * 10));
    show("arithmetic");
}

__attribute__((target("avx2"))) static NOINLINE int avx(int n)
{
    typedef int ints __attribute__((vector_size(32)));
    ints a = {1, 2, 3, 4, 5, 6, 7, 8}, b = a * n;
    for (int i = 0; i < 6; i++)
        b = (b ^ a) + (b >> 1) * (a & 5);
    return b[0] ^ b[3] ^ b[7];
}

/* Jumps out, callbacks, system calls */

static jmp_buf env;
static NOINLINE void deeper(int n)
{
    volatile char pad[64] = {0};
    pad[n & 63] = 1;
    if (n == 0)
        longjmp(env, 5);
    deeper(n - 1);
    mix((uint64_t)pad[0]);
}

static void back(void)
{
    volatile int times = 0;
    int got = setjmp(env);
    mix((uint64_t)got);
    if (times++ < 3)
        deeper(times * 4);
    show("longjmp");
}

static int ascending(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static __attribute__((cold, noinline)) void unlikely(int n)
{
    mix((uint64_t)n * 77);
}

static void callbacks(void)
{
    int numbers[50];
    for (int i = 0; i < 50; i++)
        numbers[i] = (i * 7919) % 101;
    qsort(numbers, 50, sizeof *numbers, ascending);
    for (int i = 0; i < 50; i++) {
        if (__builtin_expect(numbers[i] % 13 == 0, 0))
            unlikely(numbers[i]);
        mix((uint64_t)numbers[i]);
    }
    int key = numbers[20], *found = bsearch(&key, numbers, 50, sizeof *numbers, ascending);
    mix(found != NULL && *found == key);
    show("callbacks");
}

static void system_calls(void)
{
    long pid;
    uint64_t rcx;
    __asm__ volatile("syscall\n1:\tlea 1b(%%rip), %%rdx\n\tsub %%rdx, %%rcx\n\tmov %%rcx, %1"
                     : "=a"(pid), "=r"(rcx)
                     : "0"((long)SYS_getpid)
                     : "rcx", "rdx", "r11", "memory", "cc");
    mix(pid == getpid());
    mix(rcx); /* where the kernel says that it returned to */
    show("syscall");
}

int main(void)
{
    sum = UINT64_C(0xcbf29ce484222325);
    conditions();
    counters();
    jumps();
    calls();
    stack();
    frames();
    memory();
    arithmetic();
    if (__builtin_cpu_supports("avx2")) {
        mix((uint64_t)avx(3));
        show("avx");
    }
    back();
    callbacks();
    system_calls();
    return 7;
}
