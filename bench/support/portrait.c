/* Playing a piece and taking its portrait. Sound goes through aur_bounce, so it is what render writes and serve streams. */
#include "support/portrait.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce/bounce.h"
#include "support/music.h"

#define RATE_HZ 44100

/* ---- playing ---- */

static void *grown(void *data, size_t *cap, size_t least, size_t size)
{
    if (least > *cap) {
        *cap = 2 * least;
        data = realloc(data, *cap * size);
        if (!data)
            abort();
    }
    return data;
}

static void keep_phrase(void *user, const struct aur_phrase *phrase)
{
    struct portrait *p = user;
    p->notes = grown(p->notes, &p->notes_cap, p->n_notes + phrase->n_notes, sizeof *p->notes);
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        if ((double)note->on_frame >= p->seconds * RATE_HZ)
            continue;
        p->notes[p->n_notes++] = (struct portrait_note){.on_s = (double)note->on_frame / RATE_HZ,
                                                        .off_s = (double)note->off_frame / RATE_HZ,
                                                        .pitch = note->pitch_q16 / 65536.0,
                                                        .velocity = note->velocity_q16 / 65536.0,
                                                        .voice = phrase->patches[note->patch].voice};
    }
    double left = p->seconds - (double)phrase->start_frame / RATE_HZ;
    double length = (double)phrase->length_frames / RATE_HZ;
    p->bars += (int64_t)ceil(phrase->bars * (left < length ? left / length : 1) - 1e-9);
}

static void keep_audio(void *user, const float *interleaved, size_t frames)
{
    struct portrait *p = user;
    p->data = grown(p->data, &p->cap, 2 * (p->frames + frames), sizeof *p->data);
    memcpy(p->data + 2 * p->frames, interleaved, 2 * frames * sizeof *interleaved);
    p->frames += frames;
}

static void play(struct portrait *p, const struct aur_piece *piece, enum aur_isa isa)
{
    struct aur_controls controls = aur_piece_describe(piece)->start;
    const struct aur_bounce_request request = {.piece = piece,
                                               .seed = p->seed,
                                               .controls = controls,
                                               .synth = {.rate_hz = RATE_HZ, .isa = isa, .effects = true},
                                               .duration_s = p->seconds,
                                               .on_phrase = keep_phrase,
                                               .on_audio = keep_audio,
                                               .user = p};
    struct aur_error err;
    if (aur_bounce(&request, &err)) {
        fprintf(stderr, "pieces: %s\n", err.message);
        exit(3);
    }
    snprintf(p->key, sizeof p->key, "%s", controls.key.name);
    p->bpm = controls.bpm;
}

/* ---- measuring ---- */

static bool pitched(enum aur_voice voice)
{
    return voice != AUR_VOICE_KICK && voice != AUR_VOICE_TICK && voice != AUR_VOICE_SWELL;
}

static void share(double chroma[12])
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += chroma[i];
    for (int i = 0; i < 12 && sum > 0; i++)
        chroma[i] /= sum;
}

static void add_note(struct portrait *p, const struct portrait_note *note)
{
    const int class = ((int)floor(note->pitch + 0.5) % 12 + 12) % 12;
    size_t first = (size_t)(note->on_s / PORTRAIT_WINDOW_S);
    p->per_bar += 1.0 / (double)p->bars;
    p->per_bar_of[note->voice] += 1.0 / (double)p->bars;
    if (first < p->windows)
        p->density[first][note->voice]++;
    for (size_t w = first; w < p->windows && pitched(note->voice); w++) {
        double from = fmax(note->on_s, (double)w * PORTRAIT_WINDOW_S);
        double to = fmin(note->off_s, (double)(w + 1) * PORTRAIT_WINDOW_S);
        if (to <= from)
            break;
        p->chroma[w][class] += (to - from) * note->velocity;
    }
}

static void measure_notes(struct portrait *p)
{
    for (size_t i = 0; i < p->n_notes; i++)
        add_note(p, &p->notes[i]);
    for (size_t w = 0; w < p->windows; w++) {
        for (int i = 0; i < 12; i++)
            p->chroma_mean[i] += p->chroma[w][i];
        for (int v = 0; v < AUR_VOICES; v++)
            p->density[w][v] = log2(1 + p->density[w][v]);
        share(p->chroma[w]);
    }
    share(p->chroma_mean);
}

static void measure_sound(struct portrait *p)
{
    const struct audio a = {p->data, p->frames, RATE_HZ};
    struct audio_centroid all, minute;
    audio_measure(&p->levels, &a);
    audio_centroid(&all, NULL, 0, &a, 10);
    p->centroid_hz = all.mean_hz;
    p->centroid_sd_hz = all.sd_hz;
    for (size_t w = 0; w < p->windows; w++) {
        const size_t frames = (size_t)(PORTRAIT_WINDOW_S * RATE_HZ);
        const struct audio part = audio_slice(&a, w * frames, frames);
        audio_centroid(&minute, NULL, 0, &part, 10);
        p->height[w] = minute.mean_hz > 0 ? log2(minute.mean_hz) : 0;
    }
}

void portrait_take(struct portrait *p, const char *script, uint64_t seed, double seconds, enum aur_isa isa)
{
    const char *slash = strrchr(script, '/');
    *p = (struct portrait){.seed = seed, .seconds = seconds, .rate_hz = RATE_HZ};
    snprintf(p->name, sizeof p->name, "%s", slash ? slash + 1 : script);
    p->name[strcspn(p->name, ".")] = '\0';
    p->windows = (size_t)(seconds / PORTRAIT_WINDOW_S);
    p->windows = p->windows < PORTRAIT_WINDOWS_MAX ? p->windows : PORTRAIT_WINDOWS_MAX;
    struct aur_piece *piece = music_load(script);
    play(p, piece, isa);
    aur_piece_free(piece);
    measure_notes(p);
    measure_sound(p);
}

void portrait_free(struct portrait *p)
{
    free(p->notes);
    free(p->data);
    *p = (struct portrait){0};
}

/* ---- comparing ---- */

/* What is compared: `size` numbers a minute. */
struct rows {
    double at[PORTRAIT_WINDOWS_MAX][12], mean[12];
    size_t n, size;
};

static void read_rows(struct rows *rows, const struct portrait *p, enum trait trait)
{
    rows->n = p->windows;
    rows->size = trait == TRAIT_DENSITY ? AUR_VOICES : trait == TRAIT_CHROMA ? 12 : 1;
    memset(rows->mean, 0, sizeof rows->mean);
    for (size_t w = 0; w < p->windows; w++)
        for (size_t i = 0; i < rows->size; i++) {
            rows->at[w][i] = trait == TRAIT_DENSITY  ? p->density[w][i]
                             : trait == TRAIT_CHROMA ? sqrt(p->chroma[w][i])
                                                     : p->height[w];
            rows->mean[i] += rows->at[w][i] / (double)p->windows;
        }
}

static double square(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static double variance(const struct rows *rows)
{
    double sum = 0;
    for (size_t w = 0; w < rows->n; w++)
        sum += square(rows->at[w], rows->mean, rows->size);
    return sum / (double)(rows->n > 1 ? rows->n - 1 : 1);
}

void portrait_compare(double d[TRAITS], const struct portrait *a, const struct portrait *b)
{
    struct rows x, y;
    for (enum trait trait = 0; trait < TRAITS; trait++) {
        read_rows(&x, a, trait);
        read_rows(&y, b, trait);
        d[trait] = sqrt(square(x.mean, y.mean, x.size) / fmax((variance(&x) + variance(&y)) / 2, 1e-9));
    }
}
