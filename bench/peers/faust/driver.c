/* Plays bench/workload.md on what Faust compiles to C: one instance of the compiled program a voice, as Faust's own
 * polyphonic architectures do; with FUSED, one instance for 16.
 *
 *     driver A VOICES SECONDS | driver B
 *
 * Compiled by bench/run, with the .dsp files' C beside it, as one file, -O3 -march=native -ffast-math. */
#include <immintrin.h>
#include <string.h>

#include "workload.h"

#include <faust/gui/CInterface.h>

static inline int max(int a, int b)
{
    return a > b ? a : b;
}

static inline int min(int a, int b)
{
    return a < b ? a : b;
}

#include "pad.h"
#ifndef FUSED
#include "fx.h"
#include "hit.h"
#include "lead.h"
#define LANES 1
#else
#define LANES 16
#endif

/* ---- finding a program's parameters by name ---- */

struct zones {
    struct {
        char name[16];
        FAUSTFLOAT *zone;
    } items[128];
    int n;
};

static void no_box(void *ui, const char *label)
{
    (void)ui;
    (void)label;
}

static void no_close(void *ui)
{
    (void)ui;
}

static void no_declare(void *ui, FAUSTFLOAT *zone, const char *key, const char *value)
{
    (void)ui;
    (void)zone;
    (void)key;
    (void)value;
}

static void add_button(void *ui, const char *label, FAUSTFLOAT *zone)
{
    struct zones *z = ui;
    snprintf(z->items[z->n].name, sizeof z->items[z->n].name, "%s", label);
    z->items[z->n++].zone = zone;
}

static void add_entry(void *ui, const char *label, FAUSTFLOAT *zone, FAUSTFLOAT def, FAUSTFLOAT low, FAUSTFLOAT high,
                      FAUSTFLOAT step)
{
    (void)def, (void)low, (void)high, (void)step;
    add_button(ui, label, zone);
}

static UIGlue glue_of(struct zones *z)
{
    z->n = 0;
    return (UIGlue){.uiInterface = z,
                    .openTabBox = no_box,
                    .openHorizontalBox = no_box,
                    .openVerticalBox = no_box,
                    .closeBox = no_close,
                    .addButton = add_button,
                    .addNumEntry = add_entry,
                    .declare = no_declare};
}

static FAUSTFLOAT *zone(const struct zones *z, const char *name, int lane)
{
    char full[16];
    snprintf(full, sizeof full, LANES > 1 && lane >= 0 ? "%s%d" : "%s", name, lane);
    for (int i = 0; i < z->n; i++)
        if (strcmp(z->items[i].name, full) == 0)
            return z->items[i].zone;
    fprintf(stderr, "driver: there is no %s\n", full);
    exit(1);
}

static void set_pan(const struct zones *z, double pan, int lane)
{
    double angle = (pan + 1) * PI / 4;
    *zone(z, "left", lane) = (float)cos(angle);
    *zone(z, "right", lane) = (float)sin(angle);
}

/* ---- pads ---- */

struct pads { /* one instance: LANES voices that start and end together */
    pad *dsp;
    struct zones zones;
    FAUSTFLOAT *cutoff[LANES], *gate;
    struct pad_note notes[LANES];
    double lfo[LANES];
    int used;
};

static void pads_init(struct pads *p)
{
    memset(p, 0, sizeof *p);
    p->dsp = newpad();
    initpad(p->dsp, (int)RATE);
    UIGlue glue = glue_of(&p->zones);
    buildUserInterfacepad(p->dsp, &glue);
}

static void pads_start(struct pads *p, const struct pad_note notes[LANES])
{
    instanceClearpad(p->dsp);
    for (int i = 0; i < LANES; i++) {
        p->notes[i] = notes[i];
        p->lfo[i] = notes[i].lfo_phase;
        p->cutoff[i] = zone(&p->zones, "fc", i);
        *zone(&p->zones, "f", i) = (float)notes[i].hz;
        set_pan(&p->zones, notes[i].pan, i);
    }
    *zone(&p->zones, "amp", -1) = (float)notes[0].amp;
    p->gate = zone(&p->zones, "gate", -1);
    p->used = 1;
}

/* Adds a block to out. */
static void pads_play(struct pads *p, long t, float out[2][BLOCK])
{
    float part[2][BLOCK], *pointers[2] = {part[0], part[1]};
    for (int i = 0; i < LANES; i++) {
        *p->cutoff[i] = 900 * exp2f(1.5f * sinf(6.2831853f * (float)p->lfo[i]));
        p->lfo[i] = fraction(p->lfo[i] + p->notes[i].lfo_hz * BLOCK / RATE);
    }
    *p->gate = t < p->notes[0].off;
    computepad(p->dsp, BLOCK, NULL, pointers);
    for (int c = 0; c < 2; c++)
        for (int n = 0; n < BLOCK; n++)
            out[c][n] += part[c][n];
    p->used = t + BLOCK < p->notes[0].end;
}

static void interleave(float *to, float from[2][BLOCK])
{
    for (int n = 0; n < BLOCK; n++) {
        to[2 * n] = from[0][n];
        to[2 * n + 1] = from[1][n];
    }
}

static void play_a(float *out, long frames, int voices, double seconds)
{
    struct pads *pads = calloc((size_t)voices, sizeof *pads);
    for (int v = 0; v < voices; v += LANES) {
        struct pad_note notes[LANES];
        for (int i = 0; i < LANES; i++)
            notes[i] = workload_a(v + i, voices, seconds);
        pads_init(&pads[v / LANES]);
        pads_start(&pads[v / LANES], notes);
    }
    for (long t = 0; t < frames; t += BLOCK) {
        float sum[2][BLOCK] = {{0}};
        for (int v = 0; v < voices; v += LANES)
            pads_play(&pads[v / LANES], t, sum);
        interleave(out + 2 * t, sum);
    }
    free(pads);
}

#ifdef FUSED
static void play_b(float *out, long frames)
{
    (void)out;
    (void)frames;
    fprintf(stderr, "driver: the song is not for the fused pads\n");
    exit(2);
}
#else
/* ---- the song ---- */

#define PADS  12
#define LEADS 3
#define HITS  3

struct leads {
    lead *dsp;
    struct zones zones;
    struct lead_note note;
    double vibrato;
    int used;
};

struct hits {
    hit *dsp;
    struct zones zones;
    struct hit_note note;
    int used;
};

struct band { /* everything that plays the song */
    struct pads pads[PADS];
    struct leads leads[LEADS];
    struct hits hits[HITS];
    fx *effects;
    int next_pad, next_lead, next_hit;
};

static void band_init(struct band *b)
{
    memset(b, 0, sizeof *b);
    for (int i = 0; i < PADS; i++)
        pads_init(&b->pads[i]);
    for (int i = 0; i < LEADS; i++) {
        UIGlue glue = glue_of(&b->leads[i].zones);
        b->leads[i].dsp = newlead();
        initlead(b->leads[i].dsp, (int)RATE);
        buildUserInterfacelead(b->leads[i].dsp, &glue);
    }
    for (int i = 0; i < HITS; i++) {
        UIGlue glue = glue_of(&b->hits[i].zones);
        b->hits[i].dsp = newhit();
        inithit(b->hits[i].dsp, (int)RATE);
        buildUserInterfacehit(b->hits[i].dsp, &glue);
    }
    b->effects = newfx();
    initfx(b->effects, (int)RATE);
}

static void start_pad(struct band *b, const struct pad_note *note)
{
    for (int i = 0; i < PADS; i++)
        if (!b->pads[i].used) {
            pads_start(&b->pads[i], note);
            return;
        }
}

static void start_lead(struct band *b, const struct lead_note *note)
{
    for (int i = 0; i < LEADS; i++)
        if (!b->leads[i].used) {
            struct leads *l = &b->leads[i];
            l->used = 1;
            l->note = *note;
            instanceClearlead(l->dsp);
            *zone(&l->zones, "amp", -1) = (float)note->amp;
            set_pan(&l->zones, note->pan, -1);
            return;
        }
}

static void start_hit(struct band *b, const struct hit_note *note)
{
    for (int i = 0; i < HITS; i++)
        if (!b->hits[i].used) {
            struct hits *h = &b->hits[i];
            h->used = 1;
            h->note = *note;
            instanceClearhit(h->dsp);
            *zone(&h->zones, "fc", -1) = (float)note->cutoff;
            *zone(&h->zones, "amp", -1) = (float)note->amp;
            *zone(&h->zones, "gate", -1) = 1;
            set_pan(&h->zones, note->pan, -1);
            return;
        }
}

static void start_notes(struct band *b, const struct song *song, long t)
{
    while (b->next_pad < 4 * SONG_BARS && song->pads[b->next_pad].on <= t)
        start_pad(b, &song->pads[b->next_pad++]);
    while (b->next_lead < 3 * SONG_BARS && song->leads[b->next_lead].on <= t)
        start_lead(b, &song->leads[b->next_lead++]);
    while (b->next_hit < 2 * SONG_BARS && song->hits[b->next_hit].on <= t)
        start_hit(b, &song->hits[b->next_hit++]);
}

static void add(float to[2][BLOCK], float part[2][BLOCK])
{
    for (int c = 0; c < 2; c++)
        for (int n = 0; n < BLOCK; n++)
            to[c][n] += part[c][n];
}

static void play_voices(struct band *b, long t, float pads[2][BLOCK], float leads[2][BLOCK], float hits[2][BLOCK])
{
    float part[2][BLOCK], *pointers[2] = {part[0], part[1]};
    for (int i = 0; i < PADS; i++)
        if (b->pads[i].used)
            pads_play(&b->pads[i], t, pads);
    for (int i = 0; i < LEADS; i++)
        if (b->leads[i].used) {
            struct leads *l = &b->leads[i];
            l->vibrato += 5.5 * BLOCK / RATE;
            *zone(&l->zones, "f", -1) =
                (float)l->note.hz * exp2f(20.f / 1200 * sinf(6.2831853f * (float)fraction(l->vibrato)));
            *zone(&l->zones, "gate", -1) = t < l->note.off;
            computelead(l->dsp, BLOCK, NULL, pointers);
            add(leads, part);
            l->used = t + BLOCK < l->note.end;
        }
    for (int i = 0; i < HITS; i++)
        if (b->hits[i].used) {
            computehit(b->hits[i].dsp, BLOCK, NULL, pointers);
            add(hits, part);
            b->hits[i].used = t + BLOCK < b->hits[i].note.end;
        }
}

static void play_b(float *out, long frames)
{
    static struct band band;
    struct song song;
    workload_b(&song);
    band_init(&band);
    for (long t = 0; t < frames; t += BLOCK) {
        float pads[2][BLOCK] = {{0}}, leads[2][BLOCK] = {{0}}, hits[2][BLOCK] = {{0}}, in[6][BLOCK], sum[2][BLOCK];
        float *ins[6] = {in[0], in[1], in[2], in[3], in[4], in[5]}, *outs[2] = {sum[0], sum[1]};
        start_notes(&band, &song, t);
        play_voices(&band, t, pads, leads, hits);
        for (int c = 0; c < 2; c++)
            for (int n = 0; n < BLOCK; n++) {
                float p = pads[c][n], l = leads[c][n], h = hits[c][n];
                in[c][n] = p + l + h;
                in[2 + c][n] = 0.15f * p + 0.35f * l + 0.25f * h;
                in[4 + c][n] = 0.40f * p + 0.30f * l + 0.20f * h;
            }
        computefx(band.effects, BLOCK, ins, outs);
        interleave(out + 2 * t, sum);
    }
}
#endif

int main(int argc, char **argv)
{
    int song = argc == 2 && argv[1][0] == 'B';
    if (!song && (argc != 4 || argv[1][0] != 'A' || atoi(argv[2]) % LANES))
        return fprintf(stderr, "usage: driver A VOICES SECONDS | driver B\n"), 2;
    _mm_setcsr(_mm_getcsr() | 0x8040); /* tiny numbers are zero */
    double seconds = song ? SONG_SECONDS : atof(argv[3]);
    long frames = grid(seconds);
    float *out = audio_new(frames);
    double start = cpu_now();
    if (song)
        play_b(out, frames);
    else
        play_a(out, frames, atoi(argv[2]), seconds);
    report(cpu_now() - start, out, frames);
    return 0;
}
