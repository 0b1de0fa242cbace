/* Serves from a thread until its standard input says something or ends, as libmicrohttpd's examples do. */

#include <pthread.h>

#include "server.h"

static void *serve(void *listener)
{
    for (;;)
        server_answer(*(int *)listener, "stdin");
    return NULL;
}

int main(void)
{
    int listener = server_listen();
    pthread_t thread;
    server_need(pthread_create(&thread, NULL, serve, &listener) == 0, "pthread_create");
    (void)getc(stdin);
    return 5;
}
