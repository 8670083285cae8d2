/* Two recorded sessions side by side: notes that differ, and where their sound parts. One thread at a time; hours in constant
 * memory. Both have the same rate. */
#ifndef AUR_BOUNCE_COMPARE_H
#define AUR_BOUNCE_COMPARE_H

#include "bounce/replay.h"

enum aur_note_difference { AUR_NOTE_ONLY_A, AUR_NOTE_ONLY_B, AUR_NOTE_CHANGED, AUR_NOTE_DIFFERENCES };

struct aur_compared_note {
    const struct aur_phrase *phrase; /* that it is of */
    const struct aur_note *note;     /* NULL: there is none */
};
/* Notes that begin at one frame are taken together: what is the same in both is left out, then those of one patch and pitch are
 * paired, then those of one patch: changed. Valid until it returns. */
typedef void aur_compare_fn(void *user, enum aur_note_difference difference, const struct aur_compared_note *a,
                            const struct aur_compared_note *b);
struct aur_compare_counts {
    uint64_t same, differences[AUR_NOTE_DIFFERENCES];
};
/* Notes that begin before `end`, in order; both replays stand at their beginning. fn may be NULL. Errors: those of aur_replay_phrase. */
AUR_MUST_USE int aur_compare_notes(struct aur_compare_counts *out, struct aur_replay *a, struct aur_replay *b,
                                   uint64_t end, aur_compare_fn *fn, void *user, struct aur_error *err);

#define AUR_COMPARE_SAME UINT64_MAX
/* *frame: the first that differs in any bit, or AUR_COMPARE_SAME. Renders both from their beginning, on the kernels of isa.
 * interrupted: stored nonzero atomically to stop. Errors: those of aur_player_pull; AUR_EBUSY when interrupted. */
AUR_MUST_USE int aur_compare_sound(uint64_t *frame, struct aur_replay *a, struct aur_replay *b, uint64_t end,
                                   enum aur_isa isa, const int *interrupted, struct aur_error *err);

#endif
