/* What a piece sounds like, in numbers: renders it through the engine and prints every measure with what is wanted.
 *
 *     measure_music [SCRIPT] [--seeds 1,2,3] [--minutes 10] [--hours 1] [--key K] [--bpm B] [--intensity X] [--complexity X]
 *                   [--isa NAME] [--sweep] [--json]
 *
 * SCRIPT is scripts/ambient.lua where none is given. Sound is measured over --minutes, the score over --hours (composing
 * without sound is fast). --sweep adds the loudness at five intensities. Exits with 1 if something is outside what is
 * wanted, 2 on a usage error, 3 if the piece fails. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce/bounce.h"
#include "compose/session.h"
#include "support/analysis.h"
#include "support/report.h"
#include "support/tune.h"

#define SEEDS_MAX    16
#define CLICKS_SHOWN 8
#define STEP_HEIGHT  0.03f
#define STEPS        20

struct options {
    uint64_t seeds[SEEDS_MAX];
    size_t n_seeds;
    double minutes, hours;
    struct aur_controls controls;
    enum aur_isa isa;
    bool sweep, json;
};

/* One seed's render: grows while the engine plays. */
struct take {
    struct tune tune;
    float *data;
    size_t frames, cap;
    uint32_t rate_hz;
};

static void quit(const struct aur_error *err)
{
    fprintf(stderr, "measure_music: %s\n", err->message);
    exit(3);
}

/* ---- playing ---- */

static void keep_phrase(void *user, const struct aur_phrase *phrase)
{
    struct take *take = user;
    enum aur_harmony *harmony = calloc(phrase->n_notes + 1, sizeof *harmony);
    if (!harmony)
        abort();
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        harmony[i] = aur_harmony_of(phrase, &phrase->notes[i]);
    tune_add(&take->tune, phrase, harmony);
    free(harmony);
}

static void keep_audio(void *user, const float *interleaved, size_t frames)
{
    struct take *take = user;
    if (take->frames + frames > take->cap) {
        take->cap = 2 * (take->frames + frames);
        take->data = realloc(take->data, take->cap * 2 * sizeof *take->data);
        if (!take->data)
            abort();
    }
    memcpy(take->data + 2 * take->frames, interleaved, 2 * frames * sizeof *interleaved);
    take->frames += frames;
}

static struct audio play(struct take *take, const struct options *o, const struct aur_piece *piece, uint64_t seed,
                         const struct aur_controls *controls, double seconds)
{
    memset(take, 0, sizeof *take);
    const struct aur_bounce_request request = {.piece = piece,
                                               .seed = seed,
                                               .controls = *controls,
                                               .synth = {.rate_hz = 44100, .isa = o->isa, .effects = true},
                                               .duration_s = seconds,
                                               .on_phrase = keep_phrase,
                                               .on_audio = keep_audio,
                                               .user = take};
    struct aur_error err;
    if (aur_bounce(&request, &err))
        quit(&err);
    return (struct audio){take->data, take->frames, 44100};
}

static void compose(struct take *take, const struct aur_piece *piece, uint64_t seed,
                    const struct aur_controls *controls, double seconds)
{
    struct aur_session session;
    memset(take, 0, sizeof *take);
    aur_session_init(&session, piece, seed, 44100);
    while (session.next_frame < seconds * 44100) {
        struct aur_phrase *phrase;
        struct aur_error err;
        if (aur_session_next(&session, &phrase, controls, &err))
            quit(&err);
        keep_phrase(take, phrase);
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
}

static void drop(struct take *take)
{
    tune_deinit(&take->tune);
    free(take->data);
}

/* ---- measures of sound ---- */

static void measure_clicks(struct report *r, const struct audio *a, const struct tune *tune)
{
    size_t n_onsets, at[CLICKS_SHOWN], steps;
    uint64_t *onsets = tune_onsets(&n_onsets, tune, a->frames);
    size_t found = audio_click_check(&steps, a, onsets, n_onsets, STEPS, STEP_HEIGHT);
    size_t clicks = audio_clicks(at, CLICKS_SHOWN, a, onsets, n_onsets);
    report_add(r, "clicks away from onsets", "", (double)clicks, 0, 0);
    for (size_t i = 0; i < clicks && i < CLICKS_SHOWN; i++)
        report_tell(r, "  click at", "s", (double)at[i] / a->rate);
    /* Loud noise masks some of them; a detector that finds half would find what recurs. */
    report_add(r, "  injected 3 % steps that the detector finds", "%",
               steps ? 100.0 * (double)found / (double)steps : 0, 50, 100);
    free(onsets);
}

static void measure_audio(struct report *r, struct audio_levels *l, struct audio_centroid *c, const struct audio *a,
                          const struct tune *tune)
{
    struct audio_correlation corr;
    audio_measure(l, a);
    audio_correlate(&corr, a);
    audio_centroid(c, NULL, 0, a, 10);
    report_add(r, "integrated loudness", "LUFS", l->loudness_lufs, -23, -17);
    report_add(r, "loudness range", "LU", l->range_lu, 3, 12);
    report_add(r, "true peak", "dBTP", l->true_peak_db, -INFINITY, -1);
    report_add(r, "DC left", "", l->dc[0], -0.001, 0.001);
    report_add(r, "DC right", "", l->dc[1], -0.001, 0.001);
    report_add(r, "stereo correlation", "", corr.overall, 0.2, 0.9);
    report_add(r, "stereo correlation, worst second", "", corr.worst_second, -0.2, INFINITY);
    report_tell(r, "  at", "s", corr.worst_at_s);
    report_add(r, "spectral centroid", "Hz", c->mean_hz, 300, 2000);
    report_add(r, "  movement over 10 s windows", "%", c->mean_hz > 0 ? 100 * c->sd_hz / c->mean_hz : 0, 8, INFINITY);
    report_tell(r, "longest stretch below -60 dB", "s", audio_longest_silence_s(a, -60, NULL));
    report_tell(r, "level below 150 Hz", "dB", audio_band_db(a, 0, 150));
    report_tell(r, "level above 10 kHz", "dB", audio_band_db(a, 10000, 22050));
    measure_clicks(r, a, tune);
}

/* ---- measures of the score ---- */

static void measure_shares(struct report *r, const struct tune *tune, const char *when)
{
    static const struct {
        const char *what;
        size_t offset;
        double want;
    } shares[] = {{"chord tones", offsetof(struct tune_shares, chord), 70},
                  {"scale tones", offsetof(struct tune_shares, scale), 25},
                  {"chromatic", offsetof(struct tune_shares, chromatic), 5}};
    struct tune_shares lead;
    tune_share(&lead, tune, TUNE_LEAD);
    for (size_t i = 0; i < sizeof shares / sizeof *shares && lead.notes; i++) {
        char name[64];
        double value = 100 * *(const double *)((const char *)&lead + shares[i].offset);
        snprintf(name, sizeof name, "lead: %s%s", shares[i].what, when);
        report_add(r, name, "%", value, shares[i].want - 3, shares[i].want + 3);
    }
}

static void measure_lead(struct report *r, const struct tune *tune)
{
    struct tune_ngrams grams;
    tune_ngram(&grams, tune);
    report_tell(r, "lead onsets per bar", "", tune_onsets_per_bar(tune, TUNE_LEAD));
    report_add(r, "bars without an onset of the lead", "%", 100 * tune_empty_bars(tune, TUNE_LEAD), 15, 100);
    report_add(r, "8-bar passages that return", "", (double)tune_returns(tune, 8), 0, 0);
    report_add(r, "8-note runs that return after 5 min", "%", 100 * grams.far, 0, 5);
    report_add(r, "8-note runs that return within 2 min", "%", 100 * grams.near, 10, 100);
    report_tell(r, "  4-note motifs that return within 2 min", "%", 100 * grams.motif);
}

static void measure_score(struct report *r, const struct tune *tune)
{
    struct tune_shares all, lead;
    size_t changes;
    tune_share(&all, tune, TUNE_ALL);
    tune_share(&lead, tune, TUNE_LEAD);
    report_tell(r, "notes per bar", "", tune_onsets_per_bar(tune, TUNE_ALL));
    report_add(r, "notes inside chord or scale", "%", 100 * (all.chord + all.scale), 95, 100);
    report_add(r, "declared chords", "", (double)tune->n_chords, 1, INFINITY);
    measure_shares(r, tune, "");
    if (lead.notes)
        measure_lead(r, tune);
    double step = tune_voicing_step(tune, &changes);
    if (changes)
        report_add(r, "step of a voice between chords", "semitones", step, 0, 3);
}

/* The lead's shares hold at every complexity. */
static void measure_complexities(struct report *r, const struct options *o, const struct aur_piece *piece)
{
    snprintf(r->title, sizeof r->title, "complexity, seed %llu", (unsigned long long)o->seeds[0]);
    for (int i = 0; i <= 4; i++) {
        struct aur_controls controls = o->controls;
        struct take take;
        char when[32];
        controls.melody_complexity = i / 4.0;
        snprintf(when, sizeof when, " at %.2f", i / 4.0);
        compose(&take, piece, o->seeds[0], &controls, o->hours * 3600);
        measure_shares(r, &take.tune, when);
        snprintf(when, sizeof when, "lead onsets per bar at %.2f", i / 4.0);
        report_tell(r, when, "", tune_onsets_per_bar(&take.tune, TUNE_LEAD));
        drop(&take);
    }
}

static void measure_intensities(struct report *r, const struct options *o, const struct aur_piece *piece)
{
    double low = INFINITY, high = -INFINITY;
    snprintf(r->title, sizeof r->title, "intensity, seed %llu", (unsigned long long)o->seeds[0]);
    for (int i = 0; i <= 4; i++) {
        struct aur_controls controls = o->controls;
        struct audio_levels l;
        struct take take;
        char name[64];
        controls.intensity = i / 4.0;
        struct audio a = play(&take, o, piece, o->seeds[0], &controls, 120);
        audio_measure(&l, &a);
        snprintf(name, sizeof name, "loudness at %.2f", i / 4.0);
        report_tell(r, name, "LUFS", l.loudness_lufs);
        snprintf(name, sizeof name, "notes per bar at %.2f", i / 4.0);
        report_tell(r, name, "", tune_onsets_per_bar(&take.tune, TUNE_ALL));
        low = l.loudness_lufs < low ? l.loudness_lufs : low;
        high = l.loudness_lufs > high ? l.loudness_lufs : high;
        drop(&take);
    }
    report_add(r, "difference in loudness", "LU", high - low, 0, 4);
}

/* ---- options ---- */

static void usage(const char *what)
{
    fprintf(stderr,
            "measure_music: %s\nusage: measure_music [SCRIPT] [--seeds 1,2,3] [--minutes 10] [--hours 1] [--key K] "
            "[--bpm B]\n  [--intensity X] [--complexity X] [--isa NAME] [--sweep] [--json]\n",
            what);
    exit(2);
}

static double number(const char *text)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (errno || end == text || *end || !isfinite(value))
        usage(text);
    return value;
}

static void read_seeds(struct options *o, char *text)
{
    o->n_seeds = 0;
    for (char *rest = text, *item; (item = strsep(&rest, ","));) {
        if (o->n_seeds == SEEDS_MAX)
            usage("too many seeds");
        o->seeds[o->n_seeds++] = strtoull(item, NULL, 10);
    }
}

static void set(struct options *o, const char *field, const char *text)
{
    struct aur_control_specs none = {.n = 0};
    struct aur_error err;
    if (aur_controls_set(&o->controls, &none, field, number(text), &err))
        usage(err.message);
}

static void read_option(struct options *o, int option, char *value)
{
    struct aur_error err = {0};
    switch (option) {
    case 's':
        read_seeds(o, value);
        return;
    case 'm':
        o->minutes = number(value);
        return;
    case 'h':
        o->hours = number(value);
        return;
    case 'k':
        if (aur_key_parse(&o->controls.key, value, &err))
            usage(err.message);
        return;
    case 'a':
        if (aur_isa_parse(&o->isa, value, &err))
            usage(err.message);
        return;
    case 'b':
    case 'i':
    case 'c':
        set(o, option == 'b' ? "bpm" : option == 'i' ? "intensity" : "melody_complexity", value);
        return;
    case 'w':
        o->sweep = true;
        return;
    case 'j':
        o->json = true;
        return;
    default:
        usage("unknown option");
    }
}

static const struct option flags[] = {{"seeds", required_argument, NULL, 's'},
                                      {"minutes", required_argument, NULL, 'm'},
                                      {"hours", required_argument, NULL, 'h'},
                                      {"key", required_argument, NULL, 'k'},
                                      {"bpm", required_argument, NULL, 'b'},
                                      {"intensity", required_argument, NULL, 'i'},
                                      {"isa", required_argument, NULL, 'a'},
                                      {"complexity", required_argument, NULL, 'c'},
                                      {"sweep", no_argument, NULL, 'w'},
                                      {"json", no_argument, NULL, 'j'},
                                      {NULL, 0, NULL, 0}};

static struct aur_piece *load(const char *script)
{
    struct aur_piece_source source = {.path = script, .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    struct aur_piece *piece;
    struct aur_error err;
    if (aur_piece_load(&piece, &source, &err))
        quit(&err);
    return piece;
}

/* Sound and score of one seed; hour is left to the caller for comparisons. */
static void measure_seed(struct report *r, struct take *hour, struct audio_levels *l, struct audio_centroid *c,
                         const struct options *o, const struct aur_piece *piece, uint64_t seed)
{
    struct take take;
    snprintf(r->title, sizeof r->title,
             "seed %llu: %s, %d BPM, intensity %.2f, complexity %.2f; sound %g min, score %g h",
             (unsigned long long)seed, o->controls.key.name, o->controls.bpm, o->controls.intensity,
             o->controls.melody_complexity, o->minutes, o->hours);
    struct audio a = play(&take, o, piece, seed, &o->controls, o->minutes * 60);
    measure_audio(r, l, c, &a, &take.tune);
    drop(&take);
    compose(hour, piece, seed, &o->controls, o->hours * 3600);
    measure_score(r, &hour->tune);
}

static void compare_seeds(struct report *r, const struct take *a, const struct take *b, const struct audio_levels l[2],
                          const struct audio_centroid c[2])
{
    struct tune_shares lead;
    tune_share(&lead, &a->tune, TUNE_LEAD);
    report_add(r, "notes that both play at the same place", "%", 100 * tune_overlap(&a->tune, &b->tune, TUNE_ALL), 0,
               50);
    if (lead.notes)
        report_add(r, "  of the lead", "%", 100 * tune_overlap(&a->tune, &b->tune, TUNE_LEAD), 0, 20);
    report_add(r, "difference in loudness", "LU", fabs(l[0].loudness_lufs - l[1].loudness_lufs), 0, 2);
    report_add(r, "difference in centroid", "%", 100 * fabs(c[1].mean_hz / c[0].mean_hz - 1), 0, 20);
}

static bool measure(const struct options *o, const struct aur_piece *piece)
{
    static struct report reports[2 * SEEDS_MAX + 2];
    struct take hours[2];
    struct audio_levels l[2];
    struct audio_centroid c[2];
    size_t n = 0;
    for (size_t i = 0; i < o->n_seeds; i++) {
        const int slot = i ? 1 : 0;
        measure_seed(&reports[n++], &hours[slot], &l[slot], &c[slot], o, piece, o->seeds[i]);
        if (!i)
            continue;
        snprintf(reports[n].title, sizeof reports[n].title, "seeds %llu and %llu", (unsigned long long)o->seeds[0],
                 (unsigned long long)o->seeds[i]);
        compare_seeds(&reports[n++], &hours[0], &hours[1], l, c);
        drop(&hours[1]);
    }
    drop(&hours[0]);
    measure_complexities(&reports[n++], o, piece);
    if (o->sweep)
        measure_intensities(&reports[n++], o, piece);
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        ok = ok && report_ok(&reports[i]);
    report_print(reports, n, o->json);
    if (!o->json)
        puts(ok ? "\neverything as wanted" : "\nnot everything as wanted");
    return ok;
}

int main(int argc, char **argv)
{
    struct options o = {.n_seeds = 3, .seeds = {1, 2, 3}, .minutes = 10, .hours = 1, .isa = aur_isa_best()};
    struct aur_control_specs none = {.n = 0};
    aur_controls_default(&o.controls, &none);
    for (int option; (option = getopt_long(argc, argv, "", flags, NULL)) != -1;)
        read_option(&o, option, optarg);
    if (optind + 1 < argc)
        usage("one script at a time");
    struct aur_piece *piece = load(optind < argc ? argv[optind] : AURALIS_SOURCE_DIR "/scripts/ambient.lua");
    struct aur_controls defaults;
    aur_controls_default(&defaults, &aur_piece_describe(piece)->controls);
    memcpy(o.controls.piece, defaults.piece, sizeof o.controls.piece);
    bool ok = measure(&o, piece);
    aur_piece_free(piece);
    return ok ? 0 : 1;
}
