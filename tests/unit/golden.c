/* Comparing with files of tests/golden. */

#include <config.h>

#include "golden.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void write_file(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static bool has_file_text(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    char *old = malloc(length + 1);
    assert_non_null(old);
    size_t got = fread(old, 1, length + 1, file); /* one more, so that a longer file differs */
    fclose(file);
    bool same = got == length && memcmp(old, text, length) == 0;
    free(old);
    return same;
}

static void show_difference(const char *expected, const char *text, size_t length)
{
    char actual[] = "/tmp/golden-XXXXXX";
    int fd = mkstemp(actual);
    assert_true(fd >= 0);
    close(fd);
    write_file(actual, text, length);
    char command[2 * PATH_MAX + 64];
    snprintf(command, sizeof command, "diff -u '%s' '%s' >&2", expected, actual);
    if (system(command) == 0)
        fprintf(stderr, "%s: differs in length only\n", expected);
    unlink(actual);
}

void golden_compare(const char *name, const char *text, size_t length)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/golden/%s", TEST_SRCDIR, name);
    if (getenv("UPDATE_GOLDEN") != NULL) {
        write_file(path, text, length);
        return;
    }
    if (!has_file_text(path, text, length)) {
        show_difference(path, text, length);
        fail_msg("tests/golden/%s differs (UPDATE_GOLDEN=1 rewrites it)", name);
    }
}

void golden_mask_version(char *text, size_t *length)
{
    for (char *at; (at = strstr(text, PACKAGE_VERSION)) != NULL; *length -= strlen(PACKAGE_VERSION))
        memmove(at, at + strlen(PACKAGE_VERSION), strlen(at) - strlen(PACKAGE_VERSION) + 1);
}
