/* Taps: the parts that the sound is the sum of, block by block, for who asks for them. Asking changes no sample of the
 * whole, and nothing is done for taps where nobody asks.
 *
 * In each block of 64 frames the mix is, in single precision and in this order,
 *
 *     ((((stem + stem) + ...) + chorus) + delay) + reverb
 *
 * with stems in the order of their patches' names (strcmp). A stem is what one patch adds: its voices with their places
 * from left to right, times the patch's level; patches of the same name, one of which rings out, are one. The returns are what effects add. What follows the
 * mix (tilt, level, limiter) is the master, which is AUR_SYNTH_LATENCY_FRAMES late. */
#ifndef AUR_SYNTH_TAPS_H
#define AUR_SYNTH_TAPS_H

#include "synth/synth.h"

enum aur_tap_kind {
    AUR_TAP_STEM,
    AUR_TAP_CHORUS,
    AUR_TAP_DELAY,
    AUR_TAP_REVERB,
    AUR_TAP_MIX, /* the sum of all; the block's last */
    AUR_TAPS
};

struct aur_taps {
    /* One block of a part: 64 frames of left and right. Called in the order above, from inside aur_synth_render; parts that are
     * silent may be left out. patch: name of a stem's patch, else NULL. [render] */
    void (*part)(void *user, enum aur_tap_kind tap, const char *patch, const float *left, const float *right);
    void *user;
};

/* The next blocks' parts go there; NULL: nowhere. taps is borrowed. Errors: AUR_ENOTSUP (a synth with a backend). [render] */
AUR_MUST_USE int aur_synth_tap(struct aur_synth *synth, const struct aur_taps *taps);

#endif
