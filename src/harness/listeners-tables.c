/* The system's listening sockets by the tables in /proc/net. */

#include "harness/listeners-system.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIX_ACCEPTING 0x10000u /* __SO_ACCEPTCON in the kernel */

/* "  0: 0100007F:1F90 00000000:0000 0A ... uid timeout inode": an address is printed as numbers of the machine. */
static bool parse_tcp(const char *line, int family, struct listener *out)
{
    char digits[33];
    unsigned port, state;
    uint64_t inode;
    if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %" SCNu64, digits, &port, &state,
               &inode) != 4 ||
        state != TCP_LISTEN || port > UINT16_MAX || strlen(digits) != (family == AF_INET ? 8 : 32))
        return false;
    uint32_t words[4] = {0};
    for (size_t i = 0; digits[8 * i] != '\0'; i++)
        sscanf(digits + 8 * i, "%8" SCNx32, &words[i]);
    *out = (struct listener){.inode = inode};
    if (family == AF_INET) {
        struct sockaddr_in *address = (struct sockaddr_in *)&out->address.storage;
        *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        address->sin_addr.s_addr = words[0];
        out->address_bytes = sizeof *address;
    } else {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)&out->address.storage;
        *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        memcpy(&address->sin6_addr, words, sizeof words);
        out->address_bytes = sizeof *address;
    }
    return true;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /path" or "@name". */
static bool parse_unix(const char *line, struct listener *out)
{
    unsigned flags, type;
    uint64_t inode;
    int length = 0;
    if (sscanf(line, " %*x: %*x %*x %x %x %*x %" SCNu64 " %n", &flags, &type, &inode, &length) != 3 || length == 0 ||
        (flags & UNIX_ACCEPTING) == 0 || type != SOCK_STREAM)
        return false;
    const char *path = line + length;
    size_t bytes = strcspn(path, "\n");
    *out = (struct listener){.inode = inode};
    struct sockaddr_un *address = &out->address.local;
    if (bytes == 0 || bytes > sizeof address->sun_path)
        return false;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, bytes);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    out->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    return true;
}

bool listeners_parse(const char *line, int family, struct listener *out)
{
    return family == AF_UNIX ? parse_unix(line, out) : parse_tcp(line, family, out);
}

static int read_table(const char *path, int family, listeners_fn *call, void *data)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) /* a kernel without IPv6 */
        return 0;
    char *line = NULL;
    size_t line_bytes = 0;
    int code = 0;
    while (code == 0 && getline(&line, &line_bytes, file) >= 0) {
        struct listener listener;
        if (listeners_parse(line, family, &listener))
            code = call(&listener, data);
    }
    free(line);
    fclose(file);
    return code;
}

int listeners_by_tables(listeners_fn *call, void *data)
{
    int code = read_table("/proc/net/tcp", AF_INET, call, data);
    return code == 0 ? read_table("/proc/net/tcp6", AF_INET6, call, data) : code;
}

int listeners_by_unix_table(listeners_fn *call, void *data)
{
    return read_table("/proc/net/unix", AF_UNIX, call, data);
}
