/* Becomes itself again in one of the ways there are, its first argument, and then prints its arguments and environment,
   without LD_PRELOAD and syseng-mem's own word. With `clear` as second argument, the environment of the new program is one word. */

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syseng_mem.h"

#define ONE "first", "second argument", ""

extern char **environ;
static char *arguments[] = {"ways", ONE, NULL};
static char *one_word[] = {"ONLY=1", NULL};

SYSENG_MEM_PROFILE
static void print_all(char **argv)
{
    char *volatile block = malloc(1000);
    for (; *argv != NULL; argv++)
        printf("<%s> ", *argv);
    for (char **word = environ; *word != NULL; word++)
        if (strncmp(*word, "SYSENG_MEM_CHANNEL=", 19) != 0 && strncmp(*word, "LD_PRELOAD=", 11) != 0)
            printf("[%s] ", *word);
    printf("\n");
    free(block);
}

static int spawn_way(const char *way, const char *path, char **words)
{
    pid_t pid;
    int status;
    if (strcmp(way, "posix_spawn") == 0)
        status = posix_spawn(&pid, path, NULL, NULL, arguments, words);
    else if (strcmp(way, "posix_spawnp") == 0)
        status = posix_spawnp(&pid, path, NULL, NULL, arguments, words);
    else
        return 64;
    return status != 0 || waitpid(pid, &status, 0) != pid ? 70 : WEXITSTATUS(status);
}

static int become(const char *way, const char *path, int clear)
{
    char **words = clear ? one_word : environ;
    if (strcmp(way, "vfork") == 0) {
        int status;
        pid_t pid = vfork();
        if (pid == 0) {
            execve(path, arguments, words);
            _exit(71);
        }
        return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 70;
    }
    if (clear)
        environ = words; /* for those that take this one */
    if (strcmp(way, "execve") == 0)
        execve(path, arguments, words);
    else if (strcmp(way, "execv") == 0)
        execv(path, arguments);
    else if (strcmp(way, "execvp") == 0)
        execvp(path, arguments);
    else if (strcmp(way, "execvpe") == 0)
        execvpe(path, arguments, words);
    else if (strcmp(way, "execl") == 0)
        execl(path, "ways", ONE, (char *)NULL);
    else if (strcmp(way, "execlp") == 0)
        execlp(path, "ways", ONE, (char *)NULL);
    else if (strcmp(way, "execle") == 0)
        execle(path, "ways", ONE, (char *)NULL, words);
    else if (strcmp(way, "fexecve") == 0)
        fexecve(open(path, O_RDONLY | O_CLOEXEC), arguments, words);
    else
        return spawn_way(way, path, words);
    perror(way);
    return 70;
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], "ways") != 0 && argc > 2)
        return become(argv[1], argv[2], argc > 3);
    print_all(argv);
    return 3;
}
