/* Our two words in the environment: hidden from the program, kept for those that it starts.

   Whoever starts a program with our library puts `LD_PRELOAD=ours:theirs` and the channel behind all other words. The
   loader takes the last LD_PRELOAD; one that the user has set stays in front, as it was. To take ours away is then to
   end the list of pointers, and the kernel's idea of where the strings end, two words sooner: nothing moves, so that
   the strings still lie one behind the other as programs that overwrite their arguments expect. The two places that are
   left over between the list and the auxiliary vector become an entry of that which says that it is to be ignored, for
   those that look for the vector behind the list. */

#include "preload/environment.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/prctl.h>

#include "preload/status.h"
#include "preload/syscalls.h"
#include "preload/words.h"

#define PRELOAD "LD_PRELOAD="
#define CHANNEL WIRE_ENV_CHANNEL "="
#define PATH_BYTES 1024
#define WORDS_MOST 100000 /* an environment larger than that is left alone */
#define OUR_WORDS 2
#define STAT_BYTES 1024

/* "NAME=value", and the path of the library, as they were at start-up; empty when there is nothing to pass on. */
static char library[PATH_BYTES], channel[PATH_BYTES];

static bool is_separator(char c)
{
    return c == ':' || c == ' ';
}

/* The next entry of a list of libraries, its length in *length; NULL at the end. */
static const char *next_library(const char *list, size_t *length)
{
    while (is_separator(*list))
        list++;
    *length = 0;
    while (list[*length] != '\0' && !is_separator(list[*length]))
        ++*length;
    return *length > 0 ? list : NULL;
}

static bool is_ours(const char *entry, size_t length)
{
    return length == words_length(library) && words_begin(entry, library);
}

static size_t count_words(char *const *words)
{
    size_t count = 0;
    while (words != NULL && words[count] != NULL && count <= WORDS_MOST)
        count++;
    return count;
}

static void keep(const char *preload, const char *path)
{
    size_t length, used = 0, library_used = 0;
    const char *first = next_library(preload + words_length(PRELOAD), &length); /* we are in front of all others */
    if (first == NULL || !words_append(channel, &used, sizeof channel, path, words_length(path)) ||
        !words_append(library, &library_used, sizeof library, first, length))
        library[0] = '\0';
}

/* Numbers of /proc/self/stat, counted from 1 as in proc_pid_stat(5). */
enum {
    STAT_CODE_START = 26,
    STAT_CODE_END = 27,
    STAT_STACK = 28,
    STAT_DATA_START = 45,
    STAT_DATA_END = 46,
    STAT_BREAK_START = 47,
    STAT_ARGUMENTS_START = 48,
    STAT_ARGUMENTS_END = 49,
    STAT_ENVIRONMENT_START = 50,
    STAT_ENVIRONMENT_END = 51,
    STAT_COUNT
};

/* Fill in numbers[n] from the third on. Returns false when there are fewer. */
static bool read_stat(uint64_t numbers[STAT_COUNT])
{
    char text[STAT_BYTES];
    long fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/stat", O_RDONLY | O_CLOEXEC, 0);
    long length = fd >= 0 ? raw_syscall3(SYS_read, fd, (long)text, sizeof text) : 0;
    if (fd >= 0)
        raw_syscall3(SYS_close, fd, 0, 0);
    long at = length;
    while (at > 0 && text[at - 1] != ')') /* the end of the name, which may hold anything */
        at--;
    int number = 2;
    for (; at > 0 && at < length && number < STAT_COUNT - 1; at++) {
        if (text[at] == ' ')
            numbers[++number] = 0;
        else if (text[at] >= '0' && text[at] <= '9')
            numbers[number] = numbers[number] * 10 + (uint64_t)(text[at] - '0');
    }
    while (at < length && text[at] >= '0' && text[at] <= '9')
        numbers[number] = numbers[number] * 10 + (uint64_t)(text[at++] - '0');
    return number == STAT_COUNT - 1;
}

/* Tell the kernel that the environment which it shows in /proc/self/environ ends at `end`, which needs no right of
   those that built with CONFIG_CHECKPOINT_RESTORE. Under a filter that we came into, the attempt might be the end. */
static void end_environment_at(const char *end, const char *old_end)
{
    uint64_t numbers[STAT_COUNT] = {0};
    if (status_number("Seccomp:\t", 0) != 0 || !read_stat(numbers) ||
        numbers[STAT_ENVIRONMENT_END] != (uint64_t)(uintptr_t)old_end)
        return;
    struct prctl_mm_map map = {
        .start_code = numbers[STAT_CODE_START],
        .end_code = numbers[STAT_CODE_END],
        .start_data = numbers[STAT_DATA_START],
        .end_data = numbers[STAT_DATA_END],
        .start_brk = numbers[STAT_BREAK_START],
        .brk = (uint64_t)raw_syscall3(SYS_brk, 0, 0, 0),
        .start_stack = numbers[STAT_STACK],
        .arg_start = numbers[STAT_ARGUMENTS_START],
        .arg_end = numbers[STAT_ARGUMENTS_END],
        .env_start = numbers[STAT_ENVIRONMENT_START],
        .env_end = (uint64_t)(uintptr_t)end,
        .exe_fd = UINT32_MAX,
    };
    raw_syscall6(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, (long)&map, sizeof map, 0, 0);
}

/* `words` are our two, with NULL behind them. */
static void hide(char **words)
{
    char *start = words[0], *second = words[1], *end = second + words_length(second) + 1;
    bool is_last = start + words_length(start) + 1 == second;
    for (char *byte = start; *byte != '\0'; byte++)
        *byte = '\0';
    for (char *byte = second; *byte != '\0'; byte++)
        *byte = '\0';
    words[0] = NULL;
    words[1] = (char *)(uintptr_t)AT_IGNORE; /* its value is the NULL behind */
    if (is_last)
        end_environment_at(start, end);
}

/* The last word that begins so: the one that the loader takes. */
static const char *last_word(char *const *words, const char *beginning)
{
    const char *found = NULL;
    for (; *words != NULL; words++)
        if (words_begin(*words, beginning))
            found = *words;
    return found;
}

void environment_take(void)
{
    char **words = guest_start_words();
    const char *preload = last_word(words, PRELOAD), *path = last_word(words, CHANNEL);
    size_t count = count_words(words);
    if (preload == NULL || path == NULL || count > WORDS_MOST)
        return;
    if (guest.session != NULL)
        keep(preload, path);
    char **last = words + count - OUR_WORDS;
    if ((last[0] == preload && last[1] == path) || (last[0] == path && last[1] == preload))
        hide(last);
}

const char *environment_library(void)
{
    return library;
}

bool environment_is_channel(const char *word)
{
    return words_begin(word, CHANNEL);
}

/* Whether the list names us. */
static bool names_us(const char *list)
{
    size_t length;
    for (const char *entry = list; (entry = next_library(entry, &length)) != NULL; entry += length)
        if (is_ours(entry, length))
            return true;
    return false;
}

/* LD_PRELOAD with us in front of what `list` has, or without us. Returns false when it does not fit or nothing is left.
 */
static bool make_preload(char *out, const char *list, bool suitable)
{
    size_t used = 0, length, room = ENVIRONMENT_PRELOAD_BYTES;
    bool any = suitable;
    if (!words_append(out, &used, room, PRELOAD, words_length(PRELOAD)) ||
        (suitable && !words_append(out, &used, room, library, words_length(library))))
        return false;
    for (const char *entry = list; (entry = next_library(entry, &length)) != NULL; entry += length) {
        if (is_ours(entry, length))
            continue;
        if ((any && !words_append(out, &used, room, ":", 1)) || !words_append(out, &used, room, entry, length))
            return false;
        any = true;
    }
    return any;
}

char *const *environment_fill(char **out, char *preload, char *const *words, bool suitable)
{
    char **next = out;
    const char *list = "";
    bool has_us = false;
    for (; words != NULL && *words != NULL; words++) {
        bool is_preload = words_begin(*words, PRELOAD),
             is_of_us = is_preload && names_us(*words + words_length(PRELOAD));
        if (is_preload)
            list = *words + words_length(PRELOAD);
        has_us = has_us || is_of_us;
        if (!is_of_us && !words_begin(*words, CHANNEL))
            *next++ = *words;
    }
    if ((suitable || has_us) && make_preload(preload, list, suitable))
        *next++ = preload;
    else
        suitable = false;
    if (suitable)
        *next++ = channel;
    *next = NULL;
    return out;
}

/* Whether the environment is already what it should be. */
static bool is_right(char *const *words, bool suitable)
{
    bool has_library = false, has_channel = false;
    for (; words != NULL && *words != NULL; words++) {
        if (words_begin(*words, PRELOAD))
            has_library = names_us(*words + words_length(PRELOAD));
        has_channel = has_channel || words_begin(*words, CHANNEL);
    }
    return has_library == suitable && has_channel == suitable;
}

/* Whether the kernel would take them, too. */
static bool are_readable(char *const *words)
{
    if (words != NULL && !raw_is_readable(words))
        return false;
    for (; words != NULL && *words != NULL; words++)
        if (!raw_is_readable(*words))
            return false;
    return true;
}

size_t environment_room(char *const *words, bool suitable)
{
    if (library[0] == '\0' || !are_readable(words))
        return 0;
    size_t count = count_words(words);
    return count > WORDS_MOST || is_right(words, suitable) ? 0 : count + OUR_WORDS + 1;
}
