/* Libraries that come and go, and programs that start others in every way, all with annotated lines. The first argument
   names the case; the paths of two libraries and how often to load them follow. */

#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syseng_mem.h"

extern char **environ;
static void *kept;

SYSENG_MEM_PROFILE
static void own_work(size_t bytes)
{
    kept = malloc(bytes);
    memset(kept, 1, bytes);
}

static void *load(const char *path, int rounds)
{
    void *library = dlopen(path, RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    void *(*work)(void) = (void *(*)(void))dlsym(library, "module_work");
    for (int i = 0; i < rounds; i++)
        work();
    return library;
}

/* Loaded, unloaded, loaded again elsewhere, another one in its old place. */
static void come_and_go(char **paths)
{
    void *first = load(paths[0], 2);
    uintptr_t place = (uintptr_t)dlsym(first, "module_work") & ~(uintptr_t)4095;
    dlclose(first);
    void *other = load(paths[1], 3);
    printf("another library in its place: %d\n", place == ((uintptr_t)dlsym(other, "module_work") & ~(uintptr_t)4095));
    first = load(paths[0], 4);
    printf("at another address: %d\n", place != ((uintptr_t)dlsym(first, "module_work") & ~(uintptr_t)4095));
    dlclose(other);
    dlclose(first);
    for (int i = 0; i < atoi(paths[2]); i++)
        dlclose(load(paths[i % 2], 1));
    own_work(1000);
}

static void start(char **paths, int how)
{
    char *arguments[] = {"lines-modules", "work", NULL};
    (void)paths;
    pid_t child;
    if (how == 0)
        posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ);
    else if ((child = how == 1 ? fork() : vfork()) == 0) {
        execv("/proc/self/exe", arguments);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    printf("status %x\n", status);
}

/* A child that closes whatever is open, and goes on. */
static void closes_all(void)
{
    fflush(stdout);
    if (fork() == 0) {
        syscall(SYS_close_range, 0, ~0u, 0);
        open("/dev/null", O_RDWR);
        own_work(3 << 20);
        _exit(0);
    }
    wait(NULL);
    own_work(1000); /* makes the descriptor known */
    for (int fd = 3; fd < 4096; fd++)
        close(fd);
    for (int i = 0; i < 2000; i++) /* our old number is the program's now */
        if (open("/dev/null", O_RDWR) < 0)
            break;
    own_work(5 << 20);
}

static void becomes_daemon(void)
{
    int ends[2];
    char byte;
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        if (daemon(1, 1) != 0)
            _exit(1);
        own_work(3 << 20);
        exit(0); /* closes the pipe */
    }
    close(ends[1]);
    waitpid(child, NULL, 0);
    while (read(ends[0], &byte, 1) > 0)
        continue;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "work";
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(name, "come-and-go") == 0)
        come_and_go(argv + 2);
    else if (strcmp(name, "spawn") == 0)
        start(argv, 0);
    else if (strcmp(name, "fork") == 0)
        start(argv, 1);
    else if (strcmp(name, "vfork") == 0)
        start(argv, 2);
    else if (strcmp(name, "closes") == 0)
        closes_all();
    else if (strcmp(name, "daemon") == 0)
        becomes_daemon();
    else
        own_work(3 << 20);
    return 0;
}
