/* Run a command that cannot have the kernel's performance events, or only small rings for them: a seccomp filter
   answers.

     deny-perf open ERRNO COMMAND [ARG ...]     perf_event_open fails with this number
     deny-perf rings PAGES COMMAND [ARG ...]    a ring may have so many data pages at most, which are a power of two */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define RULES_MOST 64

static struct sock_filter rules[RULES_MOST];
static unsigned short rule_count;

static void add(uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
    rules[rule_count++] = (struct sock_filter){.code = code, .jt = jt, .jf = jf, .k = k};
}

static void load(size_t offset)
{
    add(BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* Go on with the next rule when the loaded word is `value`, else behind the one after it. */
static void deny_if(uint32_t value, int code)
{
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | (uint32_t)code);
}

static void allow_unless(uint32_t value)
{
    add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

/* A ring is a shared mapping of one page and a power of two: nothing else here looks like that. */
static void deny_rings(uint32_t most)
{
    load(offsetof(struct seccomp_data, nr));
    allow_unless(SYS_mmap);
    load(offsetof(struct seccomp_data, args[3]));
    allow_unless(MAP_SHARED);
    load(offsetof(struct seccomp_data, args[1]));
    for (uint32_t pages = most > 0 ? most * 2 : 1; pages <= 4096; pages *= 2)
        deny_if((1 + pages) * PAGE_BYTES, EPERM);
}

int main(int count, char **words)
{
    if (count < 4)
        return 2;
    if (strcmp(words[1], "open") == 0) {
        load(offsetof(struct seccomp_data, nr));
        deny_if(SYS_perf_event_open, atoi(words[2]));
    } else {
        deny_rings((uint32_t)atoi(words[2]));
    }
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {.len = rule_count, .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("seccomp");
        return 99;
    }
    execvp(words[3], words + 3);
    perror(words[3]);
    return 127;
}
