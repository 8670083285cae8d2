/* A piece played and measured: the rows of measure_music.
 *
 * One thread at a time. Whatever the piece fails with ends the program (exit 3), and so does a lack of memory. */
#ifndef AUR_BENCH_MUSIC_H
#define AUR_BENCH_MUSIC_H

#include "compose/piece.h"
#include "kernels/isa.h"
#include "support/analysis.h"
#include "support/report.h"
#include "support/tune.h"

/* One seed's notes and, where it was played, sound. */
struct take {
    struct tune tune;
    float *data; /* interleaved stereo */
    size_t frames, cap;
};

/* Of 100: chord tones, other tones of the scale, chromatic tones of the lead, as the piece declares them. */
struct shares {
    double chord, scale, chromatic;
};

struct aur_piece *music_load(const char *script);
/* Through the whole engine; the result borrows from the take. */
struct audio music_play(struct take *take, const struct aur_piece *piece, enum aur_isa isa, uint64_t seed,
                        const struct aur_controls *controls, double seconds);
/* The score alone. */
void music_compose(struct take *take, const struct aur_piece *piece, uint64_t seed, const struct aur_controls *controls,
                   double seconds);
void music_drop(struct take *take);

/* Rows of sound, of the score, and of the lead's shares alone (`when` ends the rows' names). */
void music_measure_sound(struct report *r, struct audio_levels *l, struct audio_centroid *c, const struct audio *a,
                         const struct tune *tune);
void music_measure_score(struct report *r, const struct tune *tune, const struct shares *shares);
void music_measure_shares(struct report *r, const struct tune *tune, const struct shares *shares, const char *when);

#endif
