/* Measures in time: levels, loudness, correlation, silence, clicks, decay. Test code: allocates, aborts without memory. */
#include "support/analysis.h"

#include <ebur128.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

struct audio audio_slice(const struct audio *a, size_t from, size_t frames)
{
    from = from < a->frames ? from : a->frames;
    frames = frames < a->frames - from ? frames : a->frames - from;
    return (struct audio){a->data + 2 * from, frames, a->rate};
}

double audio_db(double power)
{
    double db = power > 0 ? 10 * log10(power) : AUDIO_FLOOR_DB;
    return db > AUDIO_FLOOR_DB ? db : AUDIO_FLOOR_DB;
}

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- levels ---- */

static void measure_loudness(struct audio_levels *out, const struct audio *a)
{
    ebur128_state *st = must(ebur128_init(2, a->rate, EBUR128_MODE_I | EBUR128_MODE_LRA | EBUR128_MODE_TRUE_PEAK));
    if (ebur128_add_frames_float(st, a->data, a->frames) != EBUR128_SUCCESS)
        abort();
    double peaks[2] = {0, 0};
    ebur128_loudness_global(st, &out->loudness_lufs);
    ebur128_loudness_range(st, &out->range_lu);
    ebur128_true_peak(st, 0, &peaks[0]);
    ebur128_true_peak(st, 1, &peaks[1]);
    ebur128_destroy(&st);
    double peak = peaks[0] > peaks[1] ? peaks[0] : peaks[1];
    out->true_peak_db = audio_db(peak * peak);
    if (!(out->loudness_lufs > AUDIO_FLOOR_DB))
        out->loudness_lufs = AUDIO_FLOOR_DB;
}

void audio_measure(struct audio_levels *out, const struct audio *a)
{
    memset(out, 0, sizeof *out);
    out->loudness_lufs = out->rms_db = out->true_peak_db = AUDIO_FLOOR_DB;
    double squares = 0;
    for (size_t i = 0; i < 2 * a->frames; i++) {
        double x = (double)a->data[i];
        if (!isfinite(x))
            return;
        out->peak = fabs(x) > out->peak ? fabs(x) : out->peak;
        out->dc[i & 1] += x;
        squares += x * x;
    }
    out->finite = true;
    if (!a->frames)
        return;
    out->dc[0] /= (double)a->frames;
    out->dc[1] /= (double)a->frames;
    out->rms_db = audio_db(squares / (2.0 * (double)a->frames));
    measure_loudness(out, a);
}

/* ---- correlation ---- */

struct products {
    double ll, rr, lr;
};

static struct products products_of(const struct audio *a)
{
    struct products p = {0, 0, 0};
    for (size_t i = 0; i < a->frames; i++) {
        double l = (double)a->data[2 * i], r = (double)a->data[2 * i + 1];
        p.ll += l * l;
        p.rr += r * r;
        p.lr += l * r;
    }
    return p;
}

static double correlation(const struct products *p)
{
    double both = sqrt(p->ll * p->rr);
    return both > 0 ? p->lr / both : (p->ll + p->rr > 0 ? 0 : 1);
}

#define STEPS_A_SECOND 10

void audio_correlate(struct audio_correlation *out, const struct audio *a)
{
    const size_t step = a->rate / STEPS_A_SECOND;
    const size_t n = a->frames / step;
    struct products *steps = must(calloc(n + 1, sizeof *steps)), all = products_of(a);
    for (size_t i = 0; i < n; i++) {
        struct audio part = audio_slice(a, i * step, step);
        steps[i] = products_of(&part);
    }
    *out = (struct audio_correlation){correlation(&all), 1, 0};
    for (size_t i = 0; i + STEPS_A_SECOND <= n; i++) {
        struct products sum = {0, 0, 0};
        for (size_t k = i; k < i + STEPS_A_SECOND; k++) {
            sum.ll += steps[k].ll;
            sum.rr += steps[k].rr;
            sum.lr += steps[k].lr;
        }
        bool audible = sum.ll + sum.rr > 1e-7 * 2.0 * (double)step * STEPS_A_SECOND;
        if (audible && correlation(&sum) < out->worst_second) {
            out->worst_second = correlation(&sum);
            out->worst_at_s = (double)i / STEPS_A_SECOND;
        }
    }
    free(steps);
}

/* ---- silence ---- */

double audio_longest_silence_s(const struct audio *a, double threshold_db, double *at_s)
{
    const size_t step = a->rate / 100;
    size_t run = 0, longest = 0, start = 0;
    for (size_t i = 0; i * step < a->frames; i++) {
        struct audio part = audio_slice(a, i * step, step);
        struct products p = products_of(&part);
        run = audio_db((p.ll + p.rr) / (2.0 * (double)part.frames)) < threshold_db ? run + 1 : 0;
        if (run > longest) {
            longest = run;
            start = i + 1 - run;
        }
    }
    if (at_s)
        *at_s = (double)(start * step) / a->rate;
    return (double)(longest * step) / a->rate;
}

size_t audio_first_sound(const struct audio *a, float amplitude)
{
    for (size_t i = 0; i < 2 * a->frames; i++)
        if (fabsf(a->data[i]) > amplitude)
            return i / 2;
    return a->frames;
}

/* ---- clicks ---- */

#define CLICK_HZ          8000.0
#define CLICK_RATIO       5.0
#define CLICK_FLOOR       1e-9 /* mean square: -90 dB */
#define CLICK_PARTS       25   /* of a frame, 1 ms each: a click stands out in one of them */
#define CLICK_AROUND      4    /* frames on each side */
#define CLICK_STAGES      4    /* biquads: Butterworth of order 8 */
#define CLICK_FRAME(rate) ((rate) / 40)
#define CLICK_GUARD(rate) ((rate) / 20)

struct biquad {
    double b0, b1, b2, a1, a2, z1, z2;
};

static struct biquad highpass(double hz, double rate, double q)
{
    double w = 2 * PI * hz / rate, alpha = sin(w) / (2 * q), c = cos(w), a0 = 1 + alpha;
    return (struct biquad){(1 + c) / 2 / a0, -(1 + c) / a0, (1 + c) / 2 / a0, -2 * c / a0, (1 - alpha) / a0, 0, 0};
}

static double biquad_step(struct biquad *f, double x)
{
    double y = f->b0 * x + f->z1;
    f->z1 = f->b1 * x - f->a1 * y + f->z2;
    f->z2 = f->b2 * x - f->a2 * y;
    return y;
}

/* Per 25 ms frame the mean square above 8 kHz, both channels, of its loudest millisecond. */
static double *high_energy(size_t *n, const struct audio *a)
{
    const size_t size = CLICK_FRAME(a->rate);
    *n = a->frames / size;
    double *parts = must(calloc(*n * CLICK_PARTS + 1, sizeof *parts));
    for (int channel = 0; channel < 2; channel++) {
        struct biquad stages[CLICK_STAGES];
        for (int k = 0; k < CLICK_STAGES; k++)
            stages[k] = highpass(CLICK_HZ, a->rate, 1 / (2 * cos(PI * (2 * k + 1) / (4 * CLICK_STAGES))));
        for (size_t i = 0; i < *n * size; i++) {
            double y = (double)a->data[2 * i + (size_t)channel];
            for (int k = 0; k < CLICK_STAGES; k++)
                y = biquad_step(&stages[k], y);
            parts[i / size * CLICK_PARTS + i % size * CLICK_PARTS / size] += y * y * CLICK_PARTS / (2.0 * (double)size);
        }
    }
    double *energy = must(calloc(*n + 1, sizeof *energy));
    for (size_t i = 0; i < *n * CLICK_PARTS; i++)
        energy[i / CLICK_PARTS] = fmax(energy[i / CLICK_PARTS], parts[i]);
    free(parts);
    return energy;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_around(const double *energy, size_t n, size_t at)
{
    double around[2 * CLICK_AROUND];
    size_t count = 0;
    size_t low = at < CLICK_AROUND ? 0 : at - CLICK_AROUND;
    size_t high = at + CLICK_AROUND < n ? at + CLICK_AROUND : n - 1;
    for (size_t i = low; i <= high; i++)
        if (i != at)
            around[count++] = energy[i];
    if (!count)
        return energy[at];
    qsort(around, count, sizeof *around, by_value);
    return (around[(count - 1) / 2] + around[count / 2]) / 2;
}

/* Whether [from, to) comes within guard frames of an onset. */
static bool near_onset(uint64_t from, uint64_t to, const uint64_t *onsets, size_t n, uint64_t guard)
{
    size_t low = 0, high = n;
    while (low < high) { /* first onset with onset + guard >= from */
        size_t mid = low + (high - low) / 2;
        if (onsets[mid] + guard >= from)
            high = mid;
        else
            low = mid + 1;
    }
    return low < n && onsets[low] < to + guard;
}

size_t audio_clicks(size_t *at, size_t max, const struct audio *a, const uint64_t *onsets, size_t n_onsets)
{
    const size_t size = CLICK_FRAME(a->rate);
    size_t n, count = 0, last = SIZE_MAX;
    double *energy = high_energy(&n, a);
    for (size_t i = 1; i < n; i++) { /* in frame 0 the filter settles */
        if (energy[i] < CLICK_FLOOR || energy[i] <= CLICK_RATIO * median_around(energy, n, i))
            continue;
        if (near_onset(i * size, (i + 1) * size, onsets, n_onsets, CLICK_GUARD(a->rate)))
            continue;
        if (last != SIZE_MAX && i == last + 1) { /* one click on the border of two frames */
            last = i;
            continue;
        }
        if (count < max)
            at[count] = i * size;
        count++;
        last = i;
    }
    free(energy);
    return count;
}

/* The first place from `from` on with no onset near, in the middle of a frame. */
static size_t quiet_place(size_t from, size_t end, const struct audio *a, const uint64_t *onsets, size_t n_onsets)
{
    const size_t size = CLICK_FRAME(a->rate);
    for (size_t i = from / size; (i + 2) * size < end; i++)
        if (!near_onset(i * size, (i + 1) * size, onsets, n_onsets, CLICK_GUARD(a->rate)))
            return i * size + size / 2;
    return SIZE_MAX;
}

static void add_step(float *data, const struct audio *a, size_t at, float height)
{
    for (size_t i = at; i < a->frames && i < at + a->rate; i++) {
        float x = height * expf(-(float)(i - at) / (0.05f * (float)a->rate));
        data[2 * i] += x;
        data[2 * i + 1] += x;
    }
}

size_t audio_click_check(size_t *steps_out, const struct audio *a, const uint64_t *onsets, size_t n_onsets,
                         size_t steps, float height)
{
    float *data = must(malloc(2 * a->frames * sizeof *data + 1));
    size_t *places = must(calloc(steps + 1, sizeof *places)), placed = 0, found = 0;
    memcpy(data, a->data, 2 * a->frames * sizeof *data);
    for (size_t i = 0; i < steps; i++) {
        size_t at =
            quiet_place(a->frames * (2 * i + 1) / (2 * steps), a->frames * (i + 1) / steps, a, onsets, n_onsets);
        if (at == SIZE_MAX)
            continue;
        add_step(data, a, at, height);
        places[placed++] = at;
    }
    struct audio stepped = {data, a->frames, a->rate};
    const size_t most = a->frames / CLICK_FRAME(a->rate);
    size_t *clicks = must(calloc(most + 1, sizeof *clicks));
    const size_t n = audio_clicks(clicks, most, &stepped, onsets, n_onsets);
    for (size_t i = 0; i < placed; i++)
        for (size_t k = 0; k < n; k++)
            if (clicks[k] <= places[i] && places[i] < clicks[k] + CLICK_FRAME(a->rate)) {
                found++;
                break;
            }
    *steps_out = placed;
    free(clicks);
    free(places);
    free(data);
    return found;
}

/* ---- decay ---- */

double audio_t60_s(const struct audio *a)
{
    const size_t step = a->rate / 1000 ? a->rate / 1000 : 1;
    const size_t n = a->frames / step;
    double *left = must(calloc(n + 1, sizeof *left)); /* energy from step i to the end */
    for (size_t i = n; i-- > 0;) {
        struct audio part = audio_slice(a, i * step, step);
        struct products p = products_of(&part);
        left[i] = left[i + 1] + p.ll + p.rr;
    }
    double count = 0, x1 = 0, y1 = 0, xx = 0, xy = 0, total = left[0];
    bool deep = false;
    for (size_t i = 0; i < n && total > 0; i++) {
        double db = audio_db(left[i] / total), t = (double)(i * step) / a->rate;
        deep = deep || db < -35;
        if (db > -5 || db < -35)
            continue;
        count++;
        x1 += t;
        y1 += db;
        xx += t * t;
        xy += t * db;
    }
    free(left);
    double slope = count > 1 ? (count * xy - x1 * y1) / (count * xx - x1 * x1) : 0;
    return deep && slope < 0 ? -60 / slope : 0;
}
