/* Meters of a stream. On the encoder worker.
 *
 * libebur128 keeps its histogram of loudness instead of every block, so a meter that runs for months stays as small as it
 * was. Peak and offset slide by whole seconds: a ring of what each second had. */
#include "channel/meter.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 1024 /* frames that are cleaned at once where a sample is not finite */

struct second {
    float peak;
    double sum[2];
};

struct aur_meter {
    ebur128_state *loudness;
    uint32_t rate_hz;
    struct second seconds[AUR_METER_WINDOW_S + 1]; /* the one that runs is at `second` */
    uint32_t second, n_seconds;                    /* n_seconds: that are complete, at most the window */
    uint32_t in_second;                            /* frames of the one that runs */
    uint64_t frames, silent_frames, silences, clipped, not_finite;
};

int aur_meter_new(struct aur_meter **out, uint32_t rate_hz)
{
    struct aur_meter *meter = calloc(1, sizeof *meter);
    if (!meter)
        return AUR_ENOMEM;
    meter->rate_hz = rate_hz;
    meter->loudness =
        ebur128_init(2, rate_hz, EBUR128_MODE_I | EBUR128_MODE_S | EBUR128_MODE_M | EBUR128_MODE_HISTOGRAM);
    if (!meter->loudness) {
        aur_meter_free(meter);
        return AUR_ENOMEM;
    }
    *out = meter;
    return AUR_OK;
}

void aur_meter_free(struct aur_meter *meter)
{
    if (!meter)
        return;
    if (meter->loudness)
        ebur128_destroy(&meter->loudness);
    free(meter);
}

/* ---- silence ---- */

/* `frames` more went by, of which the last `quiet` were silent. */
static void count_silence(struct aur_meter *meter, uint64_t frames, uint64_t quiet)
{
    uint64_t episode = (uint64_t)meter->rate_hz * AUR_METER_SILENCE_S;
    uint64_t before = quiet == frames ? meter->silent_frames : 0;
    meter->silent_frames = before + quiet;
    if (before < episode && meter->silent_frames >= episode)
        meter->silences++;
}

/* ---- samples ---- */

/* All within one second, and finite. */
static void measure(struct aur_meter *meter, const float *samples, size_t frames)
{
    struct second *s = &meter->seconds[meter->second];
    float peak = 0;
    double sum[2] = {0, 0};
    uint64_t loud = 0, clipped = 0; /* loud: frames up to the last that is not silent */
    for (size_t i = 0; i < frames; i++) {
        float l = fabsf(samples[2 * i]), r = fabsf(samples[2 * i + 1]), most = l > r ? l : r;
        peak = most > peak ? most : peak;
        sum[0] += samples[2 * i];
        sum[1] += samples[2 * i + 1];
        clipped += (l >= AUR_METER_CLIP) + (r >= AUR_METER_CLIP);
        if (most >= AUR_METER_SILENCE)
            loud = i + 1;
    }
    s->peak = peak > s->peak ? peak : s->peak;
    s->sum[0] += sum[0];
    s->sum[1] += sum[1];
    meter->clipped += clipped;
    count_silence(meter, frames, frames - loud);
    (void)ebur128_add_frames_float(meter->loudness, samples, frames);
}

static void next_second(struct aur_meter *meter)
{
    meter->in_second = 0;
    meter->second = (meter->second + 1) % (AUR_METER_WINDOW_S + 1);
    meter->n_seconds += meter->n_seconds < AUR_METER_WINDOW_S;
    memset(&meter->seconds[meter->second], 0, sizeof meter->seconds[0]);
}

static void add_finite(struct aur_meter *meter, const float *samples, size_t frames)
{
    while (frames > 0) {
        size_t left = meter->rate_hz - meter->in_second, n = frames < left ? frames : left;
        measure(meter, samples, n);
        meter->in_second += (uint32_t)n;
        meter->frames += n;
        if (meter->in_second == meter->rate_hz)
            next_second(meter);
        samples += 2 * n;
        frames -= n;
    }
}

static bool all_finite(const float *samples, size_t n)
{
    float nothing = 0; /* becomes NaN with the first that is not finite */
    for (size_t i = 0; i < n; i++)
        nothing += samples[i] * 0.0f;
    return nothing == 0;
}

static void add_cleaned(struct aur_meter *meter, const float *samples, size_t frames)
{
    float clean[2 * PIECE];
    for (size_t i = 0; i < 2 * frames; i++) {
        bool finite = isfinite(samples[i]);
        meter->not_finite += !finite;
        clean[i] = finite ? samples[i] : 0;
    }
    add_finite(meter, clean, frames);
}

void aur_meter_add(struct aur_meter *meter, const float *samples, size_t frames)
{
    if (all_finite(samples, 2 * frames)) {
        add_finite(meter, samples, frames);
        return;
    }
    for (size_t n; frames > 0; frames -= n, samples += 2 * n) {
        n = frames < PIECE ? frames : PIECE;
        add_cleaned(meter, samples, n);
    }
}

/* ---- reading ---- */

static double loudness(int (*of)(ebur128_state *, double *), ebur128_state *state)
{
    double lufs;
    return of(state, &lufs) == EBUR128_SUCCESS ? lufs : -HUGE_VAL;
}

/* Of the complete seconds; before there is one, of what there is. */
static void read_window(const struct aur_meter *meter, struct aur_meter_reading *out)
{
    double sum[2] = {0, 0}, n = 0;
    for (uint32_t i = 0; i <= meter->n_seconds; i++) {
        uint32_t at = (meter->second + AUR_METER_WINDOW_S + 1 - i) % (AUR_METER_WINDOW_S + 1);
        const struct second *s = &meter->seconds[at];
        out->peak = (double)s->peak > out->peak ? (double)s->peak : out->peak;
        if (i == 0 && meter->n_seconds > 0)
            continue;
        sum[0] += s->sum[0];
        sum[1] += s->sum[1];
        n += i == 0 ? meter->in_second : meter->rate_hz;
    }
    out->dc[0] = n > 0 ? sum[0] / n : 0;
    out->dc[1] = n > 0 ? sum[1] / n : 0;
}

void aur_meter_read(const struct aur_meter *meter, struct aur_meter_reading *out)
{
    *out = (struct aur_meter_reading){
        .momentary_lufs = loudness(ebur128_loudness_momentary, meter->loudness),
        .short_term_lufs = loudness(ebur128_loudness_shortterm, meter->loudness),
        .integrated_lufs = loudness(ebur128_loudness_global, meter->loudness),
        .silent_s = (double)meter->silent_frames / meter->rate_hz,
        .frames = meter->frames,
        .silences = meter->silences,
        .clipped = meter->clipped,
        .not_finite = meter->not_finite,
    };
    read_window(meter, out);
}
