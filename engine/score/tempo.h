/* Beats to frames, in 64-bit integers. Everything the engine starts or ends lies on a grid of 64 frames.
 * A beat is the meter's denominator unit, so a bar lasts numerator beats. Pure; any thread. */
#ifndef AUR_SCORE_TEMPO_H
#define AUR_SCORE_TEMPO_H

#include <stdint.h>

#define AUR_BLOCK_FRAMES 64
#define AUR_BPM_MIN      40
#define AUR_BPM_MAX      200

/* Scripts' beats are quantised to 2^-20, pitch, velocity and pan to 2^-16. */
#define AUR_BEAT_ONE (INT64_C(1) << 20)
#define AUR_Q16_ONE  65536

/* Beats (of 2^-20) from a boundary, in frames from that boundary, rounded to the nearest multiple of 64.
 * beats_q20 in [0, 2^32); exact integer arithmetic, never accumulated. */
uint64_t aur_tempo_frames(int64_t beats_q20, int bpm, uint32_t rate_hz);

#endif
