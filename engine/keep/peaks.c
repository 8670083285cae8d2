/* Pictures of sound. A stretch's bounds are integer arithmetic on frames or seconds, so any split into calls gives the same
 * picture. */
#include "keep/peaks.h"

#include <string.h>

#include "journal/overview.h"
#include "wire/json.h"

void aur_peaks_init(struct aur_peaks *peaks, uint64_t total_frames)
{
    memset(peaks, 0, sizeof *peaks);
    peaks->total = total_frames;
}

/* First frame of a stretch. */
static uint64_t begin_of(const struct aur_peaks *peaks, uint64_t stretch)
{
    return (peaks->total * stretch + AUR_PEAKS - 1) / AUR_PEAKS;
}

void aur_peaks_add(struct aur_peaks *peaks, const float *interleaved, size_t frames)
{
    if (frames > peaks->total - peaks->frames)
        frames = (size_t)(peaks->total - peaks->frames);
    while (frames) {
        uint64_t at = peaks->frames * AUR_PEAKS / peaks->total, left = begin_of(peaks, at + 1) - peaks->frames;
        size_t n = left < frames ? (size_t)left : frames;
        float low = peaks->low[at], high = peaks->high[at];
        for (size_t i = 0; i < 2 * n; i++) {
            low = interleaved[i] < low ? interleaved[i] : low;
            high = interleaved[i] > high ? interleaved[i] : high;
        }
        peaks->low[at] = low;
        peaks->high[at] = high;
        peaks->frames += n;
        interleaved += 2 * n;
        frames -= n;
    }
}

void aur_peaks_write(const struct aur_peaks *peaks, struct aur_buf *out, uint32_t rate_hz)
{
    aur_buf_text(out, "{");
    aur_json_real(out, "seconds", (double)peaks->total / rate_hz);
    aur_json_key(out, "peaks");
    aur_buf_text(out, "[");
    for (size_t i = 0; i < AUR_PEAKS; i++)
        aur_buf_printf(out, "%s[%.4f,%.4f]", i ? "," : "", (double)peaks->low[i], (double)peaks->high[i]);
    aur_buf_text(out, "]}");
}

/* ---- sessions ---- */

void aur_outline_init(struct aur_outline *outline, uint64_t frames, uint32_t rate_hz)
{
    memset(outline, 0, sizeof *outline);
    outline->frames = frames;
    outline->rate_hz = rate_hz ? rate_hz : 1;
    outline->seconds = frames / outline->rate_hz + (frames % outline->rate_hz != 0);
    outline->n = outline->seconds < AUR_PEAKS ? (uint32_t)outline->seconds : AUR_PEAKS;
    memset(outline->loudest, AUR_OVERVIEW_UNKNOWN, sizeof outline->loudest);
}

void aur_outline_add(struct aur_outline *outline, const struct aur_overview *overview)
{
    for (size_t i = 0; i < AUR_OVERVIEW_SECONDS && overview->seconds[i]; i++) {
        const uint64_t second = overview->minute * AUR_OVERVIEW_SECONDS + i;
        const char c = overview->seconds[i];
        if (second >= outline->seconds || c > AUR_OVERVIEW_FULL)
            continue;
        char *loudest = &outline->loudest[second * outline->n / outline->seconds];
        *loudest = c > *loudest ? c : *loudest;
    }
}

void aur_outline_write(const struct aur_outline *outline, struct aur_buf *out)
{
    aur_buf_text(out, "{");
    aur_json_real(out, "seconds", (double)outline->frames / outline->rate_hz);
    aur_json_key(out, "peaks");
    aur_buf_text(out, "[");
    for (uint32_t i = 0; i < outline->n; i++) {
        const double level = aur_overview_level(outline->loudest[i]);
        const bool known = outline->loudest[i] != AUR_OVERVIEW_UNKNOWN;
        aur_buf_text(out, i ? "," : "");
        aur_buf_printf(out, known ? "[%.4f,%.4f]" : "null", 0 - level, level);
    }
    aur_buf_text(out, "]}");
}
