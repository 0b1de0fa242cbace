/* Writing HTML. */

#include "report/page-html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define SPARK_WIDTH 120
#define SPARK_HEIGHT 24
#define SPARK_MARGIN 2

void html_begin(FILE *out, const char *title, const struct page_asset *script)
{
    errno = 0;
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
          "form-action 'none'; style-src '",
          out);
    fprintf(out, "%s'", page_style.hash);
    if (script != NULL)
        fprintf(out, "; script-src '%s'", script->hash);
    fputs("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
          "content=\"no-referrer\">\n<title>",
          out);
    html_text(out, title);
    fputs("</title>\n<style>", out);
    fwrite(page_style.bytes, 1, page_style.length, out);
    fputs("</style>\n</head>\n<body>\n", out);
}

int html_end(FILE *out, struct err *err)
{
    fputs("</body>\n</html>\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    int code = errno != 0 ? -errno : -EIO;
    return err_set(err, code, "page: %s", strerror(-code));
}

void html_begin_data(FILE *out, const char *otherwise)
{
    fprintf(out, "<noscript>%s</noscript>\n<script type=\"application/json\" id=\"data\">", otherwise);
}

void html_end_data(FILE *out, const struct page_asset *script)
{
    fputs("</script>\n", out);
    html_script(out, script);
}

void html_script(FILE *out, const struct page_asset *script)
{
    fputs("<script>", out);
    fwrite(script->bytes, 1, script->length, out);
    fputs("</script>\n", out);
}

static const char *escape_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void put_escaped(FILE *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char *escape = escape_of(bytes[i]);
        bool is_control = (unsigned char)bytes[i] < 0x20 && bytes[i] != '\t' && bytes[i] != '\n';
        if (escape != NULL)
            fputs(escape, out);
        else
            putc(is_control ? '?' : bytes[i], out);
    }
}

void html_text(FILE *out, const char *text)
{
    struct text clean = TEXT_EMPTY;
    text_add_utf8(&clean, text, strlen(text));
    put_escaped(out, text_get(&clean), clean.length);
    text_fini(&clean);
}

static bool is_plain(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte != '\0' && strchr("._~-", byte) != NULL);
}

void html_url(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        fprintf(out, is_plain((unsigned char)*name) ? "%c" : "%%%02X", (unsigned char)*name);
}

/* The range of the values, from 0; at least 1 wide. */
static void find_range(const struct html_spark *spark, int64_t *low, int64_t *high)
{
    *low = *high = 0;
    for (size_t i = 0; i < spark->count; i++) {
        if (spark->has[i] && spark->values[i] < *low)
            *low = spark->values[i];
        if (spark->has[i] && spark->values[i] > *high)
            *high = spark->values[i];
    }
    if (*high == *low)
        ++*high;
}

void html_spark(FILE *out, const struct html_spark *spark)
{
    int64_t low, high;
    find_range(spark, &low, &high);
    fprintf(out, "<svg class=\"spark\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", SPARK_WIDTH, SPARK_HEIGHT);
    html_text(out, spark->label);
    fputs("\"><path d=\"", out);
    bool is_drawing = false;
    double x = SPARK_MARGIN, y = 0, last_x = 0, last_y = 0;
    double step = spark->count > 1 ? (double)(SPARK_WIDTH - 2 * SPARK_MARGIN) / (double)(spark->count - 1) : 0;
    for (size_t i = 0; i < spark->count; i++, x += step) {
        if (spark->has[i]) {
            y = SPARK_HEIGHT - SPARK_MARGIN -
                (SPARK_HEIGHT - 2 * SPARK_MARGIN) * ((double)spark->values[i] - (double)low) /
                    ((double)high - (double)low);
            fprintf(out, "%c%.1f %.1f", is_drawing ? 'L' : 'M', x, y);
            last_x = x;
            last_y = y;
        }
        is_drawing = spark->has[i];
    }
    fputs("\"/>", out);
    if (last_x > 0)
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>", last_x, last_y);
    fputs("</svg>", out);
}
