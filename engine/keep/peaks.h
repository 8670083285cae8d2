/* A waveform as a picture needs it: AUR_PEAKS pairs of the lowest and the highest sample of equal stretches of time, both
 * sides together. Plain data; one thread. */
#ifndef AUR_KEEP_PEAKS_H
#define AUR_KEEP_PEAKS_H

#include "base/buf.h"

#include <stdint.h>

#define AUR_PEAKS 240

struct aur_peaks {
    uint64_t total, frames; /* to come in all; added so far */
    float low[AUR_PEAKS], high[AUR_PEAKS];
};

void aur_peaks_init(struct aur_peaks *peaks, uint64_t total_frames);
/* The next frames, interleaved; what is more than was to come is left out. */
void aur_peaks_add(struct aur_peaks *peaks, const float *interleaved, size_t frames);
/* {"seconds":600,"peaks":[[-0.31,0.29],...]} */
void aur_peaks_write(const struct aur_peaks *peaks, struct aur_buf *out, uint32_t rate_hz);

#endif
