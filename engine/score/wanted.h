/* Controls as somebody wants them, by name, before it is known which piece will play: a preset's, a settings file's, a
 * listener's. What is not named stays as the piece has it. Plain data; any thread, caller's copy. */
#ifndef AUR_SCORE_WANTED_H
#define AUR_SCORE_WANTED_H

#include "score/control.h"

#define AUR_WANTED_MAX 32 /* every numeric control a piece can have */

struct aur_wanted {
    bool has_key;
    struct aur_key key;
    size_t n;
    struct {
        char name[AUR_CONTROL_NAME_SIZE];
        double value;
    } items[AUR_WANTED_MAX]; /* built-in or the piece's, each name once */
};

/* Wants a value; the last one of a name counts. AUR_EINVAL: the name is longer than any control's, or there are too many. */
AUR_MUST_USE int aur_wanted_put(struct aur_wanted *wanted, const char *name, double value, struct aur_error *err);

/* Sets in controls what is wanted. AUR_EINVAL with field, value, allowed at the first that the piece does not take; then
 * controls are as far as it came. */
AUR_MUST_USE int aur_wanted_apply(const struct aur_wanted *wanted, struct aur_controls *controls,
                                  const struct aur_control_specs *specs, struct aur_error *err);
/* The same, leaving out what the piece does not take. */
void aur_wanted_apply_known(const struct aur_wanted *wanted, struct aur_controls *controls,
                            const struct aur_control_specs *specs);

#endif
