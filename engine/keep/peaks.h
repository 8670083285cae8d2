/* Pictures of sound. A take's waveform: AUR_PEAKS pairs of the lowest and the highest sample of equal stretches of time, both
 * sides together. A session's outline: the same of what the journal saw of each second, coarser. Plain data; one thread. */
#ifndef AUR_KEEP_PEAKS_H
#define AUR_KEEP_PEAKS_H

#include <stdint.h>

#include "base/buf.h"
#include "journal/records.h"

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

struct aur_outline {
    uint64_t frames, seconds; /* of the session; the last second may be a part of one */
    uint32_t rate_hz, n;      /* n: stretches, of a second at least */
    char loudest[AUR_PEAKS];  /* of each, as journal/overview.h has them */
};

void aur_outline_init(struct aur_outline *outline, uint64_t frames, uint32_t rate_hz);
/* What is after the session's end, or no such character, is left out. */
void aur_outline_add(struct aur_outline *outline, const struct aur_overview *overview);
/* As above, a stretch of which nothing is known is null: {"seconds":600,"peaks":[[-0.32,0.32],null,...]} */
void aur_outline_write(const struct aur_outline *outline, struct aur_buf *out);

#endif
