/* What a listener would notice, as numbers: measures over interleaved stereo floats in memory.
 *
 * Nothing here shares code with the engine: loudness is libebur128's, spectra are FFTW's. Levels are decibels of full
 * scale (a sine of amplitude 1 has an RMS of -3 dB). Silence counts as AUDIO_FLOOR_DB. One thread at a time. */
#ifndef AUR_TESTS_ANALYSIS_H
#define AUR_TESTS_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIO_FLOOR_DB (-200.0)

struct audio { /* borrowed samples */
    const float *data;
    size_t frames;
    unsigned rate;
};

/* A part of a: frames [from, from + frames), cut at the end. */
struct audio audio_slice(const struct audio *a, size_t from, size_t frames);
double audio_db(double power); /* 10 log10 with the floor */

/* ---- analysis.c: time ---- */

struct audio_levels {
    bool finite;                                  /* no NaN or infinity; the rest is only filled if so */
    double peak;                                  /* largest |sample| */
    double rms_db;                                /* both channels together */
    double dc[2];                                 /* mean of left, of right */
    double true_peak_db, loudness_lufs, range_lu; /* EBU R 128; lufs is AUDIO_FLOOR_DB when gated away */
};
void audio_measure(struct audio_levels *out, const struct audio *a);

struct audio_correlation {
    double overall;      /* sum LR / sqrt(sum LL sum RR), 1 for silence */
    double worst_second; /* lowest of any second (in steps of 100 ms) louder than -70 dB */
    double worst_at_s;
};
void audio_correlate(struct audio_correlation *out, const struct audio *a);

/* Longest stretch, in 10 ms steps, in which the level stays below threshold_db; *at_s (may be NULL) is its start. */
double audio_longest_silence_s(const struct audio *a, double threshold_db, double *at_s);
/* First frame with a sample above this amplitude; a->frames if none. */
size_t audio_first_sound(const struct audio *a, float amplitude);

/* Clicks: 25 ms frames whose energy above 8 kHz peaks (in their loudest millisecond) at more than 5 x the median of the 8
 * frames around and more than -90 dB, farther than 50 ms from every onset (sorted frame numbers). Writes the first `max`
 * positions (frames) and returns how many there are. A click on the border of two frames counts once; the first 25 ms
 * are not judged. */
size_t audio_clicks(size_t *at, size_t max, const struct audio *a, const uint64_t *onsets, size_t n_onsets);
/* Shows that the detector works on this sound: adds `steps` steps of `height` (fading over 50 ms, so that nothing but
 * the step is sudden) far from onsets and returns how many of them it finds; *steps_out says how many places there were.
 * Steps are spread evenly. */
size_t audio_click_check(size_t *steps_out, const struct audio *a, const uint64_t *onsets, size_t n_onsets,
                         size_t steps, float height);

/* Time to fall by 60 dB from the start of a, from the slope between -5 and -35 dB of the backward-integrated energy;
 * 0 when it does not fall that far. */
double audio_t60_s(const struct audio *a);

/* ---- spectrum.c: frequency ---- */

struct audio_spectrum { /* mean power per bin over the whole piece, both channels; the bins sum up to the mean square */
    double *power;
    size_t bins;
    double hz; /* a bin's width */
};
/* Averaged over Hann windows of `size` (a power of two) that overlap by half. False: no memory. */
bool audio_spectrum_init(struct audio_spectrum *out, const struct audio *a, size_t size);
void audio_spectrum_deinit(struct audio_spectrum *s);
double audio_spectrum_band_db(const struct audio_spectrum *s, double low_hz, double high_hz);
/* Mean frequency weighted by magnitude; 0 for silence. */
double audio_spectrum_centroid_hz(const struct audio_spectrum *s);

double audio_band_db(const struct audio *a, double low_hz, double high_hz);

struct audio_centroid {
    double mean_hz, sd_hz; /* over windows; movement is sd / mean */
    size_t windows;
};
/* Centroids of windows of window_s, silent ones left out. values (may be NULL) gets the first max of them. */
void audio_centroid(struct audio_centroid *out, double *values, size_t max, const struct audio *a, double window_s);

/* Strongest frequency of the sum of both channels between low and high, interpolated; 0 for silence. */
double audio_dominant_hz(const struct audio *a, double low_hz, double high_hz);

/* Energy away from the harmonics of f0 (and from 0 Hz) against all energy, in dB: aliases, noise, other notes. The sound
 * has to be steady; needs a few periods within 2^16 frames. */
double audio_off_harmonics_db(const struct audio *a, double f0);

#endif
