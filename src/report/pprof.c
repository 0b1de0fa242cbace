/* profile.prof: pprof's profile.proto in gzip's format. A message that is written in pieces is the same as the pieces
   put together (Protocol Buffers, "Encoding", on merging), so each piece goes out by itself and memory holds one at a
   time. */

#include <config.h>

#include "report/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/array.h"
#include "report/format-parts.h"
#include "report/pprof.pb-c.h"

#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, with gzip's header */
#define DEFAULT_TYPE "inuse_space"

/* The same in every file, so that any two can be compared. */
static const struct {
    enum model_measure measure;
    const char *type, *unit;
} types[] = {
    {MODEL_ALLOC_COUNT, "alloc_objects", "count"}, {MODEL_ALLOC_BYTES, "alloc_space", "bytes"},
    {MODEL_LIVE_COUNT, "inuse_objects", "count"},  {MODEL_LIVE_BYTES, DEFAULT_TYPE, "bytes"},
    {MODEL_PEAK_BYTES, "peak_space", "bytes"},     {MODEL_TIME_NS, "time", "nanoseconds"},
};
#define TYPE_COUNT (sizeof types / sizeof *types)

struct writer {
    ProtobufCBuffer base; /* first: what protobuf-c hands to append */
    const struct model *model;
    FILE *out;
    z_stream zip;
    int64_t string_count;
    uint64_t *limits; /* by module: behind its last address that a stack has */
    uint64_t *ids;    /* of a stack's locations */
    Pprof__Line *lines;
    Pprof__Line **line_pointers;
    size_t id_room, line_room, pointer_room;
    int64_t key_request, request; /* strings; 0: none */
    int64_t key_bytes, unit_bytes;
    int code;
};

static void deflate_out(struct writer *writer, int flush)
{
    unsigned char bytes[16384];
    do {
        writer->zip.next_out = bytes;
        writer->zip.avail_out = sizeof bytes;
        deflate(&writer->zip, flush);
        fwrite(bytes, 1, sizeof bytes - writer->zip.avail_out, writer->out);
    } while (writer->zip.avail_out == 0);
}

static void append(ProtobufCBuffer *base, size_t length, const uint8_t *data)
{
    struct writer *writer = (struct writer *)base;
    writer->zip.next_in = (Bytef *)(uintptr_t)data;
    writer->zip.avail_in = (uInt)length;
    deflate_out(writer, Z_NO_FLUSH);
}

static void emit(struct writer *writer, const Pprof__Profile *piece)
{
    pprof__profile__pack_to_buffer(piece, &writer->base);
}

/* The number of a new string. Equal ones may be there more than once. */
static int64_t add_string(struct writer *writer, const char *string)
{
    struct text text = TEXT_EMPTY;
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    text_add_utf8(&text, string, strlen(string));
    if (text.failed)
        writer->code = -ENOMEM;
    char *strings[] = {text.bytes != NULL ? text.bytes : (char[]){""}};
    piece.n_string_table = 1;
    piece.string_table = strings;
    emit(writer, &piece);
    text_fini(&text);
    return writer->string_count++;
}

static int64_t add_optional(struct writer *writer, const char *string)
{
    return string != NULL && *string != '\0' ? add_string(writer, string) : 0;
}

static int64_t add_text(struct writer *writer, struct text *text)
{
    if (text->failed)
        writer->code = -ENOMEM;
    const int64_t number = add_optional(writer, text_get(text));
    text_fini(text);
    return number;
}

static void add_types(struct writer *writer)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        Pprof__Profile piece = PPROF__PROFILE__INIT;
        Pprof__ValueType type = PPROF__VALUE_TYPE__INIT, *pointer = &type;
        type.type = add_string(writer, types[i].type);
        type.unit = add_string(writer, types[i].unit);
        piece.n_sample_type = 1;
        piece.sample_type = &pointer;
        if (strcmp(types[i].type, DEFAULT_TYPE) == 0)
            piece.default_sample_type = type.type;
        emit(writer, &piece);
    }
}

static void add_comment(struct writer *writer, struct text *text)
{
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    int64_t number = add_text(writer, text);
    piece.n_comment = 1;
    piece.comment = &number;
    emit(writer, &piece);
}

static void add_comments(struct writer *writer, const struct report_origin *origin)
{
    struct text text = TEXT_EMPTY;
    text_add(&text, PACKAGE_STRING ": ");
    format_add_title(&text, writer->model);
    add_comment(writer, &text);
    format_add_command(&text, writer->model->session);
    if (text.length > 0)
        add_comment(writer, &text);
    if (origin != NULL && origin->commit != NULL) {
        text_add(&text, "commit ");
        format_add_name(&text, origin->commit);
        text_add(&text, origin->subject != NULL ? ": " : "");
        format_add_name(&text, origin->subject != NULL ? origin->subject : "");
        add_comment(writer, &text);
    }
    if (!writer->model->has_memory)
        text_add(&text, "allocations were not recorded: all values but time stand for nothing");
    if (!writer->model->has_time)
        text_add(&text, "CPU time was not measured: the values of time stand for nothing");
    if (text.length > 0)
        add_comment(writer, &text);
}

static void add_times(struct writer *writer, const struct report_origin *origin)
{
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    Pprof__ValueType period = PPROF__VALUE_TYPE__INIT;
    period.type = add_string(writer, "space");
    period.unit = add_string(writer, "bytes");
    piece.period_type = &period;
    piece.period = writer->model->session->sample_bytes > 0 ? (int64_t)writer->model->session->sample_bytes : 1;
    piece.time_nanos = origin != NULL ? origin->time_s * 1000000000 : 0;
    piece.duration_nanos = (int64_t)writer->model->request->elapsed_ns;
    emit(writer, &piece);
}

/* What is known of the code in a module; addresses are those of its file, as if it had been loaded at 0. */
static void add_mapping(struct writer *writer, size_t module)
{
    const struct session *session = writer->model->session;
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    Pprof__Mapping mapping = PPROF__MAPPING__INIT, *pointer = &mapping;
    mapping.id = module + 1;
    mapping.memory_limit = writer->limits[module];
    mapping.filename = add_optional(writer, session->modules[module]);
    mapping.build_id = add_optional(writer, session->build_ids != NULL ? session->build_ids[module] : NULL);
    /* Whatever is not named here has no name that pprof could find. */
    mapping.has_functions = mapping.has_filenames = mapping.has_line_numbers = mapping.has_inline_frames = true;
    piece.n_mapping = 1;
    piece.mapping = &pointer;
    emit(writer, &piece);
}

/* The program itself first: pprof calls the profile by it. */
static void add_mappings(struct writer *writer)
{
    const struct session *session = writer->model->session;
    size_t first = session->module_count;
    for (size_t i = session->module_count; i-- > 0 && session->process_count > 0;)
        if (format_compare_texts(session->modules[i], session->processes[0].exe) == 0)
            first = i;
    if (first < session->module_count)
        add_mapping(writer, first);
    for (size_t i = 0; i < session->module_count; i++)
        if (i != first && writer->limits[i] > 0)
            add_mapping(writer, i);
}

static int find_limits(struct writer *writer)
{
    const struct model *model = writer->model;
    const size_t count = model->session->module_count;
    writer->limits = calloc(count + 1, sizeof *writer->limits);
    for (size_t i = 0; writer->limits != NULL && i < model->address_count; i++) {
        const struct session_frame *place = model->addresses[i].place;
        if (place != NULL && place->module < count && place->address >= writer->limits[place->module])
            writer->limits[place->module] = place->address + 1;
    }
    return writer->limits != NULL ? 0 : -ENOMEM;
}

static void add_function(struct writer *writer, size_t number)
{
    const struct model_function *function = &writer->model->functions[number];
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    Pprof__Function message = PPROF__FUNCTION__INIT, *pointer = &message;
    message.id = number + 1;
    message.name = add_string(writer, function->name);
    message.system_name = function->linkage_name != NULL ? add_string(writer, function->linkage_name) : message.name;
    message.filename = add_optional(writer, function->file);
    message.start_line = function->line;
    piece.n_function = 1;
    piece.function = &pointer;
    emit(writer, &piece);
}

/* Room for the lines of one location. */
static int make_lines(struct writer *writer, size_t count)
{
    Pprof__Line *lines = array_grow(writer->lines, &writer->line_room, count, sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    writer->lines = lines;
    Pprof__Line **pointers = array_grow(writer->line_pointers, &writer->pointer_room, count, sizeof(Pprof__Line *));
    if (pointers == NULL)
        return -ENOMEM;
    writer->line_pointers = pointers;
    return 0;
}

static void add_location(struct writer *writer, size_t number)
{
    const struct model *model = writer->model;
    const struct model_address *address = &model->addresses[number];
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    Pprof__Location location = PPROF__LOCATION__INIT, *pointer = &location;
    if (make_lines(writer, address->link_count) != 0) {
        writer->code = -ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < address->link_count; i++) {
        const struct model_frame *frame = &model->frames[model->links[address->link_first + i]];
        writer->lines[i] = (Pprof__Line)PPROF__LINE__INIT;
        writer->lines[i].function_id = frame->function + 1;
        writer->lines[i].line = frame->line;
        writer->line_pointers[i] = &writer->lines[i];
    }
    location.id = number + 1;
    location.address = address->place != NULL ? address->place->address : 0;
    if (address->place != NULL && address->place->module < model->session->module_count)
        location.mapping_id = address->place->module + 1;
    location.n_line = address->link_count;
    location.line = writer->line_pointers;
    piece.n_location = 1;
    piece.location = &pointer;
    emit(writer, &piece);
}

/* The labels of a stack; returns how many. */
static size_t make_labels(const struct writer *writer, const struct model_stack *stack, Pprof__Label labels[2])
{
    size_t count = 0;
    if (writer->request != 0) {
        labels[count] = (Pprof__Label)PPROF__LABEL__INIT;
        labels[count].key = writer->key_request;
        labels[count++].str = writer->request;
    }
    if (stack->site != NULL && stack->site->alloc_count > 0 &&
        stack->site->size_min_bytes == stack->site->size_max_bytes) {
        labels[count] = (Pprof__Label)PPROF__LABEL__INIT;
        labels[count].key = writer->key_bytes;
        labels[count].num = (int64_t)stack->site->size_max_bytes;
        labels[count++].num_unit = writer->unit_bytes;
    }
    return count;
}

static void add_sample(struct writer *writer, const struct model_stack *stack)
{
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    Pprof__Sample sample = PPROF__SAMPLE__INIT, *pointer = &sample;
    Pprof__Label labels[2], *label_pointers[] = {&labels[0], &labels[1]};
    int64_t values[TYPE_COUNT];
    uint64_t *ids = array_grow(writer->ids, &writer->id_room, stack->address_count, sizeof *ids);
    if (ids == NULL) {
        writer->code = -ENOMEM;
        return;
    }
    writer->ids = ids;
    for (uint32_t i = 0; i < stack->address_count; i++)
        ids[i] = writer->model->stack_addresses[stack->address_first + i] + 1;
    for (size_t i = 0; i < TYPE_COUNT; i++)
        values[i] = (int64_t)stack->measures[types[i].measure];
    sample.n_location_id = stack->address_count;
    sample.location_id = ids;
    sample.n_value = TYPE_COUNT;
    sample.value = values;
    sample.n_label = make_labels(writer, stack, labels);
    sample.label = label_pointers;
    piece.n_sample = 1;
    piece.sample = &pointer;
    emit(writer, &piece);
}

static void add_label_strings(struct writer *writer)
{
    const struct session_request *request = writer->model->request;
    writer->key_bytes = add_string(writer, "bytes");
    writer->unit_bytes = add_string(writer, "bytes");
    if (request->is_run)
        return;
    struct text text = TEXT_EMPTY;
    text_addf(&text, "%s %s", request->method, request->target);
    writer->key_request = add_string(writer, "request");
    writer->request = add_text(writer, &text);
}

static void write_all(struct writer *writer, const struct report_origin *origin)
{
    const struct model *model = writer->model;
    add_string(writer, "");
    add_types(writer);
    add_times(writer, origin);
    add_comments(writer, origin);
    add_label_strings(writer);
    add_mappings(writer);
    for (size_t i = 0; i < model->function_count; i++)
        add_function(writer, i);
    for (size_t i = 0; i < model->address_count; i++)
        add_location(writer, i);
    for (size_t i = 0; i < model->stack_count; i++)
        add_sample(writer, &model->stacks[i]);
}

int report_pprof(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct writer writer = {.base = {append}, .model = model, .out = out};
    int code = format_check(model, err);
    if (code != 0)
        return code;
    if (deflateInit2(&writer.zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return err_set(err, -ENOMEM, "profile.prof: %s", strerror(ENOMEM));
    code = find_limits(&writer);
    if (code == 0) {
        write_all(&writer, options->origin);
        deflate_out(&writer, Z_FINISH);
        code = writer.code;
    }
    deflateEnd(&writer.zip);
    free(writer.limits);
    free(writer.ids);
    free(writer.lines);
    free(writer.line_pointers);
    return format_finish(out, code, "profile.prof", err);
}
