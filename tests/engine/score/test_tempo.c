#include "score/tempo.h"

#include "base/hash.h"
#include "support/unit.h"

static void known_values(void **state)
{
    (void)state;
    assert_int_equal(aur_tempo_frames(0, 70, 44100), 0);
    /* 32 beats at 60 BPM: 32 s; 44100 * 32 is a multiple of 64 */
    assert_int_equal(aur_tempo_frames(32 * AUR_BEAT_ONE, 60, 44100), 1411200);
    /* one beat at 70 BPM: 37800 frames = 590.625 blocks */
    assert_int_equal(aur_tempo_frames(AUR_BEAT_ONE, 70, 44100), 591 * 64);
    assert_int_equal(aur_tempo_frames(AUR_BEAT_ONE, 70, 48000), 643 * 64); /* 642.857 */
    assert_int_equal(aur_tempo_frames(-1, 70, 48000), 0);
}

/* The nearest multiple of 64, by exact comparison with 128-bit products, over the whole range. */
static void nearest_block_everywhere(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 44100, 48000, 96000, 192000};
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t r = aur_rand_at(5, i);
        int64_t beats = (int64_t)(r >> 32) >> (r & 31);
        int bpm = AUR_BPM_MIN + (int)((r >> 8) % (AUR_BPM_MAX - AUR_BPM_MIN + 1));
        uint32_t rate = rates[(r >> 20) % 5];
        uint64_t frames = aur_tempo_frames(beats, bpm, rate);
        assert_int_equal(frames % AUR_BLOCK_FRAMES, 0);
        /* |frames - exact| <= 32, with exact = beats 60 rate / (bpm 2^20) */
        __int128 off = ((__int128)frames * bpm * AUR_BEAT_ONE) - (__int128)beats * 60 * rate;
        __int128 limit = (__int128)32 * bpm * AUR_BEAT_ONE;
        assert_true(off <= limit && off >= -limit);
    }
}

static void later_beats_are_not_earlier(void **state)
{
    (void)state;
    uint64_t last = 0;
    for (int64_t beats = 0; beats < 70 * AUR_BEAT_ONE; beats += 997) {
        uint64_t frames = aur_tempo_frames(beats, 113, 44100);
        assert_true(frames >= last);
        last = frames;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_values), cmocka_unit_test(nearest_block_everywhere),
                                       cmocka_unit_test(later_beats_are_not_earlier)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
