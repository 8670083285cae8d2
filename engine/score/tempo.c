/* Beats to frames: one rounding, in integers, from the boundary. */
#include "score/tempo.h"

uint64_t aur_tempo_frames(int64_t beats_q20, int bpm, uint32_t rate_hz)
{
    if (beats_q20 < 0)
        return 0;
    /* beats * 60 * rate / bpm frames; below 2^57 for 2^32 beats_q20 at 384 kHz */
    uint64_t num = (uint64_t)beats_q20 * 60 * rate_hz;
    uint64_t den = (uint64_t)bpm * (uint64_t)AUR_BEAT_ONE * AUR_BLOCK_FRAMES;
    return (num + den / 2) / den * AUR_BLOCK_FRAMES;
}
