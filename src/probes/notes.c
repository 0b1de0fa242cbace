/* Notes of a plan. */

#include "probes/notes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int notes_add(struct probes *probes, enum probes_note_kind kind, const char *subject, const char *detail)
{
    struct probes_note *notes = reallocarray(probes->notes, probes->note_count + 1, sizeof *notes);
    if (notes == NULL)
        return -ENOMEM;
    probes->notes = notes;
    struct probes_note note = {kind, strdup(subject), detail != NULL ? strdup(detail) : NULL};
    if (note.subject == NULL || (detail != NULL && note.detail == NULL)) {
        free(note.subject);
        free(note.detail);
        return -ENOMEM;
    }
    notes[probes->note_count++] = note;
    return 0;
}

int notes_add_count(struct probes *probes, enum probes_note_kind kind, const char *subject, size_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", count);
    return notes_add(probes, kind, subject, text);
}

int notes_unmatched_globs(struct probes *probes, const struct globs *globs)
{
    int code = 0;
    for (size_t i = 0; i < globs->count && code == 0; i++)
        if (!globs->items[i].has_matched)
            code = notes_add(probes, PROBES_NOTE_GLOB_UNMATCHED, globs->items[i].text, globs->items[i].nearest);
    return code;
}
