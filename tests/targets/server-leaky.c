/* A server whose paths do to memory what `check` must tell apart. A request is answered in one thread; the port is the
   kernel's. With SIGTERM it frees everything that it still has a pointer to. */

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING 4

static char *cache, *last, *ring[RING], *list, *doubled;
static unsigned ring_at, count, doubled_bytes;

/* Each keeps a list, so that all is freed in the end: growing all the same. */
static void grow(void)
{
    char *block = malloc(24); /* GROWS */
    memcpy(block, &list, sizeof list);
    list = block;
}

static void fill_cache(void)
{
    if (cache == NULL)
        cache = malloc(5000);
}

static void replace_last(void)
{
    free(last);
    last = malloc(300);
}

static void turn_ring(void)
{
    free(ring[ring_at % RING]);
    ring[ring_at++ % RING] = malloc(200);
}

static void leak_sometimes(void)
{
    if (count++ % 2 == 0)
        list = malloc(40) ? list : NULL; /* SOMETIMES */
}

/* Amortized: doubles now and then, and gives the old one back. */
static void append(void)
{
    if (doubled_bytes < 64 * (count++ + 1)) {
        doubled_bytes = doubled_bytes ? 2 * doubled_bytes : 64;
        doubled = realloc(doubled, doubled_bytes);
    }
}

/* What a child leaves goes with it. */
static void leave_to_child(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(malloc(100) == NULL);
    waitpid(child, NULL, 0);
}

static void two_leaks(void)
{
    static char *volatile sink;
    sink = malloc(count % 2 ? 10 : 30); /* VARIES */
    count++;
}

/* A table that is made once, and whose only pointer is then overwritten. */
static void lose_once(void)
{
    static char *volatile table;
    if (++count == 3) {
        table = malloc(70); /* ONCE */
        table = NULL;
    }
}

static const struct {
    const char *path;
    void (*act)(void);
} pages[] = {{"/grow", grow},           {"/cache", fill_cache}, {"/last", replace_last}, {"/ring", turn_ring},
             {"/half", leak_sometimes}, {"/append", append},    {"/child", leave_to_child}, {"/varies", two_leaks},
             {"/once", lose_once}};

static void serve(int connection)
{
    char request[4096] = "", target[256] = "";
    size_t length = 0;
    while (length < sizeof request - 1 && strstr(request, "\r\n\r\n") == NULL) {
        ssize_t got = read(connection, request + length, sizeof request - 1 - length);
        if (got <= 0)
            return;
        length += (size_t)got;
        request[length] = '\0';
    }
    sscanf(request, "%*s %255s", target);
    int status = 404;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (strcmp(target, pages[i].path) == 0) {
            pages[i].act();
            status = 200;
        }
    }
    if (strcmp(target, "/crash") == 0)
        raise(SIGSEGV);
    length = (size_t)snprintf(request, sizeof request, "HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n", status);
    if (write(connection, request, length) < 0)
        perror("write");
}

static void end(int signal)
{
    while (list != NULL) {
        char *block = list;
        memcpy(&list, block, sizeof list);
        free(block);
    }
    free(cache);
    free(last);
    _exit(0);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGTERM, end);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
        perror("server");
        return 1;
    }
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        serve(connection);
        close(connection);
    }
}
