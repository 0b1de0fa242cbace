/* The test client: libcurl sends the request. With a serve function in place of an address it does so from a helper thread,
   to a unix socket that only this process knows, while the caller's thread accepts the connection and serves it. (A socket
   pair would need no name, but libcurl 7.88 connects a socket also when it is told that it is connected.) */

#include "client/syseng_mem_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_MS 30000L

struct syseng_mem_client {
    char *base;        /* what a target is appended to: "http://127.0.0.1:8080" */
    char *unix_socket; /* path, or NULL */
    syseng_mem_serve_fn *serve;
    void *serve_data;
    char *body; /* of the last answer, NUL-terminated, or NULL */
    size_t body_bytes;
    char error[CURL_ERROR_SIZE];
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct syseng_mem_client *client_new(const char *scheme, const char *host, const char *unix_socket)
{
    struct syseng_mem_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    pthread_once(&curl_once, start_curl);
    if (asprintf(&client->base, "%s%s", scheme, host) < 0)
        client->base = NULL;
    if (unix_socket != NULL)
        client->unix_socket = strdup(unix_socket);
    if (client->base == NULL || (unix_socket != NULL && client->unix_socket == NULL)) {
        syseng_mem_client_free(client);
        errno = ENOMEM;
        return NULL;
    }
    return client;
}

struct syseng_mem_client *syseng_mem_client_new(const char *address)
{
    if (strncmp(address, "unix:", 5) == 0)
        return client_new("http://", "localhost", address + 5);
    return client_new(strstr(address, "://") != NULL ? "" : "http://", address, NULL);
}

struct syseng_mem_client *syseng_mem_client_of(syseng_mem_serve_fn *serve, void *data)
{
    /* An address in figures, so that libcurl asks no name server; nothing ever connects to it. */
    struct syseng_mem_client *client = client_new("http://", "127.0.0.1", NULL);
    if (client != NULL) {
        client->serve = serve;
        client->serve_data = data;
    }
    return client;
}

void syseng_mem_client_free(struct syseng_mem_client *client)
{
    if (client == NULL)
        return;
    free(client->base);
    free(client->unix_socket);
    free(client->body);
    free(client);
}

/* --- one request --- */

struct request {
    struct syseng_mem_client *client;
    const char *method, *target;
    const char *const *headers;
    const void *body;
    size_t body_bytes;
    int listener;            /* where the serve function's connection comes in, or -1 */
    char abstract_name[16];  /* of the listener: autobind gives 5 hexadecimal digits */
    int result;              /* status or negative errno */
};

static size_t append_body(char *data, size_t size, size_t count, void *user)
{
    struct syseng_mem_client *client = user;
    size_t bytes = size * count;
    char *grown = realloc(client->body, client->body_bytes + bytes + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + client->body_bytes, data, bytes);
    client->body = grown;
    client->body_bytes += bytes;
    client->body[client->body_bytes] = '\0';
    return bytes;
}

static int errno_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        return ECONNREFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return ETIMEDOUT;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
        return ENOMEM;
    case CURLE_URL_MALFORMAT:
        return EINVAL;
    default:
        return EPROTO;
    }
}

/* Both ends of the connection close after one answer: the server's part is then over. */
static struct curl_slist *header_list(const char *const *headers)
{
    struct curl_slist *list = curl_slist_append(NULL, "Connection: close");
    for (; list != NULL && headers != NULL && *headers != NULL; headers++) {
        struct curl_slist *longer = curl_slist_append(list, *headers);
        if (longer == NULL)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

static void set_options(CURL *curl, struct request *request, const char *url, struct curl_slist *headers)
{
    struct syseng_mem_client *client = request->client;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, (long)(strcmp(request->method, "HEAD") == 0));
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
    if (request->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    if (client->unix_socket != NULL)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->unix_socket);
    if (client->serve != NULL)
        curl_easy_setopt(curl, CURLOPT_ABSTRACT_UNIX_SOCKET, request->abstract_name);
}

static void perform(struct request *request)
{
    struct syseng_mem_client *client = request->client;
    char *url = NULL;
    struct curl_slist *headers = header_list(request->headers);
    CURL *curl = curl_easy_init();
    request->result = -ENOMEM;
    if (headers == NULL || curl == NULL || asprintf(&url, "%s%s", client->base, request->target) < 0)
        goto out;
    set_options(curl, request, url, headers);
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        request->result = (int)status;
    } else {
        if (client->error[0] == '\0')
            snprintf(client->error, sizeof client->error, "%s", curl_easy_strerror(code));
        request->result = -errno_of(code);
        if (client->serve != NULL && request->result == -ECONNREFUSED)
            request->result = -EPROTO; /* the serve function closed before libcurl had looked at the connection */
    }
out:
    if (curl != NULL)
        curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    free(url);
}

static void *perform_in_thread(void *data)
{
    struct request *request = data;
    perform(request);
    shutdown(request->listener, SHUT_RDWR); /* should libcurl never have connected, accept must not wait for it */
    return NULL;
}

/* Listen at an abstract unix address that the kernel chooses: see "Autobind feature" in unix(7). */
static int listen_abstract(struct request *request)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t bytes = sizeof address.sun_family;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    request->listener = fd;
    if (bind(fd, (struct sockaddr *)&address, bytes) < 0 || listen(fd, 1) < 0)
        return -errno;
    bytes = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &bytes) < 0)
        return -errno;
    size_t name_bytes = bytes - sizeof address.sun_family - 1; /* without the NUL in front */
    if (name_bytes >= sizeof request->abstract_name)
        return -ENAMETOOLONG;
    memcpy(request->abstract_name, address.sun_path + 1, name_bytes);
    request->abstract_name[name_bytes] = '\0';
    return 0;
}

/* The helper thread takes none of the program's signals. */
static int start_thread(pthread_t *thread, struct request *request)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, perform_in_thread, request);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -failed;
}

/* Send from a helper thread and serve in this one. */
static int perform_and_serve(struct request *request)
{
    struct syseng_mem_client *client = request->client;
    pthread_t thread;
    int result = listen_abstract(request);
    if (result == 0)
        result = start_thread(&thread, request);
    if (result == 0) {
        int fd = accept4(request->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            client->serve(fd, client->serve_data);
        pthread_join(thread, NULL);
        result = request->result;
    }
    if (request->listener >= 0)
        close(request->listener);
    return result;
}

int syseng_mem_client_send(struct syseng_mem_client *client, const char *method, const char *target,
                           const char *const *headers, const void *body, size_t body_bytes)
{
    if (client == NULL || target[0] != '/')
        return -EINVAL;
    free(client->body);
    client->body = NULL;
    client->body_bytes = 0;
    client->error[0] = '\0';

    struct request request = {
        .client = client,
        .method = method,
        .target = target,
        .headers = headers,
        .body = body,
        .body_bytes = body_bytes,
        .listener = -1,
    };
    int result;
    if (client->serve != NULL) {
        result = perform_and_serve(&request);
    } else {
        perform(&request);
        result = request.result;
    }
    if (result < 0 && client->error[0] == '\0')
        snprintf(client->error, sizeof client->error, "%s", strerror(-result));
    return result;
}

int syseng_mem_client_get(struct syseng_mem_client *client, const char *target)
{
    return syseng_mem_client_send(client, "GET", target, NULL, NULL, 0);
}

const char *syseng_mem_client_body(const struct syseng_mem_client *client, size_t *bytes)
{
    if (bytes != NULL)
        *bytes = client->body_bytes;
    return client->body != NULL ? client->body : "";
}

const char *syseng_mem_client_error(const struct syseng_mem_client *client)
{
    return client->error;
}
