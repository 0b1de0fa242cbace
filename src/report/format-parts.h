/* What the formats have in common. */

#ifndef REPORT_FORMAT_PARTS_H
#define REPORT_FORMAT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "report/model.h"

/* The frames of one stack, by their numbers in the model; reused from stack to stack. Begins zeroed. */
struct format_frames {
    uint32_t *numbers; /* innermost first */
    size_t count, room;
};

/* Take those of `stack`. 0 or -ENOMEM. */
int format_frames_take(struct format_frames *frames, const struct model *model, const struct model_stack *stack);
void format_frames_fini(struct format_frames *frames);

/* Was the measure recorded? */
bool format_has(const struct model *model, enum model_measure measure);

/* 0; -ENODATA with a sentence when the measure was not recorded, or nothing was. */
int format_check_measure(const struct model *model, enum model_measure measure, struct err *err);
int format_check(const struct model *model, struct err *err);

/* The measure that a format with room for one shows. */
enum model_measure format_main_measure(const struct model *model);

/* The end of a format: 0 when `code` is and all was written, else a negative errno and the sentence that `name` could
   not be written. */
int format_finish(FILE *out, int code, const char *name, struct err *err);

/* The number of the function that a stack's memory is blamed on, and that of the frame. 0 or -ENOMEM. */
int format_find_blamed(const struct model *model, const struct model_stack *stack, uint32_t *frame);

/* A foreign name, as UTF-8 without control characters: every format has to be readable as a text, line by line. */
void format_add_name(struct text *out, const char *name);

/* Print a text and release it; when it failed, *code becomes -ENOMEM. */
void format_print(struct text *text, FILE *out, int *code);

/* "GET /memory -> 200", "./app -v: exit status 0": what the window is; and whether figures are
   estimates. */
void format_add_title(struct text *out, const struct model *model);

/* The program's command line, with blanks between its words. */
void format_add_command(struct text *out, const struct session *session);

/* Order by name, then by file and module: -1, 0 or 1, where 0 is the same function only. */
int format_compare_functions(const struct model *model, uint32_t a, uint32_t b);

/* strcmp where NULL comes first. */
int format_compare_texts(const char *a, const char *b);

#endif
