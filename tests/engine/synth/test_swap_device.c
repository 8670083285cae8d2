/* Where one piece gives way to another while voices are rendered ahead by a device: phrases cut short, parts that are gone,
 * notes released in the middle of what would be a job. The bytes are the CPU's. */
#include <sched.h>
#include <stdlib.h>

#include "base/hash.h"
#include "opencl_faults.h"
#include "rig.h"
#include "support/unit.h"
#include "synth/backend.h"

#define RATE    44100u
#define CHUNK   4410u
#define CHUNKS  60
#define PHRASES 8
#define PATIENT 1000000000

static struct rig rigs[PHRASES];

/* Phrase i begins where nothing else does: in the middle of a chunk, before the one before it says that it ends, and with
 * some of its parts, one under the same name with another voice. Long notes lie over every cut, and some come after it. */
static void write_score(void)
{
    static const char *const names[] = {"pad", "lead", "bell", "string", "low"};
    static const enum aur_voice voices[] = {AUR_VOICE_PAD, AUR_VOICE_LEAD, AUR_VOICE_BELL, AUR_VOICE_PLUCK,
                                            AUR_VOICE_BASS};
    for (int i = 0; i < PHRASES; i++) {
        struct rig *rig = &rigs[i];
        rig_init(rig, RATE);
        rig->head.number = (uint64_t)i;
        rig->head.start_frame = (uint64_t)i * 487 * 64; /* 0.7 s */
        rig->head.length_frames = i % 3 == 2 ? 487u * 64 : 1500u * 64;
        for (int k = 0; k < 3; k++) {
            int part = (i + 2 * k) % 5;
            uint16_t patch = rig_patch(rig, names[part], voices[i % 4 == 3 ? (part + 1) % 5 : part]);
            for (int n = 0; n < 6; n++)
                rig_note(rig, patch, 0.23 * n + 0.017 * k, 0.15 + 0.4 * (n % 3), 40 + 5 * n + 3 * k + i, 0.5);
        }
    }
}

/* Commits each phrase as late as a channel does. */
static uint64_t play(struct aur_backend *backend, uint32_t chunk_frames, struct aur_synth_counts *counts)
{
    struct aur_synth_config config = {
        .rate_hz = RATE, .isa = aur_isa_best(), .effects = true, .backend = backend, .chunk_frames = chunk_frames};
    struct aur_phrase *phrases[PHRASES];
    struct aur_synth *synth;
    static float samples[2 * CHUNK];
    uint64_t hash = AUR_HASH_START;
    int next = 0;
    assert_int_equal(aur_synth_new(&synth, &config, NULL), 0);
    for (int i = 0; i < PHRASES; i++)
        phrases[i] = rig_phrase(&rigs[i]);
    for (int k = 0; k < CHUNKS; k++) {
        uint64_t decided = aur_synth_frame(synth) + CHUNK + aur_synth_lookahead(synth);
        for (; next < PHRASES && phrases[next]->start_frame < decided; next++)
            assert_int_equal(aur_synth_commit(synth, phrases[next]), 0);
        bool ready = aur_synth_ready(synth, CHUNK);
        for (int i = 0; chunk_frames && !ready && i < PATIENT; i++, ready = aur_synth_ready(synth, CHUNK))
            sched_yield();
        aur_synth_render(synth, samples, CHUNK);
        hash = aur_hash64(samples, sizeof samples, hash);
        while (aur_synth_retired(synth))
            ;
    }
    assert_int_equal(next, PHRASES);
    if (counts)
        aur_synth_counts(synth, counts);
    aur_synth_free(synth);
    for (int i = 0; i < PHRASES; i++)
        aur_phrase_free(phrases[i]);
    return hash;
}

static void cuts_and_released_notes_are_the_same(void **state)
{
    (void)state;
    write_score();
    const uint64_t want = play(NULL, 0, NULL);
    rigs[3].head.start_frame += 64; /* the cut is heard */
    for (uint32_t i = 0; i < rigs[3].head.n_notes; i++) {
        rigs[3].notes[i].on_frame += 64;
        rigs[3].notes[i].off_frame += 64;
    }
    assert_true(play(NULL, 0, NULL) != want);
    write_score();
    for (int gpu = 0; gpu < 2; gpu++) {
        struct aur_backend_config config = {.forced = true, .wait = true, .rate_hz = RATE, .isa = aur_isa_best()};
        struct aur_backend *backend;
        struct aur_synth_counts counts;
        struct aur_error err = {0};
        fault_look(gpu, true);
        if (aur_backend_new(&backend, &config, &err) < 0)
            fail_msg("%s", err.message);
        assert_true(play(backend, 0, &counts) == want); /* as a render to a file asks */
        assert_int_equal(counts.cpu_blocks, 0);
        assert_true(play(backend, CHUNK, &counts) == want);     /* as a channel does */
        assert_true(counts.backend_blocks > counts.cpu_blocks); /* those at the cuts are not worth a job */
        aur_backend_free(backend);
    }
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_and_released_notes_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
