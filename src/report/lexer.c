/* C and C++ source text -> tokens. See the C17 standard, section 5.1.1.2 (translation phases 2 to 4), and C++17's
   [lex.string] for raw strings. Trigraphs are not recognised. */

#include "report/lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define LEXER_RAW_DELIMITER_MAX 16 /* [lex.string] */

struct lexer {
    const char *text;
    size_t length;
    size_t at;
    uint32_t line;
    bool line_has_token; /* a '#' now would be no directive */
    struct lexer_token *tokens;
    size_t count, capacity;
    bool failed;
};

static int peek(const struct lexer *lexer, size_t ahead)
{
    return ahead < lexer->length - lexer->at ? (unsigned char)lexer->text[lexer->at + ahead] : -1;
}

/* Step over `count` characters, counting lines. */
static void skip(struct lexer *lexer, size_t count)
{
    for (; count > 0 && lexer->at < lexer->length; count--) {
        if (lexer->text[lexer->at] == '\n') {
            lexer->line++;
            lexer->line_has_token = false;
        }
        lexer->at++;
    }
}

/* Length of the line splice (backslash, newline) here, 0 when there is none. */
static size_t splice_length(const struct lexer *lexer)
{
    if (peek(lexer, 0) != '\\')
        return 0;
    if (peek(lexer, 1) == '\n')
        return 2;
    return peek(lexer, 1) == '\r' && peek(lexer, 2) == '\n' ? 3 : 0;
}

/* A splice joins lines: what follows is still the same line to a directive. */
static void skip_splice(struct lexer *lexer, size_t length)
{
    bool had = lexer->line_has_token;
    skip(lexer, length);
    lexer->line_has_token = had;
}

static void add(struct lexer *lexer, enum lexer_kind kind, size_t offset, size_t length, uint32_t line)
{
    struct lexer_token *tokens =
        lexer->failed ? NULL : array_grow(lexer->tokens, &lexer->capacity, lexer->count + 1, sizeof *tokens);
    if (tokens == NULL) {
        lexer->failed = true;
        return;
    }
    lexer->tokens = tokens;
    tokens[lexer->count++] = (struct lexer_token){(uint32_t)offset, (uint32_t)length, line, kind};
    lexer->line_has_token = true;
}

static bool is_word_start(int c)
{
    return c >= 0x80 || c == '_' || c == '$' || (c >= 0 && isalnum(c));
}

/* A comment begins here: step over it. Returns false when none does. */
static bool skip_comment(struct lexer *lexer)
{
    if (peek(lexer, 0) != '/')
        return false;
    if (peek(lexer, 1) == '/') {
        while (lexer->at < lexer->length && peek(lexer, 0) != '\n') {
            size_t splice = splice_length(lexer);
            skip_splice(lexer, splice > 0 ? splice : 1);
        }
        return true;
    }
    if (peek(lexer, 1) != '*')
        return false;
    bool had = lexer->line_has_token;
    skip(lexer, 2);
    while (lexer->at < lexer->length && !(peek(lexer, 0) == '*' && peek(lexer, 1) == '/'))
        skip(lexer, 1);
    skip(lexer, 2);
    lexer->line_has_token = had;
    return true;
}

/* A string or character constant begins here. */
static void skip_quoted(struct lexer *lexer)
{
    int quote = peek(lexer, 0);
    skip(lexer, 1);
    while (lexer->at < lexer->length && peek(lexer, 0) != quote && peek(lexer, 0) != '\n') {
        size_t splice = splice_length(lexer);
        if (splice > 0)
            skip_splice(lexer, splice);
        else
            skip(lexer, peek(lexer, 0) == '\\' && peek(lexer, 1) != '\n' ? 2 : 1);
    }
    if (peek(lexer, 0) == quote)
        skip(lexer, 1);
}

/* The opening quote of R"delimiter( is here: step behind the closing )delimiter". Returns false, at the same place,
   when it is no raw string after all. */
static bool skip_raw_string(struct lexer *lexer)
{
    size_t delimiter = 0;
    while (delimiter <= LEXER_RAW_DELIMITER_MAX && peek(lexer, 1 + delimiter) != '(') {
        int c = peek(lexer, 1 + delimiter);
        if (c < 0 || c == '"' || c == '\\' || c == ')' || isspace(c))
            return false;
        delimiter++;
    }
    if (delimiter > LEXER_RAW_DELIMITER_MAX)
        return false;
    const char *name = lexer->text + lexer->at + 1;
    skip(lexer, delimiter + 2);
    while (lexer->at < lexer->length) {
        if (peek(lexer, 0) == ')' && peek(lexer, 1 + delimiter) == '"' &&
            memcmp(lexer->text + lexer->at + 1, name, delimiter) == 0) {
            skip(lexer, delimiter + 2);
            break;
        }
        skip(lexer, 1);
    }
    return true;
}

static bool is_raw_prefix(const char *word, size_t length)
{
    static const char *const prefixes[] = {"R", "LR", "uR", "UR", "u8R"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strlen(prefixes[i]) == length && memcmp(prefixes[i], word, length) == 0)
            return true;
    return false;
}

/* An identifier or a number, with the ' between a number's digits. */
static void lex_word(struct lexer *lexer)
{
    size_t start = lexer->at;
    uint32_t line = lexer->line;
    bool number = isdigit(peek(lexer, 0)) != 0;
    while (is_word_start(peek(lexer, 0)) ||
           (number && (peek(lexer, 0) == '.' || (peek(lexer, 0) == '\'' && is_word_start(peek(lexer, 1))))))
        skip(lexer, 1);
    size_t length = lexer->at - start;
    if (peek(lexer, 0) == '"' && is_raw_prefix(lexer->text + start, length) && skip_raw_string(lexer)) {
        add(lexer, LEXER_LITERAL, start, lexer->at - start, line);
        return;
    }
    add(lexer, LEXER_WORD, start, length, line);
}

static void skip_directive_space(struct lexer *lexer)
{
    while (lexer->at < lexer->length) {
        size_t splice = splice_length(lexer);
        int c = peek(lexer, 0);
        if (splice > 0)
            skip_splice(lexer, splice);
        else if (c == ' ' || c == '\t')
            skip(lexer, 1);
        else if (c != '/' || peek(lexer, 1) != '*' || !skip_comment(lexer))
            return;
    }
}

/* Step over the rest of a directive. */
static void skip_directive(struct lexer *lexer)
{
    while (lexer->at < lexer->length && peek(lexer, 0) != '\n') {
        size_t splice = splice_length(lexer);
        if (splice > 0)
            skip_splice(lexer, splice);
        else if (peek(lexer, 0) == '"' || peek(lexer, 0) == '\'')
            skip_quoted(lexer);
        else if (!skip_comment(lexer))
            skip(lexer, 1);
    }
}

/* A '#' begins the line: conditionals become tokens, all other directives nothing. */
static void lex_directive(struct lexer *lexer)
{
    static const struct {
        const char *name;
        enum lexer_kind kind;
    } names[] = {{"if", LEXER_IF},     {"ifdef", LEXER_IF},     {"ifndef", LEXER_IF},     {"else", LEXER_ELSE},
                 {"elif", LEXER_ELSE}, {"elifdef", LEXER_ELSE}, {"elifndef", LEXER_ELSE}, {"endif", LEXER_ENDIF}};
    size_t start = lexer->at;
    uint32_t line = lexer->line;
    skip(lexer, 1);
    skip_directive_space(lexer);
    const char *word = lexer->text + lexer->at;
    size_t length = 0;
    while (isalpha(peek(lexer, length)))
        length++;
    skip(lexer, length);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) != length || memcmp(names[i].name, word, length) != 0)
            continue;
        skip_directive_space(lexer);
        bool zero = i == 0 && peek(lexer, 0) == '0' && !is_word_start(peek(lexer, 1));
        add(lexer, zero ? LEXER_IF_ZERO : names[i].kind, start, lexer->at - start, line);
    }
    skip_directive(lexer);
}

static void lex_one(struct lexer *lexer)
{
    int c = peek(lexer, 0);
    size_t start = lexer->at, splice = splice_length(lexer);
    uint32_t line = lexer->line;
    if (splice > 0) {
        skip_splice(lexer, splice);
    } else if (isspace(c)) {
        skip(lexer, 1);
    } else if (skip_comment(lexer)) {
        return;
    } else if (c == '#' && !lexer->line_has_token) {
        lex_directive(lexer);
    } else if (is_word_start(c)) {
        lex_word(lexer);
    } else if (c == '"' || c == '\'') {
        skip_quoted(lexer);
        add(lexer, LEXER_LITERAL, start, lexer->at - start, line);
    } else {
        size_t length = c == ':' && peek(lexer, 1) == ':' ? 2 : 1;
        skip(lexer, length);
        add(lexer, LEXER_PUNCT, start, length, line);
    }
}

int lexer_run(const char *text, size_t length, struct lexer_token **out, size_t *count)
{
    struct lexer lexer = {.text = text, .length = length, .line = 1};
    while (lexer.at < lexer.length && !lexer.failed)
        lex_one(&lexer);
    if (lexer.failed) {
        free(lexer.tokens);
        return -ENOMEM;
    }
    *out = lexer.tokens;
    *count = lexer.count;
    return 0;
}
