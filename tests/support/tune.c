/* Measures over notes. Test code: allocates, aborts without memory; quadratic where an hour of music allows it. */
#include "support/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FAR_S          300
#define NEAR_S         120
#define VOICES_MAX     32
#define PASSAGE_ONSETS 4

static void *grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    *cap = *cap ? 2 * *cap : 1024;
    array = realloc(array, *cap * size);
    if (!array)
        abort();
    return array;
}

/* ---- laying flat ---- */

static bool has_patch(const struct aur_phrase *phrase, const char *name)
{
    for (uint32_t i = 0; i < phrase->n_patches; i++)
        if (strcmp(phrase->patches[i].name, name) == 0)
            return true;
    return false;
}

static enum tune_part part_of(const struct aur_phrase *phrase, const struct aur_patch *patch)
{
    static const struct {
        const char *name;
        enum aur_voice voice;
        enum tune_part part;
    } parts[] = {{"lead", AUR_VOICE_LEAD, TUNE_LEAD}, {"pad", AUR_VOICE_PAD, TUNE_PAD}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (has_patch(phrase, parts[i].name) ? strcmp(patch->name, parts[i].name) == 0 : patch->voice == parts[i].voice)
            return parts[i].part;
    return TUNE_OTHER;
}

static int step_of(const struct aur_key *key, int pitch)
{
    int above = pitch - key->root, octave = (int)floor(above / 12.0), within = above - 12 * octave, step = 0;
    while (step + 1 < AUR_SCALE_NOTES && key->scale[step + 1] <= within)
        step++;
    return AUR_SCALE_NOTES * octave + step;
}

void tune_add(struct tune *tune, const struct aur_phrase *phrase, const enum aur_harmony *harmony)
{
    tune->rate_hz = phrase->rate_hz;
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        const int64_t quarters = llrint((double)note->at_q20 / (double)AUR_BEAT_ONE * 4), a_bar = 4 * phrase->meter[0];
        const int pitch = (int)lrint(note->pitch_q16 / (double)AUR_Q16_ONE);
        tune->notes = grow(tune->notes, tune->n_notes, &tune->notes_cap, sizeof *tune->notes);
        tune->notes[tune->n_notes++] = (struct tune_note){.on_frame = note->on_frame,
                                                          .off_frame = note->off_frame,
                                                          .bar = tune->bars + quarters / a_bar,
                                                          .quarter_beats = (int)(quarters % a_bar),
                                                          .pitch = pitch,
                                                          .step = step_of(&phrase->controls.key, pitch),
                                                          .part = part_of(phrase, &phrase->patches[note->patch]),
                                                          .patch = note->patch,
                                                          .harmony = harmony[i]};
    }
    for (uint32_t i = 0; i < phrase->n_chords; i++) {
        tune->chords = grow(tune->chords, tune->n_chords, &tune->chords_cap, sizeof *tune->chords);
        tune->chords[tune->n_chords++] = (struct tune_chord){phrase->chords[i].on_frame, phrase->chords[i].off_frame};
    }
    tune->bars += phrase->bars;
    tune->frames = phrase->start_frame + phrase->length_frames;
}

void tune_deinit(struct tune *tune)
{
    free(tune->notes);
    free(tune->chords);
    memset(tune, 0, sizeof *tune);
}

static bool is_part(const struct tune_note *note, enum tune_part part)
{
    return part == TUNE_ALL || note->part == part;
}

static int by_frame(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t *tune_onsets(size_t *n, const struct tune *tune, uint64_t end)
{
    uint64_t *onsets = calloc(tune->n_notes + 1, sizeof *onsets);
    if (!onsets)
        abort();
    *n = 0;
    for (size_t i = 0; i < tune->n_notes; i++)
        if (tune->notes[i].on_frame < end)
            onsets[(*n)++] = tune->notes[i].on_frame;
    qsort(onsets, *n, sizeof *onsets, by_frame);
    return onsets;
}

/* ---- shares and density ---- */

void tune_share(struct tune_shares *out, const struct tune *tune, enum tune_part part)
{
    size_t n[AUR_HARMONIES] = {0}, all = 0;
    for (size_t i = 0; i < tune->n_notes; i++)
        if (is_part(&tune->notes[i], part)) {
            n[tune->notes[i].harmony]++;
            all++;
        }
    const double of = all ? (double)all : 1;
    *out = (struct tune_shares){all, (double)n[AUR_HARMONY_CHORD] / of, (double)n[AUR_HARMONY_SCALE] / of,
                                (double)n[AUR_HARMONY_CHROMATIC] / of};
}

double tune_onsets_per_bar(const struct tune *tune, enum tune_part part)
{
    struct tune_shares shares;
    tune_share(&shares, tune, part);
    return tune->bars ? (double)shares.notes / (double)tune->bars : 0;
}

double tune_empty_bars(const struct tune *tune, enum tune_part part)
{
    bool *full = calloc((size_t)tune->bars + 2, sizeof *full);
    if (!full)
        abort();
    for (size_t i = 0; i < tune->n_notes; i++)
        if (is_part(&tune->notes[i], part) && tune->notes[i].bar < tune->bars)
            full[tune->notes[i].bar] = true;
    int64_t empty = 0;
    for (int64_t bar = 0; bar < tune->bars; bar++)
        empty += !full[bar];
    free(full);
    return tune->bars ? (double)empty / (double)tune->bars : 1;
}

/* ---- repetition ---- */

struct bar {
    uint64_t print; /* a number for everything that starts in the bar, whatever the order */
    uint64_t onsets;
};

static struct bar *bars_of(const struct tune *tune)
{
    struct bar *bars = calloc((size_t)tune->bars + 2, sizeof *bars);
    if (!bars)
        abort();
    for (size_t i = 0; i < tune->n_notes; i++) {
        const struct tune_note *note = &tune->notes[i];
        uint64_t x = (uint64_t)note->pitch << 32 | (uint64_t)note->quarter_beats << 16 | (note->patch + 1u);
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15u;
        x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9u;
        if (note->bar >= tune->bars)
            continue;
        bars[note->bar].print += x ^ (x >> 32);
        bars[note->bar].onsets++;
    }
    return bars;
}

static bool is_passage(const struct bar *bars, int n)
{
    uint64_t onsets = 0;
    for (int i = 0; i < n; i++)
        onsets += bars[i].onsets;
    return onsets >= PASSAGE_ONSETS;
}

size_t tune_returns(const struct tune *tune, int n)
{
    struct bar *bars = bars_of(tune);
    size_t returns = 0;
    for (int64_t i = n; i + n <= tune->bars; i++)
        for (int64_t j = 0; is_passage(bars + i, n) && j + n <= i; j++)
            if (memcmp(bars + i, bars + j, (size_t)n * sizeof *bars) == 0) {
                returns++;
                break;
            }
    free(bars);
    return returns;
}

static struct tune_note *notes_of(size_t *n, const struct tune *tune, enum tune_part part)
{
    struct tune_note *notes = calloc(tune->n_notes + 1, sizeof *notes);
    if (!notes)
        abort();
    *n = 0;
    for (size_t i = 0; i < tune->n_notes; i++)
        if (is_part(&tune->notes[i], part))
            notes[(*n)++] = tune->notes[i];
    return notes;
}

static bool same_pitches(const struct tune_note *a, const struct tune_note *b, size_t run)
{
    for (size_t i = 0; i < run; i++)
        if (a[i].pitch != b[i].pitch)
            return false;
    return true;
}

static bool same_steps(const struct tune_note *a, const struct tune_note *b, size_t run)
{
    for (size_t i = 1; i < run; i++)
        if (a[i].step - a[i - 1].step != b[i].step - b[i - 1].step)
            return false;
    return true;
}

/* Share of the runs that were there before, between min_s and max_s ago. */
static double returning(const struct tune_note *notes, size_t n, size_t run, uint32_t rate_hz, double min_s,
                        double max_s, bool (*same)(const struct tune_note *a, const struct tune_note *b, size_t run))
{
    size_t returns = 0, runs = n >= run ? n - run + 1 : 0;
    for (size_t i = run; i < runs; i++)
        for (size_t j = 0; j + run <= i; j++) {
            double ago = (double)(notes[i].on_frame - notes[j].on_frame) / rate_hz;
            if (ago > min_s && ago <= max_s && same(notes + i, notes + j, run)) {
                returns++;
                break;
            }
        }
    return runs ? (double)returns / (double)runs : 0;
}

void tune_ngram(struct tune_ngrams *out, const struct tune *tune)
{
    size_t n;
    struct tune_note *lead = notes_of(&n, tune, TUNE_LEAD);
    out->n = n >= 8 ? n - 7 : 0;
    out->far = returning(lead, n, 8, tune->rate_hz, FAR_S, INFINITY, same_pitches);
    out->near = returning(lead, n, 8, tune->rate_hz, 0, NEAR_S, same_steps);
    out->motif = returning(lead, n, 4, tune->rate_hz, 0, NEAR_S, same_steps);
    free(lead);
}

/* ---- voicings ---- */

static int by_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Sorted pitches of the pad that are held in the middle of the chord, each once. */
static size_t voicing(int out[VOICES_MAX], const struct tune_note *pad, size_t n, const struct tune_chord *chord)
{
    const uint64_t middle = chord->on_frame + (chord->off_frame - chord->on_frame) / 2;
    size_t voices = 0, kept = 0;
    for (size_t i = 0; i < n && voices < VOICES_MAX; i++)
        if (pad[i].on_frame <= middle && middle < pad[i].off_frame)
            out[voices++] = pad[i].pitch;
    qsort(out, voices, sizeof *out, by_int);
    for (size_t i = 0; i < voices; i++)
        if (!kept || out[kept - 1] != out[i])
            out[kept++] = out[i];
    return kept;
}

static double to_nearest(int pitch, const int *others, size_t n)
{
    int best = abs(pitch - others[0]);
    for (size_t i = 1; i < n; i++)
        best = abs(pitch - others[i]) < best ? abs(pitch - others[i]) : best;
    return best;
}

/* Voice by voice where both have as many, else each to its nearest. */
static double way(const int *a, size_t n, const int *b, size_t m)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += n == m ? abs(a[i] - b[i]) : to_nearest(a[i], b, m);
    return sum / (double)n;
}

double tune_voicing_step(const struct tune *tune, size_t *changes)
{
    size_t n, before_n = 0;
    struct tune_note *pad = notes_of(&n, tune, TUNE_PAD);
    int before[VOICES_MAX], now[VOICES_MAX];
    double sum = 0;
    *changes = 0;
    for (size_t i = 0; i < tune->n_chords; i++) {
        size_t now_n = voicing(now, pad, n, &tune->chords[i]);
        if (!now_n)
            continue;
        if (before_n) {
            sum += way(now, now_n, before, before_n);
            (*changes)++;
        }
        memcpy(before, now, sizeof before);
        before_n = now_n;
    }
    free(pad);
    return *changes ? sum / (double)*changes : 0;
}

static int by_place(const void *a, const void *b)
{
    const struct tune_note *x = a, *y = b;
    if (x->bar != y->bar)
        return x->bar < y->bar ? -1 : 1;
    if (x->quarter_beats != y->quarter_beats)
        return x->quarter_beats - y->quarter_beats;
    return x->pitch != y->pitch ? x->pitch - y->pitch : (int)x->part - (int)y->part;
}

double tune_overlap(const struct tune *a, const struct tune *b, enum tune_part part)
{
    size_t n, m, both = 0;
    struct tune_note *x = notes_of(&n, a, part), *y = notes_of(&m, b, part);
    qsort(y, m, sizeof *y, by_place);
    for (size_t i = 0; i < n; i++)
        both += bsearch(&x[i], y, m, sizeof *y, by_place) != NULL;
    free(x);
    free(y);
    return n ? (double)both / (double)n : 0;
}
