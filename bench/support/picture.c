/* The picture of a portrait: a spectrogram above a roll of notes, as PPM. Few colours, so that PNGs of it are small. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/portrait.h"

#define WIDTH      800
#define PER_OCTAVE 25
#define LOW_HZ     40.0
#define SPECTRUM   206 /* points: 40 Hz to 12 kHz */
#define GAP        6
#define LOW_PITCH  24
#define HIGH_PITCH 108
#define PER_PITCH  2
#define ROLL       ((HIGH_PITCH - LOW_PITCH) * PER_PITCH)
#define HEIGHT     (SPECTRUM + GAP + ROLL)
#define FFT        8192
#define FLOOR_DB   (-95.0)
#define CEILING_DB (-22.0)
#define SHADES     24

typedef unsigned char picture[HEIGHT][WIDTH][3];

const unsigned char portrait_colours[AUR_VOICES][3] = {
    [AUR_VOICE_PAD] = {92, 124, 250},     [AUR_VOICE_LEAD] = {255, 107, 107}, [AUR_VOICE_KICK] = {214, 120, 80},
    [AUR_VOICE_SWELL] = {110, 116, 128},  [AUR_VOICE_BELL] = {255, 212, 59},  [AUR_VOICE_BASS] = {151, 117, 250},
    [AUR_VOICE_PLUCK] = {81, 207, 102},   [AUR_VOICE_TICK] = {206, 212, 218}, [AUR_VOICE_GRAIN] = {59, 201, 219},
    [AUR_VOICE_MODULAR] = {240, 140, 40}, [AUR_VOICE_WAVE] = {230, 130, 220},
};

/* From night through violet and orange to pale yellow. */
static const double ramp[5][3] = {{10, 12, 24}, {60, 30, 110}, {170, 50, 100}, {245, 140, 50}, {255, 250, 190}};

static void shade(unsigned char out[3], double x)
{
    x = floor(fmin(fmax(x, 0), 1) * (SHADES - 1) + 0.5) / (SHADES - 1) * 4;
    const int i = x < 3 ? (int)x : 3;
    for (int c = 0; c < 3; c++)
        out[c] = (unsigned char)(ramp[i][c] + (ramp[i + 1][c] - ramp[i][c]) * (x - i) + 0.5);
}

/* Power of a row's band over the bins that it touches, in dB per bin. */
static double row_db(const struct audio_spectrum *s, int row)
{
    const double low = LOW_HZ * exp2((SPECTRUM - 1 - row) / (double)PER_OCTAVE);
    const double high = low * exp2(1.0 / PER_OCTAVE);
    size_t from = (size_t)(low / s->hz), to = (size_t)(high / s->hz) + 1;
    double sum = 0;
    for (size_t i = from; i <= to && i < s->bins; i++)
        sum += s->power[i];
    return audio_db(sum);
}

static void draw_spectrum(picture *out, const struct portrait *p)
{
    const struct audio all = {p->data, p->frames, p->rate_hz};
    for (int x = 0; x < WIDTH; x++) {
        size_t from = p->frames * (size_t)x / WIDTH, to = p->frames * (size_t)(x + 1) / WIDTH;
        struct audio_spectrum s;
        const struct audio part = audio_slice(&all, from, to - from > FFT ? to - from : FFT);
        if (!audio_spectrum_init(&s, &part, FFT))
            abort();
        for (int row = 0; row < SPECTRUM; row++) {
            /* Music falls by some 4 dB an octave: the picture is tilted so that the air above is seen. */
            double tilt = 2.5 * (SPECTRUM - 1 - row) / PER_OCTAVE;
            shade((*out)[row][x], (row_db(&s, row) + tilt - FLOOR_DB) / (CEILING_DB - FLOOR_DB));
        }
        audio_spectrum_deinit(&s);
    }
}

static void draw_note(picture *out, const struct portrait *p, const struct portrait_note *note)
{
    const int first = (int)(note->on_s / p->seconds * WIDTH), end = (int)ceil(note->off_s / p->seconds * WIDTH);
    const int top = SPECTRUM + GAP + (int)floor((HIGH_PITCH - note->pitch) * PER_PITCH);
    const double strength = 0.3 + 0.7 * fmin(note->velocity / 0.7, 1);
    for (int y = top; y < top + PER_PITCH; y++)
        for (int x = first; x < WIDTH && (x < end || x == first); x++)
            for (int c = 0; c < 3 && y >= SPECTRUM + GAP && y < HEIGHT; c++) {
                int lit = (int)(floor(strength * 4 + 0.5) / 4 * portrait_colours[note->voice][c]);
                if (lit > (*out)[y][x][c])
                    (*out)[y][x][c] = (unsigned char)lit;
            }
}

static void draw_grid(picture *out, const struct portrait *p)
{
    for (int y = SPECTRUM + GAP; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const bool c_line = (HEIGHT - y) % (12 * PER_PITCH) == 0;
            const bool minute = (int)(x * p->seconds / WIDTH / 60) != (int)((x - 1) * p->seconds / WIDTH / 60);
            memset((*out)[y][x], c_line || minute ? 44 : 16, 3);
        }
}

static void draw_notes(picture *out, const struct portrait *p)
{
    /* Long notes first, so that short ones are seen on them. */
    static const enum aur_voice order[AUR_VOICES] = {
        AUR_VOICE_SWELL, AUR_VOICE_PAD,  AUR_VOICE_WAVE, AUR_VOICE_GRAIN, AUR_VOICE_MODULAR, AUR_VOICE_BASS,
        AUR_VOICE_TICK,  AUR_VOICE_KICK, AUR_VOICE_BELL, AUR_VOICE_PLUCK, AUR_VOICE_LEAD};
    draw_grid(out, p);
    for (size_t v = 0; v < AUR_VOICES; v++)
        for (size_t i = 0; i < p->n_notes; i++)
            if (p->notes[i].voice == order[v])
                draw_note(out, p, &p->notes[i]);
}

bool portrait_draw(const struct portrait *p, const char *file)
{
    picture *out = calloc(1, sizeof *out);
    FILE *stream = fopen(file, "wb");
    if (!out)
        abort();
    if (!stream) {
        free(out);
        return false;
    }
    draw_spectrum(out, p);
    draw_notes(out, p);
    fprintf(stream, "P6\n%d %d\n255\n", WIDTH, HEIGHT);
    bool ok = fwrite(out, sizeof *out, 1, stream) == 1;
    ok = fclose(stream) == 0 && ok;
    free(out);
    return ok;
}
