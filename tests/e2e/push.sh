# shellcheck shell=sh
# For push.test and bisect.test: a server of one file with its Makefile, and a git that knows nothing of this machine.
#
# SPDX-License-Identifier: MIT

# shellcheck disable=SC2046 # names
unset $(git rev-parse --local-env-vars) GITHUB_ACTIONS
HOME=$scratch GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A
GIT_COMMITTER_EMAIL=a@example.com TMPDIR=$scratch/tmp
export HOME GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL TMPDIR
mkdir "$TMPDIR"
git config --global advice.detachedHead false
git config --global protocol.file.allow user # the default; ours must not hang on it

# write_server BYTES-OF-A-PAGE [STATEMENT]: into the current directory; the kernel chooses the port. The statement is run for
# each request. An argument is the number of pages that an answer takes.
write_server()
{
    # shellcheck disable=SC2016 # for make
    printf 'server: server.c\n\t$(CC) $(CFLAGS) -o $@ server.c\n' >Makefile
    cat >server.c <<END_OF_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void answer(int client, size_t pages)
{
    static const char text[] = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhi\n";
    char request[1024];
    if (read(client, request, sizeof request) <= 0)
        return;
    ${2-}
    char *page = malloc(pages * $1); /* PAGE */
    memcpy(page, text, sizeof text);
    if (write(client, page, strlen(page)) < 0)
        perror("write");
    free(page);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0)
        return 1;
    for (;;) {
        int client = accept(listener, NULL, NULL);
        answer(client, argc > 1 ? strtoul(argv[argc - 1], NULL, 10) : 1);
        close(client);
    }
}
END_OF_SOURCE
}

# commit SUBJECT: all that is in the current directory.
commit()
{
    { git add -A && git commit -q --allow-empty -m "$1"; } || bail "cannot commit $1"
}
