#include "score/harmony.h"
#include "score/phrase.h"

#include <string.h>

#include "support/failing_alloc.h"
#include "support/unit.h"

static const struct aur_note notes[] = {
    {.on_frame = 1280, .off_frame = 2560, .id = 0, .pitch_q16 = 60 << 16},
    {.on_frame = 640, .off_frame = 2560, .id = 1, .pitch_q16 = 61 << 16},
    {.on_frame = 1280, .off_frame = 1344, .id = 2, .pitch_q16 = 62 << 16},
    {.on_frame = 640, .off_frame = 704, .id = 3, .pitch_q16 = 63 << 16},
};
static const struct aur_chord chords[] = {{.on_frame = 1280, .off_frame = 2560, .name = "iv"},
                                          {.on_frame = 640, .off_frame = 1280, .name = "i"}};

static struct aur_phrase *make(void)
{
    struct aur_patch patch;
    aur_patch_default(&patch, "pad", AUR_VOICE_PAD);
    struct aur_phrase header = {.number = 3,
                                .start_frame = 640,
                                .length_frames = 6400,
                                .rate_hz = 44100,
                                .bars = 1,
                                .meter = {4, 4},
                                .n_patches = 1,
                                .n_notes = 4,
                                .n_chords = 2};
    aur_controls_default(&header.controls, NULL);
    struct aur_phrase *phrase;
    assert_int_equal(aur_phrase_new(&phrase, &header, &patch, notes, chords), AUR_OK);
    return phrase;
}

static void sorted_by_onset_then_id(void **state)
{
    (void)state;
    struct aur_phrase *phrase = make();
    static const uint32_t order[] = {1, 3, 0, 2};
    for (int i = 0; i < 4; i++)
        assert_int_equal(phrase->notes[i].id, order[i]);
    assert_string_equal(phrase->chords[0].name, "i");
    assert_string_equal(phrase->chords[1].name, "iv");
    assert_string_equal(phrase->patches[0].name, "pad");
    aur_phrase_free(phrase);
    aur_phrase_free(NULL);
}

static void repeated_later_and_earlier(void **state)
{
    (void)state;
    struct aur_phrase *phrase = make(), *later, *earlier;
    assert_int_equal(aur_phrase_repeat(&later, phrase, 9, 64000), AUR_OK);
    assert_int_equal(aur_phrase_repeat(&earlier, later, 10, 0), AUR_OK);
    aur_phrase_free(phrase);
    assert_int_equal(later->number, 9);
    assert_int_equal(later->start_frame, 64000);
    assert_int_equal(later->notes[0].on_frame, 64000);
    assert_int_equal(later->notes[3].off_frame, 64000 + 1344 - 640);
    assert_int_equal(later->chords[1].on_frame, 64000 + 640);
    assert_int_equal(earlier->notes[0].on_frame, 0);
    assert_int_equal(earlier->notes[2].on_frame, 640);
    assert_int_equal(earlier->length_frames, 6400);
    aur_phrase_free(later);
    aur_phrase_free(earlier);
}

static void an_empty_phrase(void **state)
{
    (void)state;
    struct aur_phrase header = {.length_frames = 64}, *phrase;
    assert_int_equal(aur_phrase_new(&phrase, &header, NULL, NULL, NULL), AUR_OK);
    assert_int_equal(phrase->n_notes, 0);
    aur_phrase_free(phrase);
}

static void without_memory(void **state)
{
    (void)state;
    struct aur_phrase *phrase = make(), *copy = NULL;
    failing_alloc_arm(0);
    int rc = aur_phrase_repeat(&copy, phrase, 1, 0);
    assert_true(failing_alloc_disarm());
    assert_int_equal(rc, AUR_ENOMEM);
    assert_null(copy);
    aur_phrase_free(phrase);
}

static uint64_t hash_of(const struct aur_phrase *header, const struct aur_patch *patch, const struct aur_note *played)
{
    struct aur_phrase *phrase;
    assert_int_equal(aur_phrase_new(&phrase, header, patch, played, NULL), AUR_OK);
    uint64_t hash = aur_phrase_hash(phrase);
    aur_phrase_free(phrase);
    return hash;
}

/* header, patch and notes with one value changed must give another hash, and the same when it is back. */
#define COUNTS(value, change)                                                                                          \
    do {                                                                                                               \
        const __typeof__(value) was = (value);                                                                         \
        (value) += (change);                                                                                           \
        assert_true(hash_of(&h, &patch, played) != hash);                                                              \
        (value) = was;                                                                                                 \
        assert_true(hash_of(&h, &patch, played) == hash);                                                              \
    } while (0)

static void hash_is_of_what_sounds(void **state)
{
    (void)state;
    struct aur_phrase *phrase = make(), *later;
    assert_int_equal(aur_phrase_repeat(&later, phrase, 9, 64000), AUR_OK);
    assert_true(aur_phrase_hash(later) == aur_phrase_hash(phrase));
    aur_phrase_free(later);
    struct aur_phrase h = *phrase;
    struct aur_patch patch = phrase->patches[0];
    struct aur_note played[4];
    h.n_chords = 0;
    memcpy(played, phrase->notes, sizeof played);
    const uint64_t hash = hash_of(&h, &patch, played);
    assert_true(hash == aur_phrase_hash(phrase)); /* chords do not sound */
    h.controls.level = 0;
    patch.table.at = 77; /* where a store happens to hold it */
    memset(played[0].callers, 1, sizeof played[0].callers);
    assert_true(hash_of(&h, &patch, played) == hash);
    COUNTS(patch.table.hash, 1);
    COUNTS(patch.params[3], 1);
    COUNTS(h.effects.params[AUR_EFFECT_DELAY][0], 1);
    COUNTS(h.controls.bpm, 1);
    COUNTS(h.length_frames, 64);
    COUNTS(played[2].velocity_q16, 1);
    COUNTS(played[3].off_frame, 64);
    COUNTS(played[1].at_q20, 1);
    aur_phrase_free(phrase);
}

#define Q(beats) ((int64_t)((beats) * (double)AUR_BEAT_ONE))

static const struct {
    double at, beats, pitch;
    uint16_t patch;
    enum aur_harmony want;
} heard[] = {
    {0, 1, 69, 0, AUR_HARMONY_CHORD},     {0, 1, 71, 0, AUR_HARMONY_SCALE},   {0, 1, 61, 1, AUR_HARMONY_CHROMATIC},
    {4, 1, 62, 0, AUR_HARMONY_CHORD},     {4, 1, 64, 0, AUR_HARMONY_SCALE},   {3.9, 1, 65, 1, AUR_HARMONY_CHORD},
    {3.9, 0.1, 65, 1, AUR_HARMONY_SCALE}, {8.5, 1, 57, 1, AUR_HARMONY_SCALE}, {0, 1, 59.75, 0, AUR_HARMONY_CHORD},
    {0, 1, 126.6, 0, AUR_HARMONY_SCALE},
};

static void harmony_is_counted_once_per_note(void **state)
{
    (void)state;
    /* A minor: i for a bar, then iv with its tones given in another octave, then nothing declared */
    struct aur_chord declared[] = {
        {.on_frame = 0, .at_q20 = 0, .beats_q20 = Q(4), .pitches_q16 = {57 << 16, 60 << 16, 64 << 16}, .n_pitches = 3},
        {.on_frame = 64,
         .at_q20 = Q(4),
         .beats_q20 = Q(4),
         .pitches_q16 = {26 << 16, 41 << 16, 93 << 16},
         .n_pitches = 3},
    };
    int n = sizeof heard / sizeof *heard;
    struct aur_note played[16] = {0};
    for (int i = 0; i < n; i++)
        played[i] = (struct aur_note){.at_q20 = Q(heard[i].at),
                                      .beats_q20 = Q(heard[i].beats),
                                      .patch = heard[i].patch,
                                      .pitch_q16 = (int32_t)(heard[i].pitch * 65536),
                                      .id = (uint32_t)i};
    struct aur_patch patches[2] = {0};
    struct aur_phrase header = {.n_patches = 2, .n_notes = (uint32_t)n, .n_chords = 2}, *phrase;
    aur_controls_default(&header.controls, NULL);
    assert_int_equal(aur_phrase_new(&phrase, &header, patches, played, declared), AUR_OK);
    for (int i = 0; i < n; i++)
        assert_int_equal(aur_harmony_of(phrase, &phrase->notes[i]), heard[i].want);
    struct aur_harmony_counts counts[2] = {0};
    aur_harmony_count(counts, phrase);
    aur_harmony_count(counts, phrase);
    assert_int_equal(counts[0].notes, 12);
    assert_int_equal(counts[0].n[AUR_HARMONY_CHORD], 6);
    assert_int_equal(counts[0].n[AUR_HARMONY_SCALE], 6);
    assert_int_equal(counts[1].notes, 8);
    assert_int_equal(counts[1].n[AUR_HARMONY_CHROMATIC], 2);
    aur_phrase_free(phrase);
}

/* Where no chord is declared, long notes and pads say what sounds. */
static void harmony_is_watched_without_declared_chords(void **state)
{
    (void)state;
    static const struct {
        double at, beats, pitch;
        uint16_t patch;                                    /* 0: a pluck, 1: a pad */
    } played[] = {{0, 8, 57, 0},      {0, 1, 60, 1},       /* A and, for a beat, C are held: both inside */
                  {0, 0.5, 69, 0},                         /* A again: inside */
                  {0.5, 0.25, 61, 0},                      /* C sharp: outside of key and chord */
                  {0, 0.5, 62, 0},                         /* D: in the key, outside of the chord */
                  {2, 0.5, 60, 0},                         /* C, when only A is held */
                  {8, 0.5, 63, 0},                         /* nothing is held, E flat is outside of the key */
                  {9, 1, 64, 0},      {9.25, 0.5, 57, 0}}; /* a chord is declared there: E alone */
    struct aur_chord declared = {
        .on_frame = 640, .at_q20 = Q(9), .beats_q20 = Q(4), .pitches_q16 = {64 << 16}, .n_pitches = 1};
    enum { N = sizeof played / sizeof *played };
    struct aur_note notes_of[N] = {0};
    struct aur_patch patches[2] = {{.voice = AUR_VOICE_PLUCK}, {.voice = AUR_VOICE_PAD}};
    struct aur_phrase header = {.n_patches = 2, .n_notes = N, .n_chords = 1}, *phrase;
    for (uint32_t i = 0; i < N; i++)
        notes_of[i] = (struct aur_note){.at_q20 = Q(played[i].at),
                                        .beats_q20 = Q(played[i].beats),
                                        .patch = played[i].patch,
                                        .pitch_q16 = (int32_t)(played[i].pitch * 65536),
                                        .id = i};
    aur_controls_default(&header.controls, NULL);
    assert_int_equal(aur_phrase_new(&phrase, &header, patches, notes_of, &declared), AUR_OK);
    struct aur_harmony_watch watch;
    aur_harmony_watch(&watch, phrase);
    assert_int_equal(watch.notes, N);
    assert_int_equal(watch.outside_key, 2);
    assert_int_equal(watch.chorded, N - 1);
    assert_int_equal(watch.outside_chord, 4);
    aur_phrase_free(phrase);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sorted_by_onset_then_id),
                                       cmocka_unit_test(repeated_later_and_earlier),
                                       cmocka_unit_test(an_empty_phrase),
                                       cmocka_unit_test(without_memory),
                                       cmocka_unit_test(hash_is_of_what_sounds),
                                       cmocka_unit_test(harmony_is_counted_once_per_note),
                                       cmocka_unit_test(harmony_is_watched_without_declared_chords)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
