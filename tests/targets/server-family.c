/* Servers that are more than one process or thread:
     prefork   two children accept on the parent's socket
     threads   three threads do
     daemon    detaches itself as daemon(7) says, while its first process ends with status 0
     late      forks first; the child listens, the parent never does
     wrapper   starts a server in a child and waits for it, as a shell script does; has no socket itself
     deaf      ignores SIGTERM, and so do its two children
     unasked   ends with status 3 on SIGTERM
     group     on SIGTERM, sends SIGTERM to its whole process group, as apache2 does */

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "server.h"

static void serve(int listener)
{
    for (;;)
        server_answer(listener, "family");
}

static void *serve_in_thread(void *listener)
{
    serve(*(int *)listener);
    return NULL;
}

static void on_term_exit(int number)
{
    (void)number;
    _exit(3);
}

static void on_term_tell_all(int number)
{
    signal(number, SIG_IGN);
    kill(0, number);
    _exit(4);
}

static void detach(void)
{
    if (fork() != 0)
        _exit(0);
    setsid();
    if (fork() != 0)
        _exit(0);
    server_need(chdir("/") == 0, "chdir");
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "";
    if (strcmp(kind, "late") == 0 || strcmp(kind, "wrapper") == 0) {
        if (fork() != 0) {
            while (wait(NULL) > 0)
                ;
            return 0;
        }
        serve(server_listen());
    }
    if (strcmp(kind, "daemon") == 0)
        detach();
    if (strcmp(kind, "deaf") == 0)
        signal(SIGTERM, SIG_IGN);
    if (strcmp(kind, "unasked") == 0)
        signal(SIGTERM, on_term_exit);
    if (strcmp(kind, "group") == 0)
        signal(SIGTERM, on_term_tell_all);
    int listener = server_listen();
    if (strcmp(kind, "prefork") == 0 || strcmp(kind, "deaf") == 0 || strcmp(kind, "group") == 0) {
        for (int i = 0; i < 2; i++)
            if (fork() == 0)
                serve(listener);
        for (;;)
            pause();
    }
    if (strcmp(kind, "threads") == 0)
        for (int i = 0; i < 3; i++) {
            pthread_t thread;
            server_need(pthread_create(&thread, NULL, serve_in_thread, &listener) == 0, "pthread_create");
        }
    serve(listener);
}
