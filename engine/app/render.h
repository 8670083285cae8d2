/* render's arguments, for the files that are the command. */
#ifndef AUR_APP_RENDER_H
#define AUR_APP_RENDER_H

#include "app/batch.h"
#include "app/options.h"
#include "app/output.h"

#define AUR_RENDER_PHRASES 8 /* without --phrases and --duration */
#define AUR_RENDER_SEED    1

struct aur_render_args {
    struct aur_output_args output;
    int phrases;
    double duration, tail;
    struct aur_text_list set;
    struct aur_batch_args batch;
};

/* Whether several files are asked for: a batch script, several scripts, or a folder to write into. */
bool aur_render_is_many(const struct aur_render_args *args, const struct aur_parsed *parsed);
/* Renders them; returns the exit code. */
int aur_render_many(const struct aur_render_args *args, const struct aur_parsed *parsed);
/* Options that only several files have, where there is one. AUR_EINVAL. */
AUR_MUST_USE int aur_render_check_one(const struct aur_render_args *args, const struct aur_parsed *parsed,
                                      struct aur_error *err);

#endif
