/* HTTP exchanges over libcurl. What libcurl would take from the environment, keep between requests, or add on its own
   is switched off: the server gets the request that the user asked for and nothing else. */

#include "harness/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "harness/clock.h"

#define AGENT "syseng-mem"
#define HEAD_BYTES 1024 /* of a body, kept to see what it is */
#define QUOTE_BYTES 60
#define TLS_ALERT "\x15\x03" /* content type alert, version 3.x: RFC 8446, section 5.1 */

struct http {
    CURLM *multi;
};

struct http_exchange {
    CURL *easy;
    struct curl_slist *headers;
    char *url, *target;
    char error[CURL_ERROR_SIZE];
    bool is_handshake, is_plain;
    bool is_done, is_foreign;
    CURLcode result;
    uint64_t start_ns, end_ns;
    uint64_t body_bytes;
    char head[HEAD_BYTES];
    size_t head_bytes;
};

static void initialise(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialise);
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return NULL;
    http->multi = curl_multi_init();
    if (http->multi != NULL)
        return http;
    free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    curl_multi_cleanup(http->multi);
    free(http);
}

int http_parse_url(const char *url, int *port, bool *tls, struct err *err)
{
    char *scheme = NULL, *number = NULL;
    CURLU *parts = curl_url();
    bool good = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(parts, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (good) {
        *port = (int)strtol(number, NULL, 10);
        *tls = strcmp(scheme, "https") == 0;
    }
    curl_free(scheme);
    curl_free(number);
    curl_url_cleanup(parts);
    return good ? 0 : err_set(err, -EINVAL, "%s: not an http or https URL", url);
}

static int status_of(const struct http_exchange *exchange)
{
    long status = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

/* Called by libcurl with a piece of the body; HTTP/0.9 is allowed so that an answer that is not HTTP gets here. */
static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
    struct http_exchange *exchange = data;
    size_t length = size * count, room = sizeof exchange->head - exchange->head_bytes;
    size_t kept = length < room ? length : room;
    memcpy(exchange->head + exchange->head_bytes, bytes, kept);
    exchange->head_bytes += kept;
    exchange->body_bytes += length;
    if (status_of(exchange) == 0) {
        exchange->is_foreign = true;
        return 0;
    }
    return length;
}

static void exchange_free(struct http_exchange *exchange)
{
    if (exchange == NULL)
        return;
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->headers);
    free(exchange->url);
    free(exchange->target);
    free(exchange);
}

/* Split the place's URL into what libcurl connects to and the path in front of the target. */
static int set_url(struct http_exchange *exchange, const struct http_place *place, const char *target, struct err *err)
{
    CURLU *parts = curl_url();
    char *path = NULL, *scheme = NULL;
    int code = -ENOMEM;
    if (parts == NULL)
        goto out;
    code = -EINVAL;
    if (curl_url_set(parts, CURLUPART_URL, place->url, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        err_set(err, code, "%s: not an http or https URL", place->url);
        goto out;
    }
    exchange->is_plain = !place->tls && strcmp(scheme, "http") == 0;
    code = -ENOMEM;
    if (curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
        (place->tls && curl_url_set(parts, CURLUPART_SCHEME, "https", 0) != CURLUE_OK) ||
        curl_url_set(parts, CURLUPART_PATH, "/", 0) != CURLUE_OK ||
        curl_url_set(parts, CURLUPART_QUERY, NULL, 0) != CURLUE_OK ||
        curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
        goto out;
    char *whole;
    if (curl_url_get(parts, CURLUPART_URL, &whole, 0) != CURLUE_OK)
        goto out;
    exchange->url = strdup(whole);
    curl_free(whole);
    size_t prefix = strlen(path);
    while (prefix > 0 && path[prefix - 1] == '/' && target[0] == '/')
        prefix--;
    if (target[0] != '/') /* "*" */
        prefix = 0;
    if (asprintf(&exchange->target, "%.*s%s", (int)prefix, path, target) < 0)
        exchange->target = NULL;
    if (exchange->url != NULL && exchange->target != NULL)
        code = 0;
out:
    curl_free(path);
    curl_free(scheme);
    curl_url_cleanup(parts);
    return code;
}

/* What every exchange has. */
static void set_common(struct http_exchange *exchange, const struct http_place *place)
{
    CURL *easy = exchange->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, exchange->url);
    curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, exchange->target);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, AGENT);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    if (place->unix_socket != NULL && place->unix_socket[0] == '@')
        curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, place->unix_socket + 1);
    else if (place->unix_socket != NULL)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, place->unix_socket);
}

/* Take over `target` as it stands in the request line. */
static int exchange_new(const struct http_place *place, const char *target, struct http_exchange **out, struct err *err)
{
    struct http_exchange *exchange = calloc(1, sizeof *exchange);
    int code = -ENOMEM;
    err_set(err, code, "out of memory");
    if (exchange == NULL)
        return code;
    exchange->easy = curl_easy_init();
    if (exchange->easy != NULL)
        code = set_url(exchange, place, target, err);
    if (code == 0) {
        set_common(exchange, place);
        *out = exchange;
    } else {
        exchange_free(exchange);
    }
    return code;
}

static int add_header(struct http_exchange *exchange, const char *header)
{
    struct curl_slist *list = curl_slist_append(exchange->headers, header);
    if (list == NULL)
        return -ENOMEM;
    exchange->headers = list;
    return 0;
}

static bool is_header(const char *header, const char *name)
{
    size_t length = strlen(name);
    return strncasecmp(header, name, length) == 0 && strchr(":; \t", header[length]) != NULL;
}

/* The user's headers, and none that libcurl would invent. */
static int set_headers(struct http_exchange *exchange, const struct harness_request *request, struct err *err)
{
    bool has_type = request->body != NULL, has_expect = false;
    int code = 0;
    for (size_t i = 0; code == 0 && i < request->header_count; i++) {
        const char *header = request->headers[i];
        if (strchr(header, ':') == NULL || strpbrk(header, "\r\n") != NULL)
            return err_set(err, -EINVAL, "%s: not a header; write NAME: VALUE", header);
        has_type = has_type || is_header(header, "Content-Type");
        has_expect = has_expect || is_header(header, "Expect");
        const char *value = strchr(header, ':') + 1;
        char *empty = NULL; /* libcurl writes a header without a value with a semicolon */
        if (value[strspn(value, " \t")] == '\0' && asprintf(&empty, "%.*s;", (int)(value - 1 - header), header) < 0)
            return err_set(err, -ENOMEM, "out of memory");
        code = add_header(exchange, empty != NULL ? empty : header);
        free(empty);
    }
    if (code == 0 && !has_expect)
        code = add_header(exchange, "Expect:");
    if (code == 0 && !has_type)
        code = add_header(exchange, "Content-Type:");
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
    return code != 0 ? err_set(err, code, "out of memory") : 0;
}

static bool expects_body(const char *method)
{
    return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static void set_method(struct http_exchange *exchange, const struct harness_request *request)
{
    CURL *easy = exchange->easy;
    if (request->body != NULL || expects_body(request->method)) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(request->body != NULL ? request->body_bytes : 0));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    }
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static int begin(struct http *http, struct http_exchange *exchange, struct err *err)
{
    exchange->start_ns = clock_now();
    if (curl_multi_add_handle(http->multi, exchange->easy) == CURLM_OK)
        return 0;
    exchange_free(exchange);
    return err_set(err, -ENOMEM, "out of memory");
}

int http_request(struct http *http, const struct http_place *place, const struct harness_request *request,
                 struct http_exchange **out, struct err *err)
{
    struct http_exchange *exchange;
    int code = exchange_new(place, request->target, &exchange, err);
    if (code != 0)
        return code;
    set_method(exchange, request);
    code = set_headers(exchange, request, err);
    if (code != 0) {
        exchange_free(exchange);
        return code;
    }
    code = begin(http, exchange, err);
    if (code == 0)
        *out = exchange;
    return code;
}

int http_handshake(struct http *http, const struct http_place *place, struct http_exchange **out, struct err *err)
{
    struct http_place secure = *place;
    secure.tls = true;
    struct http_exchange *exchange;
    int code = exchange_new(&secure, "/", &exchange, err);
    if (code != 0)
        return code;
    exchange->is_handshake = true;
    curl_easy_setopt(exchange->easy, CURLOPT_CONNECT_ONLY, 1L);
    code = begin(http, exchange, err);
    if (code == 0)
        *out = exchange;
    return code;
}

/* A write to a connection that the server has closed must not end us; other threads and the program see nothing of it.
 */
static bool hold_pipe_signal(sigset_t *before)
{
    sigset_t pipe_only, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, before);
    return sigismember(&pending, SIGPIPE) == 1;
}

static void release_pipe_signal(const sigset_t *before, bool was_pending)
{
    sigset_t pipe_only;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    static const struct timespec at_once;
    while (!was_pending && sigtimedwait(&pipe_only, NULL, &at_once) == SIGPIPE)
        ;
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

void http_end(struct http *http, struct http_exchange *exchange)
{
    if (exchange == NULL)
        return;
    sigset_t before;
    bool was_pending = hold_pipe_signal(&before);
    curl_multi_remove_handle(http->multi, exchange->easy);
    exchange_free(exchange);
    release_pipe_signal(&before, was_pending);
}

static void collect(struct http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct http_exchange *exchange;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
        exchange->is_done = true;
        exchange->result = message->data.result;
        exchange->end_ns = clock_now();
    }
}

void http_step(struct http *http, int wake_fd, uint64_t timeout_ns)
{
    int running = 0;
    struct curl_waitfd wake = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};
    uint64_t timeout_ms = (timeout_ns + CLOCK_MS - 1) / CLOCK_MS;
    sigset_t before;
    bool was_pending = hold_pipe_signal(&before);
    curl_multi_perform(http->multi, &running);
    if (running > 0) {
        curl_multi_poll(http->multi, &wake, 1, timeout_ms > 1000 ? 1000 : (int)timeout_ms, NULL);
        curl_multi_perform(http->multi, &running);
    }
    release_pipe_signal(&before, was_pending);
    collect(http);
}

/* What servers for HTTPS say to a plain request: an alert, nothing, or status 400 with a page on it. */
static bool looks_like_tls(const struct http_exchange *exchange, int status)
{
    if (exchange->is_handshake || !exchange->is_plain)
        return false;
    if (exchange->is_foreign)
        return exchange->head_bytes >= 2 && memcmp(exchange->head, TLS_ALERT, 2) == 0;
    if (status == 400)
        return memmem(exchange->head, exchange->head_bytes, "HTTPS", 5) != NULL ||
               memmem(exchange->head, exchange->head_bytes, "https", 5) != NULL ||
               memmem(exchange->head, exchange->head_bytes, "SSL", 3) != NULL ||
               memmem(exchange->head, exchange->head_bytes, "TLS", 3) != NULL;
    return status == 0 && (exchange->result == CURLE_GOT_NOTHING || exchange->result == CURLE_RECV_ERROR ||
                           exchange->result == CURLE_SEND_ERROR);
}

static int connect_error(const struct http_exchange *exchange)
{
    long number = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &number);
    return number != 0 ? -(int)number : -ECONNREFUSED;
}

static int error_code(const struct http_exchange *exchange)
{
    switch (exchange->result) {
    case CURLE_OK:
        return 0;
    case CURLE_COULDNT_CONNECT:
        return connect_error(exchange);
    case CURLE_COULDNT_RESOLVE_HOST:
        return -EHOSTUNREACH;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return -ECONNRESET;
    case CURLE_OPERATION_TIMEDOUT:
        return -ETIMEDOUT;
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    default:
        return -EPROTO;
    }
}

/* The first line of an answer that is not HTTP. */
static void quote(const struct http_exchange *exchange, struct text *out)
{
    char head[QUOTE_BYTES + 1];
    size_t length = exchange->head_bytes < QUOTE_BYTES ? exchange->head_bytes : QUOTE_BYTES;
    memcpy(head, exchange->head, length);
    head[length] = '\0';
    head[strcspn(head, "\r\n")] = '\0';
    text_add_printable(out, head);
}

static int explain(const struct http_exchange *exchange, int code, int status, struct err *err)
{
    const char *detail = exchange->error[0] != '\0' ? exchange->error : curl_easy_strerror(exchange->result);
    switch (code) {
    case -ECONNREFUSED:
        return err_set(err, code, "the connection was refused");
    case -ECONNRESET:
        return err_set(err, code, "the server closed the connection %s",
                       status == 0 ? "without an answer" : "before the end of its answer");
    case -ENOMEM:
        return err_set(err, code, "out of memory");
    default:
        return err_set(err, code, "%s", detail);
    }
}

void http_look(const struct http_exchange *exchange, struct http_result *out, struct err *err)
{
    *out = (struct http_result){.is_done = exchange->is_done, .body_bytes = exchange->body_bytes};
    out->status = status_of(exchange);
    out->elapsed_ns = (exchange->is_done ? exchange->end_ns : clock_now()) - exchange->start_ns;
    if (!exchange->is_done)
        return;
    out->maybe_tls = looks_like_tls(exchange, out->status);
    if (exchange->is_foreign) {
        out->answer = HTTP_ANSWER_FOREIGN;
        out->code = -EPROTO;
        out->body_bytes = 0;
        struct text start = TEXT_EMPTY;
        quote(exchange, &start);
        err_set(err, -EPROTO, "the server's answer is not HTTP: it begins with \"%s\"", text_get(&start));
        text_fini(&start);
        return;
    }
    out->code = error_code(exchange);
    if (out->code == 0)
        out->answer = HTTP_ANSWER_WHOLE;
    else
        explain(exchange, out->code, out->status, err);
}
