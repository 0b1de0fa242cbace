/* C++ names as DWARF would write them. The demangler is that of the C++ run-time library (Itanium C++ ABI,
   section 3.4), which tells the whole signature; the rest is taken off here. */

#include "symbols/demangle.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

extern char *__cxa_demangle(const char *mangled, char *buffer, size_t *length, int *status);

#define NAME_BYTES_LIMIT 16384 /* the demangler recurses */

/* Whether the operator's name, behind "operator", begins at `at`; *length is that of its symbol. */
static bool is_operator(const char *begin, const char *at, size_t *length)
{
    static const char *const symbols[] = {"()", "<=>", "<<=", ">>=", "->*", "->", "<<", ">>", "<=", ">=", "<", ">"};
    static const size_t word = sizeof "operator" - 1;
    if ((size_t)(at - begin) < word || strncmp(at - word, "operator", word) != 0 ||
        ((size_t)(at - begin) > word &&
         (isalnum((unsigned char)at[-(ptrdiff_t)word - 1]) || at[-(ptrdiff_t)word - 1] == '_')))
        return false;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strncmp(at, symbols[i], strlen(symbols[i])) == 0) {
            *length = strlen(symbols[i]);
            return true;
        }
    return false;
}

/* Behind the bracket that closes the one at `at`, or NULL. */
static const char *skip_brackets(const char *begin, const char *at)
{
    int depth = 0;
    for (; *at != '\0'; at++) {
        size_t length;
        if (is_operator(begin, at, &length)) {
            at += length - 1;
            continue;
        }
        if (strchr("(<[{", *at) != NULL)
            depth++;
        else if (*at == '>' && at > begin && at[-1] == '-')
            continue; /* "->" in a decltype */
        else if (strchr(")>]}", *at) != NULL && --depth == 0)
            return at + 1;
    }
    return NULL;
}

/* Whether parentheses at `at` are part of a name rather than a list of parameters. */
static bool is_name_in_parentheses(const char *at)
{
    return strncmp(at, "(anonymous", sizeof "(anonymous" - 1) == 0;
}

/* "operator bool", "operator<< <int>": the name goes on behind the blank. */
static bool is_inside_operator(const char *begin, const char *at)
{
    static const size_t word = sizeof "operator" - 1;
    return at[1] == '<' || ((size_t)(at - begin) >= word && strncmp(at - word, "operator", word) == 0);
}

/* Behind " const", " &" and their like, which may follow parameters. */
static const char *skip_qualifiers(const char *at)
{
    static const char *const words[] = {" const", " volatile", "&", " &"};
    for (size_t i = 0; i < sizeof words / sizeof *words;) {
        const size_t length = strlen(words[i]);
        const bool is_there = strncmp(at, words[i], length) == 0;
        at += is_there ? length : 0;
        i = is_there ? 0 : i + 1;
    }
    return at;
}

/* Copy the name to `out` from the front: what stands before a blank was a return type; what stands in parentheses was
   parameters, and the end, unless "::" follows (a local entity) or the parentheses were part of a return type. */
static void copy_name(const char *signature, char *out)
{
    char *to = out;
    bool in_operator = false;
    for (const char *from = signature; *from != '\0';) {
        size_t length = 1;
        const char *end = from + 1;
        if (!in_operator && is_operator(signature, from, &length))
            end = from + length;
        else if (strchr("(<[{", *from) != NULL)
            end = skip_brackets(signature, from);
        else if (*from == ' ' && !in_operator && !is_inside_operator(signature, from)) {
            to = out;
            from = end;
            continue;
        } else if (*from == ' ')
            in_operator = from[1] != '<';
        if (end == NULL)
            break;
        if (*from == '(' && length == 1 && !is_name_in_parentheses(from)) {
            from = skip_qualifiers(end);
            in_operator = false;
            if (strncmp(from, "::", 2) != 0 && (*from != ' ' || from[1] == '['))
                break;
            continue;
        }
        memcpy(to, from, (size_t)(end - from));
        to += end - from;
        from = end;
    }
    *to = '\0';
}

/* What was copied must not stand where is_operator still looks. */
void demangle_cut_signature(char *signature)
{
    char *whole = strdup(signature);
    if (whole == NULL)
        return;
    copy_name(whole, signature);
    free(whole);
}

char *demangle(const char *name)
{
    if (strncmp(name, "_Z", 2) != 0 || strlen(name) > NAME_BYTES_LIMIT)
        return NULL;
    int status = 0;
    char *signature = __cxa_demangle(name, NULL, NULL, &status);
    if (signature == NULL || status != 0) {
        free(signature);
        return NULL;
    }
    demangle_cut_signature(signature);
    return signature;
}
