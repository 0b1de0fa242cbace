/* A server whose threads each wait in another system call. None of the calls may end before its time, whatever stops
   the process meanwhile. At SIGTERM every thread is given what it waits for; the server then says "all calls went on",
   or which did not, and ends with status 0 or 1. */

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

struct waiter {
    const char *name;
    int (*wait)(struct waiter *waiter); /* -1: it failed */
    void (*wake)(struct waiter *waiter);
    int fds[2]; /* what is written to the second wakes the first */
    int id;
    sem_t sem;
    pthread_t thread;
    int failure; /* errno */
};

static atomic_bool leaving;
static volatile sig_atomic_t told_to_end;
static int listener;

static int wait_epoll(struct waiter *waiter)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = epoll_create1(0);
    epoll_ctl(fd, EPOLL_CTL_ADD, waiter->fds[0], &event);
    return epoll_wait(fd, &event, 1, -1);
}

static int wait_epoll_with_time(struct waiter *waiter)
{
    sigset_t all; /* SIGTERM is for the first thread */
    struct epoll_event event = {.events = EPOLLIN};
    int fd = epoll_create1(0);
    sigfillset(&all);
    epoll_ctl(fd, EPOLL_CTL_ADD, waiter->fds[0], &event);
    return epoll_pwait(fd, &event, 1, 1000000, &all);
}

static int wait_poll(struct waiter *waiter)
{
    struct pollfd poll_fd = {.fd = waiter->fds[0], .events = POLLIN};
    return poll(&poll_fd, 1, 1000000);
}

static int wait_select(struct waiter *waiter)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(waiter->fds[0], &set);
    return select(waiter->fds[0] + 1, &set, NULL, NULL, NULL);
}

static int wait_read(struct waiter *waiter)
{
    char byte;
    return (int)read(waiter->fds[0], &byte, 1);
}

static int wait_recv_with_time(struct waiter *waiter)
{
    struct timeval limit = {.tv_sec = 1000};
    char byte;
    setsockopt(waiter->fds[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return (int)recv(waiter->fds[0], &byte, 1, 0);
}

static void wake_fd(struct waiter *waiter)
{
    if (write(waiter->fds[1], "x", 1) != 1)
        abort();
}

static int wait_semop(struct waiter *waiter)
{
    struct sembuf take = {.sem_op = -1};
    return semop(waiter->id, &take, 1);
}

static void wake_semop(struct waiter *waiter)
{
    struct sembuf give = {.sem_op = 1};
    semop(waiter->id, &give, 1);
}

struct message {
    long type;
    char text[8];
};

static int wait_message(struct waiter *waiter)
{
    struct message message;
    return (int)msgrcv(waiter->id, &message, sizeof message.text, 0, 0);
}

static void wake_message(struct waiter *waiter)
{
    const struct message message = {.type = 1};
    msgsnd(waiter->id, &message, sizeof message.text, 0);
}

static int wait_sem(struct waiter *waiter)
{
    return sem_wait(&waiter->sem);
}

static int wait_sem_with_time(struct waiter *waiter)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1000;
    return sem_timedwait(&waiter->sem, &until);
}

static void wake_sem(struct waiter *waiter)
{
    sem_post(&waiter->sem);
}

static int wait_signal(struct waiter *waiter)
{
    sigset_t set;
    (void)waiter;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return sigtimedwait(&set, NULL, &(struct timespec){.tv_sec = 1000});
}

static void wake_signal(struct waiter *waiter)
{
    pthread_kill(waiter->thread, SIGUSR1);
}

static int wait_sleep(struct waiter *waiter)
{
    (void)waiter;
    while (!leaving)
        if (nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL) != 0)
            return -1;
    return 0;
}

static void wake_nobody(struct waiter *waiter)
{
    (void)waiter;
}

/* Never in a system call, but for the time. */
static int wait_busily(struct waiter *waiter)
{
    void *volatile held = malloc(77); /* only this thread's registers and stack have it */
    (void)waiter;
    while (!leaving)
        if (held == NULL)
            return -1;
    free(held);
    return 0;
}

static struct waiter waiters[] = {
    {.name = "epoll_wait", .wait = wait_epoll, .wake = wake_fd},
    {.name = "epoll_pwait", .wait = wait_epoll_with_time, .wake = wake_fd},
    {.name = "poll", .wait = wait_poll, .wake = wake_fd},
    {.name = "select", .wait = wait_select, .wake = wake_fd},
    {.name = "read", .wait = wait_read, .wake = wake_fd},
    {.name = "recv with a limit", .wait = wait_recv_with_time, .wake = wake_fd},
    {.name = "semop", .wait = wait_semop, .wake = wake_semop},
    {.name = "msgrcv", .wait = wait_message, .wake = wake_message},
    {.name = "sem_wait", .wait = wait_sem, .wake = wake_sem},
    {.name = "sem_timedwait", .wait = wait_sem_with_time, .wake = wake_sem},
    {.name = "sigtimedwait", .wait = wait_signal, .wake = wake_signal},
    {.name = "nanosleep", .wait = wait_sleep, .wake = wake_nobody},
    {.name = "nothing", .wait = wait_busily, .wake = wake_nobody},
};
#define WAITER_COUNT (sizeof waiters / sizeof *waiters)

static void *run(void *data)
{
    struct waiter *waiter = data;
    errno = 0;
    if (waiter->wait(waiter) < 0 || !leaving)
        waiter->failure = errno != 0 ? errno : -1;
    return NULL;
}

static void end(int number)
{
    (void)number;
    told_to_end = 1;
    shutdown(listener, SHUT_RDWR); /* ends accept also when it has not begun yet */
}

static int finish(void)
{
    int status = 0;
    leaving = true;
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        struct waiter *waiter = &waiters[i];
        waiter->wake(waiter);
        pthread_join(waiter->thread, NULL);
        if (waiter->failure == 0)
            continue;
        fprintf(stderr, "%s: %s\n", waiter->name, waiter->failure > 0 ? strerror(waiter->failure) : "too early");
        status = 1;
    }
    return status;
}

int main(void)
{
    struct sigaction action = {.sa_handler = end};
    sigset_t blocked;
    int semaphores = semget(IPC_PRIVATE, 1, 0600), messages = msgget(IPC_PRIVATE, 0600);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL); /* in all threads but this one */
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        struct waiter *waiter = &waiters[i];
        waiter->id = waiter->wait == wait_semop ? semaphores : messages;
        sem_init(&waiter->sem, 0, 0);
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, waiter->fds) != 0 ||
            pthread_create(&waiter->thread, NULL, run, waiter) != 0)
            return 2;
    }
    sigdelset(&blocked, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
    listener = server_listen();
    sigaction(SIGTERM, &action, NULL);
    while (!told_to_end) {
        int connection = accept(listener, NULL, NULL);
        char request[4096];
        static const char answer[] = "HTTP/1.1 200 Fine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        if (connection < 0)
            continue;
        if (read(connection, request, sizeof request) > 0 && write(connection, answer, sizeof answer - 1) < 0)
            perror("write");
        close(connection);
    }
    int status = finish();
    semctl(semaphores, 0, IPC_RMID);
    msgctl(messages, IPC_RMID, NULL);
    if (status == 0)
        fprintf(stderr, "all calls went on\n");
    return status;
}
