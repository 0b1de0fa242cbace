/* What the formats have in common. */

#include "report/format-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/describe.h"
#include "report/heap-stacks.h"

int format_frames_take(struct format_frames *frames, const struct model *model, const struct model_stack *stack)
{
    const size_t depth = model_depth(model, stack);
    uint32_t *numbers = array_grow(frames->numbers, &frames->room, depth, sizeof *numbers);
    if (numbers == NULL)
        return -ENOMEM;
    frames->numbers = numbers;
    frames->count = 0;
    struct model_walk walk = {0};
    for (const struct model_frame *frame; (frame = model_next(model, stack, &walk)) != NULL;)
        numbers[frames->count++] = (uint32_t)(frame - model->frames);
    return 0;
}

void format_frames_fini(struct format_frames *frames)
{
    free(frames->numbers);
    *frames = (struct format_frames){0};
}

bool format_has(const struct model *model, enum model_measure measure)
{
    return measure == MODEL_TIME_NS ? model->has_time : model->has_memory;
}

int format_check_measure(const struct model *model, enum model_measure measure, struct err *err)
{
    if (format_has(model, measure))
        return 0;
    return err_set(err, -ENODATA, "%s: so there is no profile of %s",
                   measure == MODEL_TIME_NS ? "CPU time was not measured" : "allocations were not recorded",
                   measure == MODEL_TIME_NS ? "it" : "them");
}

int format_check(const struct model *model, struct err *err)
{
    return model->has_memory || model->has_time
               ? 0
               : err_set(err, -ENODATA, "neither allocations nor CPU time were recorded: there is no profile");
}

enum model_measure format_main_measure(const struct model *model)
{
    return model->has_memory ? MODEL_ALLOC_BYTES : MODEL_TIME_NS;
}

int format_finish(FILE *out, int code, const char *name, struct err *err)
{
    errno = 0;
    if (code == 0 && (fflush(out) != 0 || ferror(out)))
        code = errno != 0 ? -errno : -EIO;
    return code == 0 ? 0 : err_set(err, code, "%s: %s", name, strerror(-code));
}

int format_find_blamed(const struct model *model, const struct model_stack *stack, uint32_t *frame)
{
    struct stacks_blame blame = {.depth = 0};
    uint32_t address = 0, link = 0;
    if (stack->site != NULL) {
        if (stacks_find_blame(model->stacks_of, stack->site, &blame) != 0)
            return -ENOMEM;
        const uint32_t inner = stacks_inner(model->stacks_of, stack->site);
        address = blame.depth > inner ? blame.depth - inner : 0;
        link = blame.link;
    }
    if (address >= stack->address_count) /* an outer frame that is left out */
        address = link = 0;
    const struct model_address *place = &model->addresses[model->stack_addresses[stack->address_first + address]];
    *frame = model->links[place->link_first + (link < place->link_count ? link : 0)];
    return 0;
}

void format_add_name(struct text *out, const char *name)
{
    struct text printable = TEXT_EMPTY;
    text_add_printable(&printable, name);
    text_add_utf8(out, text_get(&printable), printable.length);
    out->failed |= printable.failed;
    text_fini(&printable);
}

void format_print(struct text *text, FILE *out, int *code)
{
    if (text->failed)
        *code = -ENOMEM;
    fputs(text_get(text), out);
    text_fini(text);
}

void format_add_command(struct text *out, const struct session *session)
{
    for (size_t i = 0; session->argv != NULL && session->argv[i] != NULL; i++) {
        text_add(out, i > 0 ? " " : "");
        format_add_name(out, session->argv[i]);
    }
}

void format_add_title(struct text *out, const struct model *model)
{
    describe_request(out, model->request, model->session);
    if (model->has_memory)
        describe_estimate(out, model->session);
}

int format_compare_texts(const char *a, const char *b)
{
    if (a == b)
        return 0;
    return a == NULL ? -1 : b == NULL ? 1 : strcmp(a, b);
}

int format_compare_functions(const struct model *model, uint32_t a, uint32_t b)
{
    const struct model_function *left = &model->functions[a], *right = &model->functions[b];
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = format_compare_texts(left->file, right->file);
    if (order == 0)
        order = format_compare_texts(left->module, right->module);
    return order != 0 ? order : (a > b) - (a < b);
}
