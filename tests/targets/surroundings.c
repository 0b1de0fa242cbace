/* Prints what a program can see of how it was started: descriptors, signal mask, ignored signals, arguments, and the
   environment's LD_PRELOAD (the last one, which the loader takes) and channel. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    sigset_t mask;
    printf("descriptors");
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    printf("\nblocked");
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&mask, number) == 1)
            printf(" %d", number);
    printf("\nignored");
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            printf(" %d", number);
    }
    printf("\narguments");
    for (int i = 1; i < argc; i++)
        printf(" <%s>", argv[i]);
    const char *preload = NULL, *channel = getenv("SYSENG_MEM_CHANNEL");
    for (char **word = environ; *word != NULL; word++)
        if (strncmp(*word, "LD_PRELOAD=", 11) == 0)
            preload = *word + 11;
    printf("\npreload %s\nchannel %s\n", preload != NULL ? preload : "-", channel != NULL ? channel : "-");
    return 0;
}
