/* Wavetables from sums of sines. Not on the render thread: made once with the synth.
 *
 * All partials are sines, so a table is odd; odd partials mirror themselves within a half of it and even ones turn over,
 * so a quarter is enough to work out. A level has all of the one below. */
#include "synth/wavetable.h"

#include <math.h>
#include <string.h>

#include "base/real.h"

#define TAU     6.28318530717958647692
#define QUARTER (AUR_WAVE_FRAMES / 4)

typedef double partial_fn(int k);

static double sine(int k)
{
    return k == 1;
}

static double triangle(int k)
{
    return k % 2 == 0 ? 0 : (k % 4 == 1 ? 1.0 : -1.0) / (k * k);
}

static double organ(int k)
{
    static const double drawbars[] = {0, 1, 0.7, 0.45, 0.4, 0, 0.22, 0, 0.16};
    return k <= 8 ? drawbars[k] : 0;
}

static double hill(double x)
{
    return 1 / (1 + x * x * (1 + x * x));
}

static double choir(int k)
{
    return (0.12 + hill((k - 2.5) / 1.5) + 0.35 * hill((k - 8) / 2.0)) / (k * sqrt((double)k));
}

static double reed(int k)
{
    return (k % 2 ? 1.0 : 0.45) / (k * sqrt(sqrt((double)k)));
}

static partial_fn *const shapes[AUR_WAVE_SHAPES] = {sine, triangle, organ, choir, reed};

/* Sums of the odd and of the even partials over the first quarter. */
struct quarter {
    double odd[QUARTER + 1], even[QUARTER + 1];
};

static void write_level(float *out, const struct quarter *sum, double scale)
{
    for (int i = 0; i <= QUARTER; i++)
        out[i] = (float)(scale * (sum->odd[i] + sum->even[i]));
    for (int i = 1; i < QUARTER; i++)
        out[2 * QUARTER - i] = (float)(scale * (sum->odd[i] - sum->even[i]));
    out[2 * QUARTER] = 0;
    for (int i = 1; i < 2 * QUARTER; i++)
        out[AUR_WAVE_FRAMES - i] = -out[i];
    memcpy(out + AUR_WAVE_FRAMES, out, (AUR_WAVE_STRIDE - AUR_WAVE_FRAMES) * sizeof *out);
}

static void fill_shape(float *tables, partial_fn *partial, const double *wave)
{
    struct quarter sum = {0};
    double power = 0;
    for (int k = 1; k <= 1 << (AUR_WAVE_LEVELS - 1); k++)
        power += partial(k) * partial(k);
    for (int level = 0, k = 1; level < AUR_WAVE_LEVELS; level++) {
        for (; k <= 1 << level; k++) {
            double a = partial(k), *into = k % 2 ? sum.odd : sum.even;
            for (int i = 0; i <= QUARTER && a != 0; i++)
                into[i] += a * wave[k * i % AUR_WAVE_FRAMES];
        }
        write_level(tables + level * AUR_WAVE_STRIDE, &sum, 1 / sqrt(power));
    }
}

void aur_wavetable_fill(float *tables)
{
    double wave[AUR_WAVE_FRAMES];
    for (int i = 0; i < AUR_WAVE_FRAMES; i++)
        wave[i] = aur_sin(TAU * i / AUR_WAVE_FRAMES);
    for (int shape = 0; shape < AUR_WAVE_SHAPES; shape++)
        fill_shape(tables + shape * AUR_WAVE_LEVELS * AUR_WAVE_STRIDE, shapes[shape], wave);
}

uint32_t aur_wavetable_level(double hz, double rate)
{
    uint32_t level = 0;
    while (level < AUR_WAVE_LEVELS - 1 && hz * (2 << level) < 0.48 * rate)
        level++;
    return level * AUR_WAVE_STRIDE;
}
