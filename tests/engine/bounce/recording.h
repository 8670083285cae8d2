/* A session recorded by hand: what a channel does, without its threads. Phrases go to a synth and into a journal. */
#ifndef AUR_TESTS_BOUNCE_RECORDING_H
#define AUR_TESTS_BOUNCE_RECORDING_H

#include "compose/session.h"
#include "fixture.h"
#include "journal/journal.h"
#include "synth/keyframe.h"

#define CHUNK      4410
#define FRAMES_MAX (40 * RATE)

struct live {
    struct fixture *f;
    struct aur_piece *first, *second;
    struct aur_tables *tables;
    struct aur_journal *journal;
    struct aur_recorder *recorder;
    char id[AUR_SESSION_ID_SIZE], path[512];
    struct aur_synth *synth;
    struct aur_session session;
    struct aur_controls controls;
    struct aur_phrase *phrases[32];
    size_t n_phrases;
    uint64_t lives; /* live controls set */
    float *out;
    uint64_t frame; /* rendered so far */
    size_t keyframe_bytes;
    uint64_t keyframe_at, spoil; /* spoil: number of a phrase that is recorded as another */
};

/* cmocka set-up and tear-down: *state is a struct live with two pieces, not started. */
int recording_setup(void **state);
int recording_teardown(void **state);

void must(int rc, const struct aur_error *err);

/* Opens the journal and a session with seed 42, 120 BPM and the first piece. */
void live_start(struct live *l, const char *channel);
void live_put_piece(struct live *l, const struct aur_piece *piece);
void live_set(struct live *l, float level, float brightness, float intensity);
void live_render_to(struct live *l, uint64_t frame);
/* The session's next phrase, composed, recorded and committed where it begins. */
struct aur_phrase *live_compose(struct live *l);
/* The same, but that it comes too late to be committed. */
void live_drop(struct live *l);
/* A phrase again in place of the next one. */
void live_repeat(struct live *l, uint64_t number);
void live_keyframe(struct live *l);
/* Ends session and journal. */
void live_end(struct live *l);

#endif
