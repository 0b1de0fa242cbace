/* Forbids itself nearly every system call and goes on: one that is not allowed kills it. "late" does so in the middle of an
   annotated function, "syscall" by syscall(2) instead of prctl(2); "crash" then dies of a fault in one. */

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syseng_mem.h"

static void *kept;

#define ALLOW(name)                                                                                                    \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void forbid(const char *how)
{
    static struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read), ALLOW(write), ALLOW(exit_group), ALLOW(rt_sigreturn), ALLOW(brk), ALLOW(mmap),
        ALLOW(munmap),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    static const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (strcmp(how, "syscall") == 0)
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    else
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

SYSENG_MEM_PROFILE
static void work(const char *how, size_t bytes)
{
    kept = malloc(bytes);
    if (how != NULL)
        forbid(how);
    memset(kept, 1, bytes);
    kept = malloc(bytes / 2);
}

SYSENG_MEM_PROFILE
static void crash(volatile int *at)
{
    kept = malloc(5000);
    *at = 1;
}

/* Allocates below ever deeper stacks: whoever walks them needs more room than before the filter. */
static void deepen(int depth)
{
    void *block = malloc(10);
    if (depth > 0)
        deepen(depth - 1);
    free(block);
}

static void say(const char *text)
{
    if (write(1, text, strlen(text)) < 0)
        _exit(1);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "prctl";
    kept = malloc(100);
    work(strcmp(how, "late") == 0 ? how : NULL, 2000);
    if (strcmp(how, "late") != 0)
        forbid(how);
    for (int i = 0; i < 3000; i++)
        work(NULL, 20);
    work(NULL, 8 << 20);
    deepen(2000);
    say("well\n");
    if (strcmp(how, "crash") == 0)
        crash(NULL);
    _exit(3);
}
