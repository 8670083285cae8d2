/* What a piece sounds like, in numbers: renders it through the engine and prints every measure with what is wanted.
 *
 *     measure_music [SCRIPT] [--seeds 1,2,3] [--minutes 10] [--hours 1] [--key K] [--bpm B] [--intensity X] [--complexity X]
 *                   [--shares C,S,X] [--isa NAME] [--sweep] [--json]
 *
 * SCRIPT is scripts/ambient.lua where none is given; it begins as its `defaults` say, unless an option says otherwise.
 * --shares: per cent of chord, scale and chromatic tones that its lead declares, 70,25,5 if not given. Sound is measured over --minutes, the score over --hours (composing
 * without sound is fast). --sweep adds the loudness at five intensities. Exits with 1 if something is outside what is
 * wanted, 2 on a usage error, 3 if the piece fails. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/music.h"

#define SEEDS_MAX     16
#define OVERRIDES_MAX 16

struct options {
    uint64_t seeds[SEEDS_MAX];
    size_t n_seeds;
    double minutes, hours;
    struct shares shares;
    struct override { /* of what the piece begins with */
        int option;
        const char *value;
    } overrides[OVERRIDES_MAX];
    size_t n_overrides;
    struct aur_controls controls;
    enum aur_isa isa;
    bool sweep, json;
};

/* ---- options ---- */

static void usage(const char *what)
{
    fprintf(stderr,
            "measure_music: %s\nusage: measure_music [SCRIPT] [--seeds 1,2,3] [--minutes 10] [--hours 1] [--key K] "
            "[--bpm B]\n  [--intensity X] [--complexity X] [--shares C,S,X] [--isa NAME] [--sweep] [--json]\n",
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

static void read_shares(struct shares *shares, const char *text)
{
    int end = 0;
    if (sscanf(text, "%lf,%lf,%lf%n", &shares->chord, &shares->scale, &shares->chromatic, &end) != 3 || text[end])
        usage(text);
}

static void set(struct aur_controls *controls, const char *field, const char *text)
{
    struct aur_control_specs none = {.n = 0};
    struct aur_error err;
    if (aur_controls_set(controls, &none, field, number(text), &err))
        usage(err.message);
}

/* Options about what the piece begins with wait until it is loaded. */
static void override(struct options *o)
{
    struct aur_error err = {0};
    for (size_t i = 0; i < o->n_overrides; i++) {
        const struct override *over = &o->overrides[i];
        if (over->option == 'k' && aur_key_parse(&o->controls.key, over->value, &err))
            usage(err.message);
        if (over->option != 'k')
            set(&o->controls,
                over->option == 'b'   ? "bpm"
                : over->option == 'i' ? "intensity"
                                      : "melody_complexity",
                over->value);
    }
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
    case 'r':
        read_shares(&o->shares, value);
        return;
    case 'a':
        if (aur_isa_parse(&o->isa, value, &err))
            usage(err.message);
        return;
    case 'k':
    case 'b':
    case 'i':
    case 'c':
        if (o->n_overrides == OVERRIDES_MAX)
            usage("too many options");
        o->overrides[o->n_overrides++] = (struct override){option, value};
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

static const struct option flags[] = {
    {"seeds", required_argument, NULL, 's'},  {"minutes", required_argument, NULL, 'm'},
    {"hours", required_argument, NULL, 'h'},  {"key", required_argument, NULL, 'k'},
    {"bpm", required_argument, NULL, 'b'},    {"intensity", required_argument, NULL, 'i'},
    {"isa", required_argument, NULL, 'a'},    {"complexity", required_argument, NULL, 'c'},
    {"shares", required_argument, NULL, 'r'}, {"sweep", no_argument, NULL, 'w'},
    {"json", no_argument, NULL, 'j'},         {NULL, 0, NULL, 0}};

/* ---- measures ---- */

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
        music_compose(&take, piece, o->seeds[0], &controls, o->hours * 3600);
        music_measure_shares(r, &take.tune, &o->shares, when);
        snprintf(when, sizeof when, "lead onsets per bar at %.2f", i / 4.0);
        report_tell(r, when, "", tune_onsets_per_bar(&take.tune, TUNE_LEAD));
        music_drop(&take);
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
        struct audio a = music_play(&take, piece, o->isa, o->seeds[0], &controls, 120);
        audio_measure(&l, &a);
        snprintf(name, sizeof name, "loudness at %.2f", i / 4.0);
        report_tell(r, name, "LUFS", l.loudness_lufs);
        snprintf(name, sizeof name, "notes per bar at %.2f", i / 4.0);
        report_tell(r, name, "", tune_onsets_per_bar(&take.tune, TUNE_ALL));
        low = l.loudness_lufs < low ? l.loudness_lufs : low;
        high = l.loudness_lufs > high ? l.loudness_lufs : high;
        music_drop(&take);
    }
    report_add(r, "difference in loudness", "LU", high - low, 0, 4);
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
    struct audio a = music_play(&take, piece, o->isa, seed, &o->controls, o->minutes * 60);
    music_measure_sound(r, l, c, &a, &take.tune);
    music_drop(&take);
    music_compose(hour, piece, seed, &o->controls, o->hours * 3600);
    music_measure_score(r, &hour->tune, &o->shares);
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
        music_drop(&hours[1]);
    }
    music_drop(&hours[0]);
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
    struct options o = {
        .n_seeds = 3, .seeds = {1, 2, 3}, .minutes = 10, .hours = 1, .shares = {70, 25, 5}, .isa = aur_isa_best()};
    for (int option; (option = getopt_long(argc, argv, "", flags, NULL)) != -1;)
        read_option(&o, option, optarg);
    if (optind + 1 < argc)
        usage("one script at a time");
    struct aur_piece *piece = music_load(optind < argc ? argv[optind] : AURALIS_SOURCE_DIR "/scripts/ambient.lua");
    o.controls = aur_piece_describe(piece)->start;
    override(&o);
    bool ok = measure(&o, piece);
    aur_piece_free(piece);
    return ok ? 0 : 1;
}
