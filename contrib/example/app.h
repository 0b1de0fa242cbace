/* The example application: what it answers, apart from where the requests come from. */

#ifndef EXAMPLE_APP_H
#define EXAMPLE_APP_H

#include <microhttpd.h>
#include <stddef.h>

/* Answer one request; libmicrohttpd's access handler. */
enum MHD_Result app_answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_bytes, void **state);

/* Answer the requests that come over the connected socket `fd` until its other side closes it. Closes `fd`. */
void app_serve(int fd, void *data);

#endif
