/* Where a function begins and ends in its source file. Debug information gives the line of its name and the highest
   line with code; people want to see it from its annotation to its closing brace.

   Conditional groups: of #if ... #else ... #endif the first branch is followed, or the one in which the function
   begins, and
   `#if 0` is skipped, so that two openings of which the compiler saw only one count once. */

#include "report/source.h"

#include <ctype.h>
#include <string.h>

#define BLOCK_ANNOTATION "SYSENG_MEM_PROFILE"
/* Above its name a declaration has attributes, a template head, a return type. More than this is something else, such
   as macros without a semicolon. */
#define BLOCK_HEAD_LINES_MAX 20
/* Between its name and its body: parameters, an initialiser list. */
#define BLOCK_BODY_GAP_MAX 200

/* The function that is looked for. */
struct wanted {
    const char *name;
    uint32_t line, last_line;
};

static const struct lexer_token *token(const struct source *source, size_t i)
{
    return &source->tokens[i];
}

/* The character of a one-character punctuator, 0 for anything else. */
static char punct(const struct source *source, size_t i)
{
    if (i >= source->token_count || token(source, i)->kind != LEXER_PUNCT || token(source, i)->length != 1)
        return 0;
    return source->text[token(source, i)->offset];
}

static bool is_word(const struct source *source, size_t i, const char *word)
{
    if (i >= source->token_count || token(source, i)->kind != LEXER_WORD)
        return false;
    const struct lexer_token *at = token(source, i);
    return strlen(word) == at->length && memcmp(source->text + at->offset, word, at->length) == 0;
}

static bool is_opener(char c)
{
    return c == '(' || c == '[' || c == '{';
}

static bool is_closer(char c)
{
    return c == ')' || c == ']' || c == '}';
}

/* From a conditional at `i` to its #endif, or with `or_else` to its #else or #elif, if that comes first. */
static size_t skip_branch(const struct source *source, size_t i, bool or_else)
{
    size_t depth = 0;
    for (i++; i < source->token_count; i++) {
        uint32_t kind = token(source, i)->kind;
        if (kind == LEXER_IF || kind == LEXER_IF_ZERO)
            depth++;
        else if (depth == 0 && (kind == LEXER_ENDIF || (or_else && kind == LEXER_ELSE)))
            return i;
        else if (kind == LEXER_ENDIF)
            depth--;
    }
    return i;
}

/* The next token of the branches that are followed; token_count at the end. */
static size_t next(const struct source *source, size_t i)
{
    for (i++; i < source->token_count; i++) {
        switch (token(source, i)->kind) {
        case LEXER_IF_ZERO:
            i = skip_branch(source, i, true);
            break;
        case LEXER_ELSE:
            i = skip_branch(source, i, false);
            break;
        case LEXER_IF:
        case LEXER_ENDIF:
            break;
        default:
            return i;
        }
    }
    return source->token_count;
}

/* Is the word at token `i` the last part of the qualified name "a::b<c>::name(int)", that is: does it stand there as a
   whole word, followed by parameters, template arguments or nothing? */
static bool is_last_part(const struct source *source, size_t i, const char *name)
{
    const struct lexer_token *at = token(source, i);
    if (at->kind != LEXER_WORD)
        return false;
    const char *word = source->text + at->offset;
    for (const char *p = name; *p != '\0'; p++) {
        if (strncmp(p, word, at->length) != 0)
            continue;
        bool starts = p == name || !(isalnum((unsigned char)p[-1]) || p[-1] == '_');
        char behind = p[at->length];
        if (starts && (behind == '\0' || strchr("(<[ @.", behind) != NULL))
            return true;
    }
    return false;
}

/* The first token on `line` or below: an index up to token_count. */
static size_t first_on_line(const struct source *source, uint32_t line)
{
    size_t low = 0, high = source->token_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (token(source, middle)->line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The token of the function's name on its line; of a lambda its '['; failing those the line's first. */
static size_t find_name(const struct source *source, const struct wanted *function)
{
    size_t first = first_on_line(source, function->line), second_choice = source->token_count;
    for (size_t i = first; i < source->token_count && token(source, i)->line == function->line; i++) {
        if (is_word(source, i, "operator") || (is_last_part(source, i, function->name) && punct(source, i + 1) == '('))
            return i;
        bool possible =
            is_last_part(source, i, function->name) ||
            (punct(source, i) == '[' && punct(source, i + 1) != '[' && (i == 0 || punct(source, i - 1) != '['));
        if (possible && second_choice == source->token_count)
            second_choice = i;
    }
    return second_choice < source->token_count ? second_choice : first;
}

static bool is_access_label(const struct source *source, size_t colon)
{
    static const char *const words[] = {"public", "private", "protected", "slots", "signals", "Q_SLOTS", "Q_SIGNALS"};
    if (colon == 0 || punct(source, colon) != ':')
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (is_word(source, colon - 1, words[i]))
            return true;
    return false;
}

/* From an #else or #elif at `i` back to its #if. */
static size_t skip_back(const struct source *source, size_t i)
{
    size_t depth = 0;
    while (i-- > 0) {
        uint32_t kind = token(source, i)->kind;
        if (kind == LEXER_ENDIF)
            depth++;
        else if ((kind == LEXER_IF || kind == LEXER_IF_ZERO) && depth-- == 0)
            return i;
    }
    return 0;
}

/* Walk from the name up to the end of whatever stands before the declaration. */
static uint32_t find_first_line(const struct source *source, const struct wanted *function, size_t name)
{
    uint32_t annotation = 0, head = function->line;
    for (size_t i = name; i-- > 0;) {
        char c = punct(source, i);
        if (c == ';' || c == '{' || c == '}' || is_access_label(source, i))
            break;
        if (token(source, i)->kind == LEXER_ELSE)
            i = skip_back(source, i);
        if (token(source, i)->kind > LEXER_LITERAL)
            continue;
        head = token(source, i)->line;
        if (is_word(source, i, BLOCK_ANNOTATION))
            annotation = head;
    }
    if (annotation != 0)
        return annotation;
    return function->line - head <= BLOCK_HEAD_LINES_MAX ? head : function->line;
}

/* The '{' that opens the body of the function named at token `i`, token_count when there is none. *is_try: it is a
   function try block, which handlers follow. */
static size_t find_body(const struct source *source, const struct wanted *function, size_t i, bool *is_try)
{
    size_t depth = 0, previous = i;
    bool initialisers = false, requirement = false;
    for (; i < source->token_count; previous = i, i = next(source, i)) {
        uint32_t line = token(source, i)->line;
        char c = punct(source, i);
        if (line > function->last_line && line - function->last_line > BLOCK_BODY_GAP_MAX)
            break;
        if (depth == 0 && c == '{') {
            /* `: member{1}` and `requires requires (T t) { t + 1; }` have braces before the body. */
            bool member =
                initialisers && (token(source, previous)->kind == LEXER_WORD || punct(source, previous) == '>');
            if (!member && !requirement)
                return i;
            requirement = false;
        }
        if (is_opener(c))
            depth++;
        else if (is_closer(c) && depth > 0)
            depth--;
        else if (depth == 0 && c == ':')
            initialisers = true;
        else if (depth == 0 && c == ';' && line >= function->last_line)
            break; /* no body here: `= default;`. In old C parameters' declarations stand before the body. */
        if (depth == 0 && is_word(source, i, "try"))
            *is_try = true;
        if (depth == 0 && is_word(source, i, "requires") && is_word(source, previous, "requires") && previous != i)
            requirement = true;
    }
    return source->token_count;
}

/* The token that closes the bracket opened at `i`. */
static size_t find_closer(const struct source *source, size_t i, char open, char close)
{
    size_t depth = 0;
    for (; i < source->token_count; i = next(source, i)) {
        char c = punct(source, i);
        if (c == open)
            depth++;
        else if (c == close && --depth == 0)
            break;
    }
    return i;
}

/* The line of the closing brace, 0 when it cannot be found. */
static uint32_t find_last_line(const struct source *source, const struct wanted *function, size_t name)
{
    bool is_try = false;
    size_t body = find_body(source, function, name, &is_try);
    size_t end = find_closer(source, body, '{', '}');
    while (is_try && end < source->token_count) {
        size_t handler = next(source, end);
        if (handler >= source->token_count || !is_word(source, handler, "catch"))
            break;
        size_t parameter = find_closer(source, next(source, handler), '(', ')');
        size_t closer = parameter < source->token_count ? find_closer(source, next(source, parameter), '{', '}')
                                                        : source->token_count;
        if (closer >= source->token_count)
            break;
        end = closer;
    }
    return end < source->token_count ? token(source, end)->line : 0;
}

struct source_block source_find_named(const struct source *source, const char *name, uint32_t line, uint32_t last_line)
{
    const struct wanted wanted = {name, line, last_line}, *function = &wanted;
    struct source_block block = {function->line, function->last_line};
    if (block.last < block.first)
        block.last = block.first;
    if (source->line_count == 0 || block.first == 0 || block.first > source->line_count)
        return block;
    size_t at = find_name(source, function);
    if (at < source->token_count && token(source, at)->line == function->line) {
        block.first = find_first_line(source, function, at);
        uint32_t brace = find_last_line(source, function, at);
        if (brace > block.last)
            block.last = brace;
    }
    if (block.last > source->line_count)
        block.last = source->line_count;
    return block;
}

struct source_block source_find_block(const struct source *source, const struct session_function *function)
{
    if (function->block_first != 0 && function->block_last >= function->block_first)
        return (struct source_block){function->block_first, function->block_last};
    return source_find_named(source, function->name, function->line, function->last_line);
}
