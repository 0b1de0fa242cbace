/* C and C++ source text -> tokens: just enough to find where a function begins and ends. Comments, strings and
   preprocessor lines can hold braces and names that mean nothing; here they are recognised and left out. */

#ifndef REPORT_LEXER_H
#define REPORT_LEXER_H

#include <stddef.h>
#include <stdint.h>

enum lexer_kind {
    LEXER_WORD,    /* identifier, keyword or number */
    LEXER_PUNCT,   /* one character, or "::" */
    LEXER_LITERAL, /* string or character */
    LEXER_IF,      /* #if, #ifdef, #ifndef */
    LEXER_IF_ZERO, /* #if 0 */
    LEXER_ELSE,    /* #else, #elif ... */
    LEXER_ENDIF,
};

struct lexer_token {
    uint32_t offset; /* into the text */
    uint32_t length;
    uint32_t line; /* 1-based, of its first character */
    uint32_t kind; /* enum lexer_kind */
};

/* Split `text` (not NUL-terminated, shorter than 4 GiB) into tokens. Text that no compiler would take is no error: a
   string ends with its line at the latest. *out is malloc'ed. Returns 0 or -ENOMEM. */
int lexer_run(const char *text, size_t length, struct lexer_token **out, size_t *count);

#endif
