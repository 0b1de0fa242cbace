/* Errors as sentences: a function that can fail returns a negative errno and puts into the caller's `struct err` what
   went wrong, why, and what cures it. Only `cli` prints them. */

#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_TEXT_BYTES 1024

struct err {
    char text[ERR_TEXT_BYTES]; /* "" when there is none */
};

/* Put a sentence into `err` (which may be NULL) and return `code`, a negative errno. Longer texts are cut. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Put "prefix: " in front of the sentence already in `err` and return `code`. */
int err_prefix(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
