/* Messages and progress. The progress line is written by a thread of its own, because what we wait for (a response, an
   ELF file of 100 MB) lies in calls that do not come back before it is done. */

#include "cli/message.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

#define MESSAGE_BYTES (ERR_TEXT_BYTES + 512)
#define PREFIX "syseng-mem: "

static struct {
    struct message_options options;
    pthread_mutex_t lock; /* guards the terminal's line and what follows */
    pthread_cond_t ended;
    pthread_t thread;
    bool waiting; /* the progress thread runs */
    bool shown;   /* its line is on the screen */
    char what[256];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

void message_configure(const struct message_options *options)
{
    state.options = *options;
}

static bool is_wanted(enum message_level level)
{
    switch (level) {
    case MESSAGE_ERROR:
        return true;
    case MESSAGE_WARNING:
    case MESSAGE_NOTE:
        return !state.options.quiet;
    case MESSAGE_DETAIL:
        return state.options.verbose;
    }
    return true;
}

static void clear_progress(void)
{
    if (!state.shown)
        return;
    fputs("\r\033[K", stderr);
    state.shown = false;
}

void message(enum message_level level, const char *format, ...)
{
    if (!is_wanted(level))
        return;
    char text[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';

    /* The color of gcc's and git's messages: red for errors, magenta for warnings. */
    static const char *const colors[] = {
        [MESSAGE_ERROR] = "\033[1;31m",
        [MESSAGE_WARNING] = "\033[1;35m",
        [MESSAGE_NOTE] = "\033[1m",
        [MESSAGE_DETAIL] = "\033[2m",
    };
    pthread_mutex_lock(&state.lock);
    clear_progress();
    if (state.options.color)
        fprintf(stderr, "%s" PREFIX "\033[0m%s\n", colors[level], text);
    else
        fprintf(stderr, PREFIX "%s\n", text);
    fflush(stderr);
    pthread_mutex_unlock(&state.lock);
}

bool message_wants_color(const char *when, int fd)
{
    if (strcmp(when, "always") == 0)
        return true;
    if (strcmp(when, "never") == 0)
        return false;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_color != NULL && *no_color != '\0')
        return false;
    return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

static void *show_progress(void *data)
{
    struct timespec next;
    clock_gettime(CLOCK_REALTIME, &next);
    pthread_mutex_lock(&state.lock);
    for (unsigned seconds = 1; state.waiting; seconds++) {
        next.tv_sec++;
        while (state.waiting && pthread_cond_timedwait(&state.ended, &state.lock, &next) == 0)
            ;
        if (!state.waiting)
            break;
        fprintf(stderr, "\r\033[K" PREFIX "%s (%u s)", state.what, seconds);
        fflush(stderr);
        state.shown = true;
    }
    clear_progress();
    fflush(stderr);
    pthread_mutex_unlock(&state.lock);
    return NULL;
}

void progress_begin(const char *what)
{
    if (state.options.quiet || !isatty(STDERR_FILENO))
        return;
    snprintf(state.what, sizeof state.what, "%s", what);
    state.waiting = true;
    /* Signals are the main thread's: they interrupt what it waits for. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&state.thread, NULL, show_progress, NULL) != 0)
        state.waiting = false;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void progress_end(void)
{
    if (!state.waiting)
        return;
    pthread_mutex_lock(&state.lock);
    state.waiting = false;
    pthread_cond_signal(&state.ended);
    pthread_mutex_unlock(&state.lock);
    pthread_join(state.thread, NULL);
}
