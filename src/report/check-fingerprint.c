/* Identities of findings, by which GitHub and GitLab know a finding of an earlier run again. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/check-print.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)

struct identity {
    uint64_t hash;
    struct check_finding *finding;
};

/* FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/), a mark behind each text. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static uint64_t hash_of(const struct check_result *result, const struct check_finding *finding)
{
    uint64_t hash = hash_text(HASH_START, check_rule(finding));
    hash = hash_text(hash, result->requests[finding->request].name);
    size_t shown = check_shown_frames(finding);
    for (size_t i = 0; i < shown; i++) {
        const struct check_frame *frame = &finding->frames[i];
        hash = hash_text(hash, frame->function != NULL ? frame->function : check_base_name(frame->module));
    }
    return hash;
}

/* Equal chains in the order of their code, which lines that move elsewhere do not change. */
static int compare(const void *left, const void *right)
{
    const struct identity *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    const struct check_finding *x = a->finding, *y = b->finding;
    for (size_t i = 0; i < x->frame_count && i < y->frame_count; i++)
        if (x->frames[i].address != y->frames[i].address)
            return x->frames[i].address < y->frames[i].address ? -1 : 1;
    return (x->frame_count > y->frame_count) - (x->frame_count < y->frame_count);
}

static int fingerprint(const struct check_result *result, struct check_finding *findings, size_t count)
{
    struct identity *identities = malloc((count + 1) * sizeof *identities);
    if (identities == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        identities[i] = (struct identity){.hash = hash_of(result, &findings[i]), .finding = &findings[i]};
    qsort(identities, count, sizeof *identities, compare);
    uint64_t same = 0;
    for (size_t i = 0; i < count; i++) {
        same = i > 0 && identities[i].hash == identities[i - 1].hash ? same + 1 : 0;
        uint64_t own = (identities[i].hash ^ same) * (same > 0 ? UINT64_C(0x100000001b3) : 1);
        snprintf(identities[i].finding->fingerprint, sizeof identities[i].finding->fingerprint, "%016" PRIx64, own);
    }
    free(identities);
    return 0;
}

int check_fingerprint_all(struct check_result *result)
{
    int status = fingerprint(result, result->findings, result->finding_count);
    return status == 0 ? fingerprint(result, result->kept, result->kept_count) : status;
}
