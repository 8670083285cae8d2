/* What tells the pieces apart: plays each from its own beginning and prints tables (Markdown) of density, chroma,
 * centroid and loudness, and how far apart every two of them are.
 *
 *     pieces [SCRIPT...] [--minutes 10] [--seeds 1,2] [--pictures DIR] [--isa NAME]
 *
 * Without scripts: all of scripts/. With the first seed each piece is measured and drawn (DIR/NAME.ppm), with the second
 * it is compared with itself. Two pieces are told apart when their standardised differences in density by voice, chroma
 * and centroid over the minutes, taken together (the root of the sum of squares), reach APART, and the same piece with
 * another seed stays below it. Exits with 1 if two are not told apart or one is not itself, 2 on a usage error, 3 if a
 * piece fails. */
#include <getopt.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/portrait.h"

#define PIECES_MAX 24
#define APART      2.0

struct options {
    double minutes;
    uint64_t seeds[2];
    const char *pictures;
    enum aur_isa isa;
};

static void usage(const char *what)
{
    fprintf(stderr,
            "pieces: %s\nusage: pieces [SCRIPT...] [--minutes 2 to 240] [--seeds A,B] [--pictures DIR] [--isa NAME]\n",
            what);
    exit(2);
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option flags[] = {{"minutes", required_argument, NULL, 'm'},
                                          {"seeds", required_argument, NULL, 's'},
                                          {"pictures", required_argument, NULL, 'p'},
                                          {"isa", required_argument, NULL, 'a'},
                                          {NULL, 0, NULL, 0}};
    struct aur_error err = {0};
    unsigned long long seeds[2];
    int end = 0;
    for (int option; (option = getopt_long(argc, argv, "", flags, NULL)) != -1;)
        switch (option) {
        case 'm':
            if (sscanf(optarg, "%lf%n", &o->minutes, &end) != 1 || optarg[end] || !(o->minutes >= 2) ||
                o->minutes > PORTRAIT_WINDOWS_MAX)
                usage(optarg);
            break;
        case 's':
            if (sscanf(optarg, "%llu,%llu%n", &seeds[0], &seeds[1], &end) != 2 || optarg[end])
                usage(optarg);
            o->seeds[0] = seeds[0];
            o->seeds[1] = seeds[1];
            break;
        case 'p':
            o->pictures = optarg;
            break;
        case 'a':
            if (aur_isa_parse(&o->isa, optarg, &err))
                usage(err.message);
            break;
        default:
            usage("unknown option");
        }
}

/* ---- tables ---- */

static void print_strongest(const struct portrait *p)
{
    static const char *const names[12] = {"C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
    bool used[12] = {false};
    for (int n = 0; n < 5; n++) {
        int best = -1;
        for (int i = 0; i < 12; i++)
            if (!used[i] && (best < 0 || p->chroma_mean[i] > p->chroma_mean[best]))
                best = i;
        used[best] = true;
        printf("%s%s %.0f", n ? ", " : "", names[best], 100 * p->chroma_mean[best]);
    }
}

static void print_sound(const struct portrait *pieces, size_t n, double minutes)
{
    printf("%g minutes of each, as it begins by itself, seed %llu:\n\n", minutes, (unsigned long long)pieces[0].seed);
    puts("| piece | key, BPM | notes a bar | strongest classes, % | centroid, Hz | moves by | LUFS | LRA, LU |");
    puts("|---|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < n; i++) {
        const struct portrait *p = &pieces[i];
        printf("| %s | %s, %d | %.1f | ", p->name, p->key, p->bpm, p->per_bar);
        print_strongest(p);
        printf(" | %.0f | %.0f %% | %.1f | %.1f |\n", p->centroid_hz, 100 * p->centroid_sd_hz / p->centroid_hz,
               p->levels.loudness_lufs, p->levels.range_lu);
    }
}

static void print_voices(const struct portrait *pieces, size_t n)
{
    puts("\nNotes a bar by voice:\n");
    printf("| piece |");
    for (int v = 0; v < AUR_VOICES; v++)
        printf(" %s |", aur_voices[v].name);
    printf("\n|---|");
    for (int v = 0; v < AUR_VOICES; v++)
        printf("---|");
    puts("");
    for (size_t i = 0; i < n; i++) {
        printf("| %s |", pieces[i].name);
        for (int v = 0; v < AUR_VOICES; v++)
            if (pieces[i].per_bar_of[v] > 0)
                printf(" %.2f |", pieces[i].per_bar_of[v]);
            else
                printf(" |");
        puts("");
    }
}

static double together(const double d[TRAITS])
{
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

/* The matrix: a row and a column for each piece, on the diagonal the piece and itself with another seed. */
static bool print_pairs(const struct portrait *pieces, const struct portrait *again, size_t n)
{
    bool ok = true;
    printf("\nStandardised differences in density by voice · chroma · centroid; on the diagonal between two seeds of a "
           "piece. "
           "Two are"
           "\ntold apart from %.1f together (the root of the sum of squares) on:\n\n| |",
           APART);
    for (size_t j = 0; j < n; j++)
        printf(" %s |", pieces[j].name);
    printf("\n|---|");
    for (size_t j = 0; j < n; j++)
        printf("---|");
    puts("");
    for (size_t i = 0; i < n; i++) {
        printf("| %s |", pieces[i].name);
        for (size_t j = 0; j < n; j++) {
            double d[TRAITS];
            if (j < i) {
                printf(" |");
                continue;
            }
            portrait_compare(d, &pieces[i], i == j ? &again[i] : &pieces[j]);
            const bool as_wanted = (together(d) >= APART) == (i != j);
            ok = ok && as_wanted;
            printf(" %.1f · %.1f · %.1f%s |", d[TRAIT_DENSITY], d[TRAIT_CHROMA], d[TRAIT_CENTROID],
                   as_wanted ? "" : " **no**");
        }
        puts("");
    }
    return ok;
}

static void print_nearest(const struct portrait *pieces, size_t n)
{
    double least = INFINITY;
    size_t a = 0, b = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            double d[TRAITS];
            portrait_compare(d, &pieces[i], &pieces[j]);
            if (together(d) < least) {
                least = together(d);
                a = i;
                b = j;
            }
        }
    if (n > 1)
        printf("\nThe nearest two are %s and %s: %.1f together.\n", pieces[a].name, pieces[b].name, least);
}

/* ---- */

static void draw(const struct options *o, const struct portrait *p)
{
    char file[4096];
    snprintf(file, sizeof file, "%s/%s.ppm", o->pictures, p->name);
    if (!portrait_draw(p, file)) {
        perror(file);
        exit(3);
    }
}

/* The sound is not needed any more. */
static void drop_sound(struct portrait *p)
{
    free(p->data);
    p->data = NULL;
    p->frames = p->cap = 0;
}

int main(int argc, char **argv)
{
    static struct portrait pieces[PIECES_MAX], again[PIECES_MAX];
    struct options o = {.minutes = 10, .seeds = {1, 2}, .isa = aur_isa_best()};
    glob_t all = {0};
    read_options(&o, argc, argv);
    char **scripts = argv + optind;
    size_t n = (size_t)(argc - optind);
    if (!n && !glob(AURALIS_SOURCE_DIR "/scripts/*.lua", 0, NULL, &all)) {
        scripts = all.gl_pathv;
        n = all.gl_pathc;
    }
    if (n > PIECES_MAX)
        usage("too many scripts");
    for (size_t i = 0; i < n; i++) {
        portrait_take(&pieces[i], scripts[i], o.seeds[0], o.minutes * 60, o.isa);
        if (o.pictures)
            draw(&o, &pieces[i]);
        drop_sound(&pieces[i]);
        portrait_take(&again[i], scripts[i], o.seeds[1], o.minutes * 60, o.isa);
        drop_sound(&again[i]);
    }
    print_sound(pieces, n, o.minutes);
    print_voices(pieces, n);
    bool ok = print_pairs(pieces, again, n);
    print_nearest(pieces, n);
    for (size_t i = 0; i < n; i++) {
        portrait_free(&pieces[i]);
        portrait_free(&again[i]);
    }
    globfree(&all);
    puts(ok ? "\nEvery two are told apart." : "\nNot every two are told apart.");
    return ok ? 0 : 1;
}
