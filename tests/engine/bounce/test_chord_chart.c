/* The names of chords, and the chart they make. */
#include "bounce/chord_chart.h"

#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

#define RATE 44100
#define BEAT AUR_BEAT_ONE

static struct aur_key key_of(const char *name)
{
    struct aur_key key;
    assert_int_equal(aur_key_parse(&key, name, NULL), AUR_OK);
    return key;
}

static void symbols(void **state)
{
    static const struct {
        const char *key, *name, *symbol;
        int pitches[AUR_CHORD_TONES_MAX];
    } cases[] = {
        /* numerals */
        {"A minor", "i", "Am", {57, 60, 64}},
        {"A minor", "VI9", "F9", {53, 57, 60}},
        {"A minor", "iadd9", "Am(add9)", {57, 59, 60, 64}},
        {"A minor", "VImaj9", "Fmaj9", {52, 57, 65, 67}},
        {"A minor", "iih7", "Bm7b5", {59, 62, 65, 69}},
        {"D dorian", "isus4", "Dsus4", {50, 57, 67}},
        {"D dorian", "IVadd9", "Gadd9", {57, 59, 67}},
        {"C major", "V65", "G7", {59, 62, 65, 67}},
        {"C major", "bVII", "Bb", {58, 62, 65}},
        {"C major", "#ivh7", "F#m7b5", {66, 69, 72, 76}},
        {"C major", "V7/V", "D7", {54, 57, 60, 62}},
        {"C major", "iii69", "Em6/9", {64, 67, 71}},
        {"F lydian", "vii/I", "Em/F", {53, 64, 67, 71}},
        {"F# minor", "III", "A", {57, 61, 64}},
        {"Eb major", "vi7", "Cm7", {60, 63, 67, 70}},
        {"Db major", "IV", "Gb", {54, 58, 61}},
        {"C locrian", "bII", "C", {60, 64, 67}}, /* Dbb is no name for people */
        /* the script's own symbols */
        {"C minor", "Ab", "Ab", {51, 60, 63, 68}},
        {"C minor", "Fm7b5", "Fm7b5", {53}},
        {"C minor", "Bbmaj7#11/D", "Bbmaj7#11/D", {50}},
        /* neither: from the tones */
        {"G major", "G D A E B", "G6/9", {55, 57, 59, 62, 64}},
        {"E phrygian", "stair 5", "D7sus4", {50, 57, 60, 67, 74}},
        {"A minor", "", "Am7", {57, 60, 64, 67}},
        {"C major", "x", "C", {48, 52}},
        {"Ab major", "cloud", "Dbmaj7", {61, 65, 68, 72}},
        {"Ab major", "a|b %", "a_b__", {0}}, /* no tones: the name, without what means something in a chart */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct aur_chord chord = {0};
        struct aur_key key = key_of(cases[i].key);
        char symbol[AUR_CHORD_SYMBOL_SIZE];
        strcpy(chord.name, cases[i].name);
        for (; cases[i].pitches[chord.n_pitches]; chord.n_pitches++)
            chord.pitches_q16[chord.n_pitches] = cases[i].pitches[chord.n_pitches] * AUR_Q16_ONE;
        aur_chord_symbol(symbol, &chord, &key);
        assert_string_equal(symbol, cases[i].symbol);
    }
}

struct at {
    double beat, beats;
    const char *name;
};

static void add(struct aur_chord_chart *chart, uint64_t number, int bars, int beats_a_bar, const struct at *at,
                uint32_t n)
{
    struct aur_chord chords[16] = {0};
    const uint64_t length = aur_tempo_frames(bars * beats_a_bar * BEAT, 60, RATE);
    struct aur_phrase phrase = {.number = number,
                                .start_frame = number * length,
                                .length_frames = length,
                                .rate_hz = RATE,
                                .bars = bars,
                                .meter = {beats_a_bar, 4},
                                .n_chords = n,
                                .chords = chords};
    phrase.controls.key = key_of("A minor");
    phrase.controls.bpm = 60;
    for (uint32_t i = 0; i < n; i++) {
        strcpy(chords[i].name, at[i].name);
        chords[i].at_q20 = (int64_t)(at[i].beat * BEAT);
        chords[i].beats_q20 = (int64_t)(at[i].beats * BEAT);
    }
    aur_chord_chart_add(chart, &phrase);
}

static void bars_and_beats(void **state)
{
    struct aur_chord_chart chart;
    (void)state;
    aur_chord_chart_init(&chart, "Song", 7);
    add(&chart, 0, 6, 4, (struct at[]){{0, 8, "Am7"}, {8, 2, "F"}, {10, 1, "C/E"}, {11, 5, "G"}, {20, 4, "Am7"}}, 5);
    add(&chart, 1, 4, 3, (struct at[]){{0, 3, "C"}, {2.97, 3, "C"}, {6, 1.5, "Dm"}, {7.5, 1.5, "Em"}, {9, 3, "C"}},
        5); /* a little early */
    add(&chart, 600, 1, 4, NULL, 0);
    assert_true(aur_buf_ok(&chart.text));
    assert_string_equal(chart.text.data, "Song\n"
                                         "seed 7\n"
                                         "\n"
                                         "Phrase 0   0:00.0   A minor   60 bpm   4/4\n"
                                         "     0:00  | Am7       | %         | F / C/E G | G         |\n"
                                         "     0:16  | -         | Am7       |\n"
                                         "\n"
                                         "Phrase 1   0:12.0   A minor   60 bpm   3/4\n"
                                         "     0:12  | C       | %       | Dm Em / | C       |\n"
                                         "\n"
                                         "Phrase 600   39:59.7   A minor   60 bpm   4/4\n"
                                         "    39:59  | -      |\n");
    aur_chord_chart_deinit(&chart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symbols),
        cmocka_unit_test(bars_and_beats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
