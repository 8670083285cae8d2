/* Measures in frequency: averaged spectra, centroid, strongest frequency, energy off the harmonics. Test code. */
#include <fftw3.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/analysis.h"

#define PI 3.14159265358979323846

/* A windowed transform of one channel (0, 1) or the mean of both (2). */
struct transform {
    size_t size;
    float *window, *in;
    fftwf_complex *out;
    fftwf_plan plan;
    double scale; /* makes the bins of a transform sum up to the mean square */
};

/* Coefficients of a cosine-sum window. */
static const double hann[4] = {0.5, 0.5, 0, 0};
static const double blackman_harris[4] = {0.35875, 0.48829, 0.14128, 0.01168}; /* side lobes at -92 dB */

static bool transform_init(struct transform *t, size_t size, const double window[4])
{
    t->size = size;
    t->window = fftwf_alloc_real(size);
    t->in = fftwf_alloc_real(size);
    t->out = fftwf_alloc_complex(size / 2 + 1);
    if (!t->window || !t->in || !t->out)
        abort();
    double squares = 0;
    for (size_t i = 0; i < size; i++) {
        double x = 2 * PI * (double)i / (double)size;
        double w = window[0] - window[1] * cos(x) + window[2] * cos(2 * x) - window[3] * cos(3 * x);
        t->window[i] = (float)w;
        squares += w * w;
    }
    t->scale = 1 / (squares * (double)size);
    t->plan = fftwf_plan_dft_r2c_1d((int)size, t->in, t->out, FFTW_ESTIMATE);
    return t->plan != NULL;
}

static void transform_deinit(struct transform *t)
{
    fftwf_destroy_plan(t->plan);
    fftwf_free(t->window);
    fftwf_free(t->in);
    fftwf_free(t->out);
}

static float sample(const struct audio *a, size_t frame, int channel)
{
    if (frame >= a->frames)
        return 0;
    const float *at = a->data + 2 * frame;
    return channel < 2 ? at[channel] : 0.5f * (at[0] + at[1]);
}

/* Adds the power of the window that starts at `from`. */
static void transform_add(struct transform *t, double *power, const struct audio *a, size_t from, int channel)
{
    for (size_t i = 0; i < t->size; i++)
        t->in[i] = t->window[i] * sample(a, from + i, channel);
    fftwf_execute(t->plan);
    for (size_t i = 0; i <= t->size / 2; i++) {
        double re = (double)t->out[i][0], im = (double)t->out[i][1];
        double twice = i == 0 || i == t->size / 2 ? 1 : 2; /* the bin of the negative frequency */
        power[i] += twice * t->scale * (re * re + im * im);
    }
}

bool audio_spectrum_init(struct audio_spectrum *out, const struct audio *a, size_t size)
{
    struct transform t;
    if (!transform_init(&t, size, hann))
        return false;
    *out = (struct audio_spectrum){calloc(size / 2 + 1, sizeof(double)), size / 2 + 1, (double)a->rate / (double)size};
    size_t windows = 0;
    for (size_t from = 0; out->power && (from == 0 || from + size <= a->frames); from += size / 2, windows++)
        for (int channel = 0; channel < 2; channel++)
            transform_add(&t, out->power, a, from, channel);
    for (size_t i = 0; out->power && i < out->bins; i++)
        out->power[i] /= 2.0 * (double)windows;
    transform_deinit(&t);
    return out->power != NULL;
}

void audio_spectrum_deinit(struct audio_spectrum *s)
{
    free(s->power);
    s->power = NULL;
}

double audio_spectrum_band_db(const struct audio_spectrum *s, double low_hz, double high_hz)
{
    double sum = 0;
    for (size_t i = 0; i < s->bins; i++)
        if ((double)i * s->hz >= low_hz && (double)i * s->hz < high_hz)
            sum += s->power[i];
    return audio_db(sum);
}

double audio_spectrum_centroid_hz(const struct audio_spectrum *s)
{
    double sum = 0, weighted = 0;
    for (size_t i = 1; i < s->bins; i++) {
        double magnitude = sqrt(s->power[i]);
        sum += magnitude;
        weighted += magnitude * (double)i * s->hz;
    }
    return sum > 1e-9 ? weighted / sum : 0;
}

double audio_band_db(const struct audio *a, double low_hz, double high_hz)
{
    struct audio_spectrum s;
    if (!audio_spectrum_init(&s, a, 8192))
        abort();
    double db = audio_spectrum_band_db(&s, low_hz, high_hz);
    audio_spectrum_deinit(&s);
    return db;
}

void audio_centroid(struct audio_centroid *out, double *values, size_t max, const struct audio *a, double window_s)
{
    const size_t window = (size_t)(window_s * a->rate);
    double sum = 0, squares = 0;
    *out = (struct audio_centroid){0, 0, 0};
    for (size_t from = 0; from + window <= a->frames; from += window) {
        struct audio part = audio_slice(a, from, window);
        struct audio_spectrum s;
        if (!audio_spectrum_init(&s, &part, 4096))
            abort();
        double hz = audio_spectrum_centroid_hz(&s);
        audio_spectrum_deinit(&s);
        if (hz <= 0)
            continue;
        if (values && out->windows < max)
            values[out->windows] = hz;
        out->windows++;
        sum += hz;
        squares += hz * hz;
    }
    if (!out->windows)
        return;
    double n = (double)out->windows;
    out->mean_hz = sum / n;
    double variance = squares / n - out->mean_hz * out->mean_hz;
    out->sd_hz = variance > 0 ? sqrt(variance) : 0;
}

static size_t power_of_two_below(size_t n, size_t most)
{
    size_t size = 1024;
    while (size * 2 <= n && size * 2 <= most)
        size *= 2;
    return size;
}

/* Power of one long window over the mean of both channels. */
static double *long_spectrum(size_t *size, const struct audio *a, size_t most, const double window[4])
{
    struct transform t;
    *size = power_of_two_below(a->frames, most);
    double *power = calloc(*size / 2 + 1, sizeof *power);
    if (!power || !transform_init(&t, *size, window))
        abort();
    transform_add(&t, power, a, 0, 2);
    transform_deinit(&t);
    return power;
}

double audio_dominant_hz(const struct audio *a, double low_hz, double high_hz)
{
    size_t size, best = 0;
    double *power = long_spectrum(&size, a, (size_t)1 << 18, hann), bin = (double)a->rate / (double)size;
    double strongest = 1e-18;
    for (size_t i = 1; i < size / 2; i++)
        if ((double)i * bin >= low_hz && (double)i * bin <= high_hz && power[i] > strongest) {
            best = i;
            strongest = power[i];
        }
    double hz = 0;
    if (best) { /* the vertex of a parabola through three bins in dB */
        double l = log(power[best - 1] + 1e-30), c = log(power[best] + 1e-30), r = log(power[best + 1] + 1e-30);
        double bend = l - 2 * c + r;
        hz = ((double)best + (bend < 0 ? 0.5 * (l - r) / bend : 0)) * bin;
    }
    free(power);
    return hz;
}

double audio_off_harmonics_db(const struct audio *a, double f0)
{
    size_t size;
    double *power = long_spectrum(&size, a, (size_t)1 << 16, blackman_harris), bin = (double)a->rate / (double)size;
    double total = 0, off = 0;
    for (size_t i = 5; i <= size / 2; i++) { /* the window's main lobe is 4 bins to each side */
        double hz = (double)i * bin, nearest = floor(hz / f0 + 0.5) * f0;
        total += power[i];
        if (fabs(hz - nearest) > 5 * bin || nearest < f0 / 2)
            off += power[i];
    }
    free(power);
    return total > 0 ? audio_db(off / total) : AUDIO_FLOOR_DB;
}
