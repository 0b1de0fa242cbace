/* Judges by what the session showed. */

#include "cli/next.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void add_word(struct text *text, const char *word)
{
    text_add(text, " ");
    text_add_shell(text, word);
}

static void add_option(struct text *text, const char *name, const char *value)
{
    if (value == NULL)
        return;
    text_addf(text, " %s", name);
    add_word(text, value);
}

static void add_list(struct text *text, const char *name, const struct options_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_option(text, name, list->items[i]);
}

static bool is_secret(const char *header)
{
    static const char *const parts[] = {"auth", "cookie", "token", "key", "secret", "password", "session", "signature"};
    const char *colon = strchrnul(header, ':');
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *part = strcasestr(header, parts[i]);
        if (part != NULL && part < colon)
            return true;
    }
    return false;
}

/* The line may end in a log: what looks like a secret is to be filled in again. */
static void add_headers(struct text *text, const struct options_list *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        const char *header = headers->items[i];
        struct text shown = TEXT_EMPTY;
        if (is_secret(header))
            text_addf(&shown, "%.*s: ...", (int)strcspn(header, ":"), header);
        else
            text_add(&shown, header);
        add_option(text, "-H", text_get(&shown));
        text->failed |= shown.failed;
        text_fini(&shown);
    }
}

/* The command as it was given, but with `added` options. What only changes the report's looks is left out. */
static void add_command(struct text *text, const struct options *options, const char *added)
{
    const struct options_requests *requests = &options->requests;
    text_addf(text, "syseng-mem%s", options->command == OPTIONS_RUN ? " run" : "");
    if (*added != '\0')
        text_addf(text, " %s", added);
    add_list(text, "--function", &options->watch.functions);
    if (options->watch.no_children)
        text_add(text, " --no-children");
    if (strcmp(options->watch.stacks, "auto") != 0)
        add_option(text, "--stacks", options->watch.stacks);
    if (options->watch.depth > 0)
        text_addf(text, " --depth %ld", options->watch.depth);
    if (strcmp(options->watch.allocator, "auto") != 0)
        add_option(text, "--allocator", options->watch.allocator);
    add_option(text, "-f", requests->file);
    add_headers(text, &requests->headers);
    add_option(text, "--data", requests->data == NULL || requests->data[0] == '@' ? requests->data : "...");
    add_option(text, "--expect", requests->expect);
    add_option(text, "--url", requests->url);
    add_option(text, "--unix-socket", requests->unix_socket);
    if (requests->port != 0)
        text_addf(text, " --port %ld", requests->port);
    add_word(text, options->program);
    for (size_t i = 0; i < requests->targets.count; i++)
        add_word(text, requests->targets.items[i]);
    if (*options->arguments != NULL && options->command == OPTIONS_LINES)
        text_add(text, " --");
    for (char **argument = options->arguments; *argument != NULL; argument++)
        add_word(text, *argument);
}

static bool has_requests(const struct options *options)
{
    return options->requests.targets.count > 0 || options->requests.file != NULL;
}

static bool keeps_memory(const struct session *session)
{
    for (size_t i = 0; i < session->request_count; i++)
        if (session->requests[i].totals.not_freed_bytes > 0)
            return true;
    return false;
}

static size_t count_rows(const struct session *session)
{
    size_t count = 0;
    for (size_t i = 0; i < session->request_count; i++)
        for (size_t j = 0; j < session->requests[i].function_count; j++)
            count += session->requests[i].functions[j].line_count;
    return count;
}

#define ROWS_OF_A_SCREEN 40

char *next_command(const struct session *session, const struct options *options, const char *function)
{
    struct text text = TEXT_EMPTY;
    if (has_requests(options) && options->requests.repeat == 1 && keeps_memory(session)) {
        add_command(&text, options, "--warmup 1 --repeat 10");
        text_add(&text, "   (what is not freed again each time is a leak)");
    } else if (count_rows(session) > ROWS_OF_A_SCREEN && !options->report.only_changed) {
        add_command(&text, options, "--only-changed");
        text_add(&text, "   (only lines at which memory changed)");
    } else if (count_rows(session) == 0 && session->never_ran_count == 0 && function != NULL) {
        struct text added = TEXT_EMPTY;
        add_option(&added, "--function", function);
        add_command(&text, options, text_get(&added) + (added.length > 0));
        text_fini(&added);
        text_add(&text, "   (that function line by line)");
    } else if (count_rows(session) == 0 && session->never_ran_count == 0) {
        text_add(&text, "syseng-mem doctor");
        add_word(&text, options->program);
        text_add(&text, "   (what can be shown of it, and what is missing)");
    } else if (!options->report.json) {
        add_command(&text, options, "--json -o report.json");
        text_add(&text, "   (the same for programs)");
    }
    char *command = text.failed || text.length == 0 ? NULL : strdup(text_get(&text));
    text_fini(&text);
    return command;
}
