/* Stored profiles, as the commands `report` and `compare` read them. */

#include "profile.h"

#include <stdio.h>
#include <stdlib.h>

bool fuzz_profile_read(struct fuzz_profile *profile, const char *path)
{
    struct err err;
    *profile =
        (struct fuzz_profile){.options = {.style = REPORT_STYLE_SYSENG, .precision = 3, .source = true, .time = true},
                              .origin = {.path = "profile", .commit = "1234567", .subject = "Change", .time_s = 1}};
    if (stored_read(path, &profile->stored, &err) != 0)
        return false;
    stored_serve(profile->stored, &profile->options);
    profile->options.origin = &profile->origin;
    if (model_build(stored_session(profile->stored), 0, profile->options.lookup, profile->options.lookup_data,
                    &profile->model) != 0)
        abort();
    return true;
}

void fuzz_profile_fini(struct fuzz_profile *profile)
{
    model_fini(&profile->model);
    stored_free(profile->stored);
}

void fuzz_profile_read_golden(struct fuzz_profile *profile, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", FUZZ_GOLDEN, name);
    if (fuzz_profile_read(profile, path))
        return;
    fprintf(stderr, "%s cannot be read\n", path);
    abort();
}

void fuzz_profile_compare(const struct fuzz_profile *old, const struct fuzz_profile *new,
                          struct compare_input inputs[COMPARE_SIDES], struct compare_result *out)
{
    struct compare_snapshot snapshots[COMPARE_SIDES];
    const struct fuzz_profile *const sides[COMPARE_SIDES] = {old, new};
    struct err err;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        inputs[side] = (struct compare_input){.model = &sides[side]->model, .options = &sides[side]->options};
        snapshots[side] =
            (struct compare_snapshot){.name = "2014-02-17_18:20:37", .inputs = &inputs[side], .input_count = 1};
    }
    if (compare_build(snapshots, out, &err) != 0)
        abort();
}
