/* Keyframes: a synth restored from bytes goes on to the bit as the one that was saved, for every voice and effect, whatever
 * instruction set either has, at boundaries and anywhere else, with wavetables that lie elsewhere. */
#include "synth/keyframe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rig.h"
#include "support/failing_alloc.h"
#include "support/unit.h"
#include "synth/inner.h"
#include "synth/tables.h"
#include "tone.h"

#define PHRASES      4
#define SAVES        3
#define GO_ON_FRAMES USUAL_OR_SANITIZED(441000, 132300)

/* A piece of random phrases, and what it sounds like. */
struct piece {
    uint32_t rate_hz;
    bool effects;
    uint32_t max_voices;
    struct aur_phrase *phrases[PHRASES];
    float *sound;
    size_t frames;
};

static struct rig_draws draws;

/* Every other phrase begins before the one before it would end. */
static void any_piece(struct piece *piece, const struct aur_table *table)
{
    static struct rig rig;
    uint64_t start = 0;
    for (uint64_t i = 0; i < PHRASES; i++) {
        rig_any(&rig, piece->rate_hz, &draws);
        rig_at(&rig, i, start);
        for (uint32_t k = 0; table && k < rig.head.n_patches; k++)
            if (rig.patches[k].voice == AUR_VOICE_WAVE)
                rig.patches[k].table = *table;
        piece->phrases[i] = rig_phrase(&rig);
        start += rig.head.length_frames - (i % 2 ? rig_below(&draws, 40) * 64 : 0);
    }
    piece->frames = (size_t)start + 6 * piece->rate_hz;
}

static struct aur_synth *synth_new(const struct piece *piece, enum aur_isa isa, const struct aur_tables *tables)
{
    const struct aur_synth_config config = {.rate_hz = piece->rate_hz,
                                            .isa = isa,
                                            .effects = piece->effects,
                                            .max_voices = piece->max_voices,
                                            .tables = tables};
    struct aur_synth *synth;
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    return synth;
}

/* Renders up to a frame; phrases are committed as the queue has room. */
static void play(struct aur_synth *synth, const struct piece *piece, float *out, uint64_t *next, uint64_t to)
{
    while (aur_synth_frame(synth) < to) {
        while (*next < PHRASES && aur_synth_commit(synth, piece->phrases[*next]) == 0)
            ++*next;
        const uint64_t at = aur_synth_frame(synth), left = 4410 - at % 4410, n = to - at < left ? to - at : left;
        if (at % 44100 == 0) {
            const float step = (float)(at / 44100 % 5) / 5;
            aur_synth_live(synth, &(struct aur_live){1 - step / 2, step, 1 - step});
        }
        aur_synth_render(synth, out ? out + 2 * at : NULL, (size_t)n);
        while (aur_synth_retired(synth))
            ;
    }
}

struct saved {
    void *bytes;
    size_t len;
    uint64_t frame, next;
};

/* In the chunk's middle, at boundaries, at any frame. */
static void save(struct saved *saves, struct piece *piece, enum aur_isa isa, const struct aur_tables *tables)
{
    struct aur_synth *synth = synth_new(piece, isa, tables);
    const size_t room = aur_synth_keyframe_bytes(synth);
    piece->sound = malloc(piece->frames * 2 * sizeof(float));
    assert_non_null(piece->sound);
    uint64_t next = 0;
    for (int i = 0; i < SAVES; i++) {
        const uint64_t start = piece->phrases[i + 1]->start_frame;
        saves[i].frame = i % 2 ? start - rig_below(&draws, 60000) : start;
        play(synth, piece, piece->sound, &next, saves[i].frame);
        saves[i].bytes = malloc(room);
        saves[i].len = aur_synth_save(synth, saves[i].bytes, room);
        assert_int_not_equal(saves[i].len, 0);
        assert_true(saves[i].len < room);
    }
    play(synth, piece, piece->sound, &next, piece->frames);
    aur_synth_free(synth);
}

static void goes_on(const struct piece *piece, const struct saved *saved, enum aur_isa isa,
                    const struct aur_tables *tables)
{
    struct aur_synth *synth = synth_new(piece, isa, tables);
    struct aur_synth_keyframe frame;
    struct aur_error err;
    assert_int_equal(aur_synth_keyframe_read(&frame, saved->bytes, saved->len, &err), 0);
    assert_int_equal(frame.layout, aur_synth_layout(synth));
    assert_int_equal(frame.frame, saved->frame);
    const struct aur_phrase *begun = frame.begun == AUR_KEYFRAME_NONE ? NULL : piece->phrases[frame.begun];
    if (aur_synth_restore(synth, saved->bytes, saved->len, begun, &err) < 0)
        fail_msg("%s", err.message);
    uint64_t next = 0, to = saved->frame + GO_ON_FRAMES;
    while (next < PHRASES && piece->phrases[next]->start_frame < saved->frame)
        next++;
    to = to < piece->frames ? to : piece->frames;
    float *again = calloc(piece->frames, 2 * sizeof(float));
    assert_non_null(again);
    play(synth, piece, again, &next, to);
    for (uint64_t i = 2 * saved->frame; i < 2 * to; i++)
        if (memcmp(&again[i], &piece->sound[i], sizeof(float)) != 0)
            fail_msg("saved at %llu, frame %llu differs: %a, not %a (%s)", (unsigned long long)saved->frame,
                     (unsigned long long)(i / 2), (double)again[i], (double)piece->sound[i], aur_isa_name(isa));
    free(again);
    aur_synth_free(synth);
}

/* The n-th of those that this processor has, over and over. */
static enum aur_isa isa_of(int n)
{
    for (int i = 0;; i = (i + 1) % AUR_ISAS)
        if (aur_isa_supported((enum aur_isa)i) && n-- == 0)
            return (enum aur_isa)i;
}

static void run(struct piece *piece, int n, const struct aur_tables *tables, const struct aur_tables *other)
{
    struct saved saves[SAVES];
    save(saves, piece, isa_of(3 + n), tables);
    for (int i = 0; i < SAVES; i++) {
        goes_on(piece, &saves[i], isa_of(3 + n + i), other ? other : tables);
        free(saves[i].bytes);
    }
}

static void piece_free(struct piece *piece)
{
    for (int i = 0; i < PHRASES; i++)
        aur_phrase_free(piece->phrases[i]);
    free(piece->sound);
}

static void every_voice_and_effect_goes_on(void **state)
{
    (void)state;
    static const uint32_t rates[] = {44100, 48000, 96000};
    for (int i = 0; i < 3; i++) {
        struct piece piece = {.rate_hz = rates[i], .effects = i != 1, .max_voices = i == 0 ? 12 : 0};
        draws = (struct rig_draws){aur_mix64(rig_seed() + (uint64_t)i), 0};
        any_piece(&piece, NULL);
        run(&piece, i, NULL, NULL);
        piece_free(&piece);
    }
}

static struct aur_table add_table(struct aur_tables *tables, const char *name)
{
    static float frames[3 * AUR_WAVE_FRAMES];
    const struct aur_cycles cycles = {frames, 3, 100};
    const uint64_t noise = aur_rand_key(1, 0, name);
    struct aur_table table;
    for (int i = 0; i < 3 * AUR_WAVE_FRAMES; i++)
        frames[i] = (float)aur_rand_unit(noise, (uint64_t)i) - 0.3f;
    assert_int_equal(aur_tables_add(tables, &table, 1, &cycles, NULL), 0);
    return table;
}

static void phrases_read_table(struct piece *piece, const struct aur_table *table)
{
    for (int i = 0; i < PHRASES; i++)
        for (uint32_t k = 0; k < piece->phrases[i]->n_patches; k++)
            if (piece->phrases[i]->patches[k].voice == AUR_VOICE_WAVE)
                ((struct aur_patch *)(uintptr_t)&piece->phrases[i]->patches[k])->table = *table;
}

/* Each goes on with tables that lie elsewhere. Without them, how many are refused: those with a wave that sounds. */
static int elsewhere(struct piece *piece, struct saved *saves, const struct aur_tables *other)
{
    struct aur_tables *without;
    int missing = 0;
    assert_int_equal(aur_tables_new(&without, NULL), 0);
    for (int i = 0; i < SAVES; i++) {
        goes_on(piece, &saves[i], isa_of(i), other);
        struct aur_synth *synth = synth_new(piece, isa_of(0), without);
        struct aur_synth_keyframe frame;
        struct aur_error err;
        assert_int_equal(aur_synth_keyframe_read(&frame, saves[i].bytes, saves[i].len, &err), 0);
        missing += aur_synth_restore(synth, saves[i].bytes, saves[i].len,
                                     frame.begun == AUR_KEYFRAME_NONE ? NULL : piece->phrases[frame.begun],
                                     &err) == AUR_ENOTFOUND;
        aur_synth_free(synth);
        free(saves[i].bytes);
    }
    aur_tables_free(without);
    return missing;
}

/* Not every random piece has a wave that sounds where it is saved: pieces are drawn until one has. */
static void wavetables_may_lie_elsewhere(void **state)
{
    (void)state;
    struct aur_tables *tables, *other;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    assert_int_equal(aur_tables_new(&other, NULL), 0);
    const struct aur_table table = add_table(tables, "mine");
    (void)add_table(other, "before");
    const struct aur_table there = add_table(other, "mine");
    assert_int_not_equal(table.at, there.at);
    draws = (struct rig_draws){aur_mix64(rig_seed()), 0};
    int missing = 0;
    for (int i = 0; i < 20 && missing == 0; i++) {
        struct piece piece = {.rate_hz = 44100, .effects = true};
        struct saved saves[SAVES];
        any_piece(&piece, &table);
        save(saves, &piece, isa_of(0), tables);
        phrases_read_table(&piece, &there);
        missing = elsewhere(&piece, saves, other);
        piece_free(&piece);
    }
    assert_true(missing > 0);
    aur_tables_free(tables);
    aur_tables_free(other);
}

/* The voice that rings on may be all that reads them. */
static void built_in_wavetables_come_along(void **state)
{
    (void)state;
    struct piece piece = {.rate_hz = 44100};
    struct aur_synth_keyframe frame;
    struct aur_error err;
    static struct rig rig;
    struct aur_tables *tables, *other;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    assert_int_equal(aur_tables_new(&other, NULL), 0);
    aur_tables_builtin(tables);
    rig_init(&rig, 44100);
    rig_note(&rig, rig_patch(&rig, "it", AUR_VOICE_WAVE), 0, 2, 60, 0.6);
    struct aur_phrase *phrase = rig_phrase(&rig);
    struct aur_synth *synth = synth_new(&piece, isa_of(0), tables), *next = synth_new(&piece, isa_of(0), other);
    assert_int_equal(aur_synth_commit(synth, phrase), 0);
    struct audio before = rig_more(synth, 44100, 4410);
    tone_free(&before);
    const size_t room = aur_synth_keyframe_bytes(synth);
    void *bytes = malloc(room);
    const size_t len = aur_synth_save(synth, bytes, room);
    assert_int_equal(aur_synth_keyframe_read(&frame, bytes, len, &err), 0);
    const struct aur_phrase *begun = frame.begun == AUR_KEYFRAME_NONE ? NULL : phrase;
    assert_false(aur_tables_have_builtin(other));
    assert_int_equal(aur_synth_restore(next, bytes, len, begun, &err), 0);
    assert_true(aur_tables_have_builtin(other));
    struct audio want = rig_more(synth, 44100, 4410), got = rig_more(next, 44100, 4410);
    assert_memory_equal(got.data, want.data, 4410 * 2 * sizeof(float));
    tone_free(&got);
    tone_free(&want);
    free(bytes);
    aur_synth_free(next);
    aur_synth_free(synth);
    aur_phrase_free(phrase);
    aur_tables_free(other);
    aur_tables_free(tables);
}

/* ---- what is refused ---- */

static struct piece one;
static struct saved first[SAVES];

static int restore(const struct piece *piece, const void *bytes, size_t len, const struct aur_phrase *begun)
{
    struct aur_synth *synth = synth_new(piece, isa_of(0), NULL);
    struct aur_error err = {0};
    int rc = aur_synth_restore(synth, bytes, len, begun, &err);
    assert_true(rc == 0 || err.message[0]);
    aur_synth_free(synth);
    return rc;
}

static void what_is_no_keyframe_of_this_is_refused(void **state)
{
    (void)state;
    struct piece other = one;
    assert_int_equal(restore(&one, first[0].bytes, first[0].len, NULL), 0);
    assert_int_equal(restore(&one, first[0].bytes, first[0].len, one.phrases[1]), AUR_EINVAL);
    assert_int_equal(restore(&one, first[0].bytes, first[0].len - 8, NULL), AUR_EINVAL);
    assert_int_equal(restore(&one, first[0].bytes, 3, NULL), AUR_EINVAL);
    other.rate_hz = 48000;
    assert_int_equal(restore(&other, first[0].bytes, first[0].len, NULL), AUR_EINVAL);
    other.rate_hz = one.rate_hz;
    other.effects = false;
    assert_int_equal(restore(&other, first[0].bytes, first[0].len, NULL), AUR_EINVAL);
    for (int i = 0; i < 12; i++) {
        char *byte = (char *)first[0].bytes + rig_below(&draws, (uint32_t)first[0].len);
        *byte ^= 0x10;
        assert_int_equal(restore(&one, first[0].bytes, first[0].len, NULL), AUR_EINVAL);
        *byte ^= 0x10;
    }
    assert_int_equal(restore(&one, first[0].bytes, first[0].len, NULL), 0);
}

static void bytes_are_the_same_for_the_same_state(void **state)
{
    (void)state;
    struct aur_synth *synth = synth_new(&one, isa_of(0), NULL);
    const size_t room = aur_synth_keyframe_bytes(synth);
    void *bytes = malloc(room);
    assert_int_equal(aur_synth_restore(synth, first[0].bytes, first[0].len, NULL, NULL), 0);
    assert_int_equal(aur_synth_save(synth, bytes, room), first[0].len);
    assert_memory_equal(bytes, first[0].bytes, first[0].len);
    assert_int_equal(aur_synth_save(synth, bytes, room - 1), 0);
    assert_int_equal(aur_synth_restore(synth, bytes, room, NULL, NULL), AUR_EINVAL); /* it has begun */
    free(bytes);
    aur_synth_free(synth);
}

static void saving_allocates_nothing(void **state)
{
    (void)state;
    struct aur_synth *synth = synth_new(&one, isa_of(0), NULL);
    const size_t room = aur_synth_keyframe_bytes(synth);
    void *bytes = malloc(room);
    assert_int_equal(aur_synth_restore(synth, first[0].bytes, first[0].len, NULL, NULL), 0);
    const unsigned long before = failing_alloc_calls();
    const size_t len = aur_synth_save(synth, bytes, room);
    assert_int_equal(failing_alloc_calls(), before);
    assert_int_equal(len, first[0].len);
    free(bytes);
    aur_synth_free(synth);
}

static int make_one(void **state)
{
    (void)state;
    draws = (struct rig_draws){7, 0};
    one = (struct piece){.rate_hz = 44100, .effects = true};
    any_piece(&one, NULL);
    save(first, &one, isa_of(0), NULL);
    return 0;
}

static int free_one(void **state)
{
    (void)state;
    for (int i = 0; i < SAVES; i++)
        free(first[i].bytes);
    piece_free(&one);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_voice_and_effect_goes_on),
        cmocka_unit_test(wavetables_may_lie_elsewhere),
        cmocka_unit_test(built_in_wavetables_come_along),
        cmocka_unit_test_setup_teardown(what_is_no_keyframe_of_this_is_refused, make_one, free_one),
        cmocka_unit_test_setup_teardown(bytes_are_the_same_for_the_same_state, make_one, free_one),
        cmocka_unit_test_setup_teardown(saving_allocates_nothing, make_one, free_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
