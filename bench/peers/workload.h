/* The notes of bench/workload.md for peers written in C: the prototype and the Faust driver. peers/workload.py has the
 * same for the others. Times are frames at 44.1 kHz, multiples of 64. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RATE  44100.0
#define BLOCK 64
#define PI    3.14159265358979323846

struct pad_note {
    double hz, phase1, phase2, lfo_hz, lfo_phase, pan, amp;
    long on, off, end;
};

struct lead_note {
    double hz, pan, amp;
    long on, off, end;
};

struct hit_note {
    double cutoff, pan, amp;
    long on, end;
};

#define SONG_BARS    17
#define SONG_SECONDS 60.0

struct song {
    struct pad_note pads[4 * SONG_BARS];
    struct lead_note leads[3 * SONG_BARS];
    struct hit_note hits[2 * SONG_BARS];
};

static inline double fraction(double x)
{
    return x - floor(x);
}

static inline double hz_of(double pitch)
{
    return 440 * pow(2, (pitch - 69) / 12);
}

static inline long grid(double seconds)
{
    return (long)floor(seconds * RATE / BLOCK) * BLOCK;
}

static inline struct pad_note pad_note(int i, double pitch, double pan, double amp, double on, double gate)
{
    struct pad_note n = {.hz = hz_of(pitch), .pan = pan, .amp = amp, .on = grid(on), .off = grid(on + gate)};
    n.phase1 = fraction(i * 0.6180339887);
    n.phase2 = n.lfo_phase = fraction(i * 0.7548776662);
    n.lfo_hz = 0.1 * pow(50, n.phase1);
    n.end = n.off + grid(4.5) + BLOCK;
    return n;
}

/* Workload A: all at once, released after 55/60 of the time. */
static inline struct pad_note workload_a(int i, int voices, double seconds)
{
    double pan = voices > 1 ? -0.8 + 1.6 * i / (voices - 1) : 0;
    return pad_note(i, 36 + 7 * i % 36, pan, 0.5 / sqrt(voices), 0, seconds * 55 / 60);
}

/* Workload B. */
static inline void workload_b(struct song *song)
{
    static const int chords[4][4] = {{45, 52, 55, 60}, {41, 52, 57, 60}, {48, 55, 59, 64}, {40, 50, 55, 59}};
    static const int lead[5] = {69, 72, 74, 76, 79};
    static const double lead_at[3] = {0, 1.5, 3}, lead_beats[3] = {1.2, 1.2, 0.8};
    static const double hit_at[2] = {0, 2.5}, hit_cutoff[2] = {900, 2400}, hit_pan[2] = {-0.3, 0.3},
                        hit_amp[2] = {0.5, 0.3};
    const double beat = 60.0 / 70, bar = 4 * beat;
    for (int b = 0; b < SONG_BARS; b++) {
        for (int k = 0; k < 4; k++)
            song->pads[4 * b + k] = pad_note(4 * b + k, chords[b % 4][k], -0.6 + 0.4 * k, 0.12, b * bar, bar);
        for (int j = 0; j < 3; j++) {
            double at = b * bar + lead_at[j] * beat;
            long off = grid(at + lead_beats[j] * beat);
            song->leads[3 * b + j] =
                (struct lead_note){hz_of(lead[(3 * b + 2 * j) % 5]), 0.2, 0.16, grid(at), off, off + grid(0.6) + BLOCK};
        }
        for (int j = 0; j < 2; j++) {
            long on = grid(b * bar + hit_at[j] * beat);
            song->hits[2 * b + j] =
                (struct hit_note){hit_cutoff[j], hit_pan[j], hit_amp[j], on, on + grid(0.4) + BLOCK};
        }
    }
}

static inline double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Room for stereo frames whose pages are there before the clock runs: calloc, and malloc with memset, leave that to the
 * loop that is timed. */
static inline float *audio_new(long frames)
{
    size_t bytes = (2 * (size_t)frames * sizeof(float) + 63) / 64 * 64;
    float *out = aligned_alloc(64, bytes);
    if (!out)
        abort();
    memset(out, 0, bytes);
    return out;
}

/* What bench/run reads: the time of the render loop alone, and how loud its result was. */
static inline void report(double cpu_s, const float *interleaved, long frames)
{
    double sum = 0;
    for (long i = 0; i < 2 * frames; i++)
        sum += (double)interleaved[i] * (double)interleaved[i];
    printf("{\"cpu_s\": %.9f, \"rms\": %.6f}\n", cpu_s, sqrt(sum / (2 * (double)frames)));
}

#endif
