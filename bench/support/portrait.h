/* A portrait of a piece: what its sound and its notes are like, minute by minute, so that two pieces can be compared.
 *
 * One thread at a time. Whatever the piece fails with ends the program (exit 3), and so does a lack of memory. */
#ifndef AUR_BENCH_PORTRAIT_H
#define AUR_BENCH_PORTRAIT_H

#include "compose/piece.h"
#include "kernels/isa.h"
#include "support/analysis.h"

#define PORTRAIT_WINDOWS_MAX 240
#define PORTRAIT_WINDOW_S    60.0

enum trait { TRAIT_DENSITY, TRAIT_CHROMA, TRAIT_CENTROID, TRAITS };

struct portrait_note {
    double on_s, off_s, pitch, velocity;
    enum aur_voice voice;
};

struct portrait {
    char name[32], key[AUR_KEY_NAME_SIZE];
    int bpm;
    double seconds;
    uint64_t seed;
    /* notes */
    struct portrait_note *notes;
    size_t n_notes, notes_cap;
    int64_t bars;
    double per_bar, per_bar_of[AUR_VOICES]; /* notes that start in a bar */
    /* sound */
    float *data; /* interleaved stereo */
    size_t frames, cap;
    unsigned rate_hz;
    struct audio_levels levels;
    double centroid_hz, centroid_sd_hz; /* of windows of 10 s */
    /* by window of a minute */
    size_t windows;
    double density[PORTRAIT_WINDOWS_MAX][AUR_VOICES]; /* log2(1 + notes of the voice that start in it) */
    double height[PORTRAIT_WINDOWS_MAX];              /* log2 of the centroid in Hz */
    double chroma[PORTRAIT_WINDOWS_MAX][12];
    double chroma_mean[12]; /* shares of the pitch classes C to B in what pitched notes sound, of 1 */
};

/* Plays a script from its own beginning (its `defaults`). Chroma counts seconds x velocity of all but kick, tick and
 * swell, which have no pitch to speak of. portrait_free frees what it holds. */
void portrait_take(struct portrait *p, const char *script, uint64_t seed, double seconds, enum aur_isa isa);
void portrait_free(struct portrait *p);

/* Standardised differences: the distance of the means over the spread of the minutes within the two pieces (Cohen's d;
 * where there are several numbers, the voices or the classes, both are Euclid's). Of chroma the square roots of the
 * shares are compared. */
void portrait_compare(double d[TRAITS], const struct portrait *a, const struct portrait *b);

/* ---- picture.c ---- */

/* Writes a picture as binary PPM: above, the spectrogram from 40 Hz to 12 kHz, an octave every 25 points; below, the
 * notes from C1 to C8 with a colour for each voice. A faint line stands for each minute and for each C. False: errno. */
bool portrait_draw(const struct portrait *p, const char *file);
/* Colour of a voice's notes in the picture, RGB. */
extern const unsigned char portrait_colours[AUR_VOICES][3];

#endif
