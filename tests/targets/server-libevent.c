/* libevent's HTTP server with an annotated handler, on a port that the kernel chooses. Ends on SIGTERM. */

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "syseng_mem.h"

#define PAGE_BYTES 100000

SYSENG_MEM_PROFILE
static void handle_page(struct evhttp_request *request, void *data)
{
    struct evbuffer *answer = evbuffer_new();
    char *page = malloc(PAGE_BYTES);
    memset(page, 'x', PAGE_BYTES);
    evbuffer_add(answer, page, PAGE_BYTES);
    free(page);
    evhttp_send_reply(request, HTTP_OK, "OK", answer);
    evbuffer_free(answer);
    (void)data;
}

static void on_term(evutil_socket_t number, short what, void *base)
{
    (void)number, (void)what;
    event_base_loopbreak(base);
}

int main(void)
{
    struct event_base *base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    struct event *term = evsignal_new(base, SIGTERM, on_term, base);
    event_add(term, NULL);
    evhttp_set_gencb(http, handle_page, NULL);
    if (evhttp_bind_socket(http, "127.0.0.1", 0) != 0)
        return 70;
    event_base_dispatch(base);
    evhttp_free(http);
    event_free(term);
    event_base_free(base);
    return 0;
}
