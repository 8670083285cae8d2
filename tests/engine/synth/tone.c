/* See tone.h. */
#include "tone.h"

#include <math.h>
#include <stdlib.h>

void tone_free(struct audio *a)
{
    free((void *)(uintptr_t)a->data);
}

double tone_pitch(double hz)
{
    return 69 + 12 * log2(hz / 440);
}

double tone_hz(double pitch)
{
    return 440 * exp2((pitch - 69) / 12);
}

/* The component at hz of a Hann-windowed stretch: amplitude and phase at its middle. Left channel. */
double tone_component(double *phase, const struct audio *a, double hz, size_t from, size_t frames)
{
    double re = 0, im = 0, weight = 0;
    for (size_t i = 0; i < frames; i++) {
        double w = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)frames);
        double t = 2 * M_PI * hz * ((double)i - (double)frames / 2) / a->rate, x = (double)a->data[2 * (from + i)];
        re += w * x * cos(t);
        im -= w * x * sin(t);
        weight += w;
    }
    *phase = atan2(im, re);
    return 2 * hypot(re, im) / weight;
}

/* How far the fundamental is from hz, in cents, from the phase it gains between two stretches. */
double tone_cents_off(const struct audio *a, double hz, double from_s, double apart_s)
{
    double p0, p1;
    size_t from = (size_t)(from_s * a->rate), apart = (size_t)(apart_s * a->rate), frames = a->rate / 2;
    tone_component(&p0, a, hz, from, frames);
    tone_component(&p1, a, hz, from + apart, frames);
    double gain = p1 - p0 - 2 * M_PI * hz * (double)apart / a->rate;
    gain -= 2 * M_PI * round(gain / (2 * M_PI));
    return 1200 * log2(1 + gain / (2 * M_PI * (double)apart / a->rate) / hz);
}
