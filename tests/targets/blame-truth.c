/* Allocations in C: the functions of the C library that allocate, and the ways to come to an allocation. */

#include "blame-truth.h"

#include <alloca.h>
#include <dirent.h>
#include <limits.h>
#include <malloc.h>
#include <regex.h>
#include <stdarg.h>
#include <unistd.h>
#include <wchar.h>

#include "blame-truth-part.h"

#define A_MACRO_THAT_ALLOCATES(size) malloc((size) + zero)

static volatile int zero;
static volatile size_t thousand = 1000;
static char letters[100001];

static const char *text(size_t length)
{
    memset(letters, 'a', length);
    letters[length] = '\0';
    return letters;
}

static NOINLINE void direct(void)
{
    void *block = NULL;
    PLACE(1, "direct", malloc(1 * thousand));
    PLACE(2, "direct", calloc(2, thousand));
    PLACE(3, "direct", realloc(NULL, 3 * thousand));
    block = malloc(thousand);
    PLACE(4, "direct", realloc(block, 4 * thousand));
    PLACE(5, "direct", reallocarray(NULL, 5, thousand));
    PLACE(6, "direct", aligned_alloc(64, 6 * thousand));
    PLACE(7, "direct", posix_memalign(&block, 64, 7 * thousand) == 0 ? block : NULL);
    PLACE(8, "direct", memalign(64, 8 * thousand));
    PLACE(9, "direct", A_MACRO_THAT_ALLOCATES(9 * thousand));
}

static NOINLINE char *format(const char *how, ...)
{
    char *out = NULL;
    va_list list;
    va_start(list, how);
    truth_place(16, __FILE__, __LINE__ + 1, "format");
    if (vasprintf(&out, how, list) < 0)
        out = NULL;
    va_end(list);
    return out;
}

static NOINLINE void texts(void)
{
    char *out = NULL;
    static wchar_t wide[3001];
    PLACE(11, "texts", strdup(text(11000)));
    PLACE(12, "texts", strndup(text(20000), 12000));
    PLACE(13, "texts", asprintf(&out, "%s", text(13000)) > 0 ? out : NULL);
    wmemset(wide, L'w', 3000);
    PLACE(12, "texts", wcsdup(wide));
    CALL("texts", truth_keep(format("%s", text(16000))));
}

static NOINLINE void streams(void)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream;
    truth_place(0, __FILE__, __LINE__ + 1, "streams");
    stream = open_memstream(&out, &size), fputs(text(17000), stream), fclose(stream), truth_keep(out);
    stream = fmemopen(letters, 17000, "r");
    setvbuf(stream, NULL, _IONBF, 0);
    out = NULL, size = 0;
    truth_place(0, __FILE__, __LINE__ + 1, "streams");
    truth_keep(getline(&out, &size, stream) > 0 ? out : NULL);
    fclose(stream);
    PLACE(0, "streams", fopen("/dev/null", "r"));
    PLACE(0, "streams", opendir("/"));
}

static NOINLINE void paths(void)
{
    regex_t regex;
    PLACE(0, "paths", realpath("/usr/bin/..", NULL));
    PLACE(0, "paths", getcwd(NULL, 0));
    PLACE(0, "paths", tempnam("/tmp", "truth"));
    PLACE(0, "paths", regcomp(&regex, "a(b|c)*d", REG_EXTENDED) == 0 ? NULL : NULL);
}

static INLINE void inner(size_t size)
{
    PLACE(20, "inner", malloc(size));
}

static INLINE void middle(size_t size)
{
    CALL("middle", inner(size));
}

static INLINE void upper(size_t size)
{
    for (int i = 0; i <= zero; i++) {
        size_t again = size + (size_t)i;
        CALL("upper", middle(again));
    }
}

static NOINLINE void inlined(void)
{
    CALL("inlined", upper(20 * thousand));
}

static NOINLINE void recursive(int depth)
{
    if (depth > 0)
        CALL("recursive", recursive(depth - 1));
    else
        PLACE(21, "recursive", malloc(21 * thousand));
}

static NOINLINE void with_alloca(size_t size)
{
    char *space = alloca(size);
    space[size - 1] = 'a';
    PLACE(22, "with_alloca", malloc(22 * thousand + (size_t)(space[size - 1] - 'a')));
}

static NOINLINE void with_array(size_t size)
{
    volatile char space[size];
    space[size - 1] = 'a';
    PLACE(23, "with_array", malloc(23 * thousand + (size_t)(space[size - 1] - 'a')));
}

static NOINLINE void without_lines(void)
{
    PLACE(24, "without_lines", bare_malloc(24 * thousand));
    PLACE(25, "without_lines", bare_malloc_deep(25 * thousand));
}

/* The call is the function's last instruction: the return address is in the next function. */
static NOINLINE void no_return(void)
{
    truth_place(26, __FILE__, __LINE__ + 1, "no_return");
    bare_end(26 * thousand);
}

static NOINLINE void behind_no_return(void)
{
    PLACE(27, "behind_no_return", malloc(27 * thousand));
}

static NOINLINE void no_return_either(void)
{
    if (zero == 0) {
        truth_place(28, __FILE__, __LINE__ + 1, "no_return_either");
        bare_end(28 * thousand);
    }
    PLACE(29, "no_return_either", malloc(1));
}

static NOINLINE void *jump_target(void)
{
    truth_place(30, __FILE__, __LINE__ + 1, "jump_target");
    void *block = malloc(30 * thousand);
    BARRIER();
    return block;
}

static NOINLINE void *jumps(void)
{
    truth_push(__FILE__, __LINE__ + 1, "?jumps");
    return jump_target();
}

static NOINLINE void *jumps_to_malloc(size_t size)
{
    truth_place(31, __FILE__, __LINE__ + 1, "?jumps_to_malloc");
    return malloc(size);
}

static NOINLINE void last_calls(void)
{
    truth_push(__FILE__, __LINE__ + 1, "last_calls");
    truth_keep(jumps());
    truth_pop();
    truth_pop();
    CALL("last_calls", truth_keep(jumps_to_malloc(31 * thousand)));
}

static void *(*volatile pointer)(size_t) = malloc;

static NOINLINE void by_pointer(void)
{
    PLACE(32, "by_pointer", pointer(32 * thousand));
}

static NOINLINE void in_branches(int which)
{
    switch (which) {
    case 0:
        PLACE(33, "in_branches", malloc(33 * thousand));
        break;
    case 1:
        PLACE(34, "in_branches", malloc(34 * thousand));
        break;
    default:
        PLACE(35, "in_branches", malloc(35 * thousand));
    }
}

static NOINLINE void over_lines(void)
{
    truth_place(36, __FILE__, __LINE__ + 1, "over_lines");
    truth_keep(malloc(
        36 *
        thousand));
    BARRIER();
}

__attribute__((constructor)) static void before_main(void)
{
    PLACE(37, "before_main", malloc(37000));
}

__attribute__((noinline, section("other_text"))) static void elsewhere(void)
{
    PLACE(38, "elsewhere", malloc(38 * thousand));
}

static int compare(const void *left, const void *right)
{
    static int called;
    if (called++ == 0)
        PLACE(39, "compare", malloc(39 * thousand));
    return *(const int *)left - *(const int *)right;
}

static NOINLINE void through_libc(void)
{
    int numbers[] = {3, 1, 2};
    CALL("through_libc", qsort(numbers, 3, sizeof *numbers, compare));
}

int main(void)
{
    CALL("main", direct());
    CALL("main", texts());
    CALL("main", streams());
    CALL("main", paths());
    CALL("main", inlined());
    CALL("main", recursive(3));
    CALL("main", with_alloca(thousand));
    CALL("main", with_array(thousand));
    CALL("main", without_lines());
    CALL("main", bare_begin(no_return));
    CALL("main", behind_no_return());
    CALL("main", bare_begin(no_return_either));
    CALL("main", last_calls());
    CALL("main", by_pointer());
    CALL("main", in_branches(zero));
    CALL("main", in_branches(zero + 1));
    CALL("main", in_branches(zero + 2));
    CALL("main", over_lines());
    CALL("main", elsewhere());
    CALL("main", through_libc());
    CALL("main", in_header());
    CALL("main", inlined_from_header());
    CALL("main", generated());
    PLACE(40, "main", malloc(40 * thousand));
    return 0;
}
