/* Stand-ins for pieces (compose/) and synth/, linked instead of the real rooms: a piece whose phrases have any length, fail or take
 * time on demand, and a synth whose samples say which frame and which phrase they are. */
#ifndef AUR_TESTS_CHANNEL_FAKES_H
#define AUR_TESTS_CHANNEL_FAKES_H

#include <stdatomic.h>

#include "channel/channel.h"

struct aur_piece {
    struct aur_piece_info info;
    struct aur_piece_marks marks;
    _Atomic int references; /* those of others */
    uint64_t length_frames; /* of each phrase, a multiple of 64 */
    _Atomic bool fails;     /* composing raises "script.lua:7: boom" */
    int fails_from;         /* or from this phrase on, if it is not 0 */
    bool migrate_fails;
    void (*during)(void *user); /* called while composing, if set */
    void *user;
    _Atomic int composed; /* calls that came out well */
    bool shared;          /* by channels of several composers: nothing seen is written */
    char seen_state[32];  /* the state the last call was given, as were */
    uint64_t seen_seed;
    struct aur_controls seen_controls;
};

void fake_piece_init(struct aur_piece *piece, uint64_t length_frames);
/* Another text. */
void fake_piece_mark(struct aur_piece *piece, char letter);

#define FAKE_LIVES 64

struct aur_synth {
    struct aur_synth_config config;
    const struct aur_phrase *queue[AUR_SYNTH_PHRASES_MAX];
    size_t n;
    uint64_t frame;
    struct {
        uint64_t frame;
        struct aur_live live;
    } lives[FAKE_LIVES]; /* every call of aur_synth_live */
    size_t n_lives;
    struct aur_synth_counts counts; /* as told */
};

/* What the fake synth plays: left says the frame, right the phrase (0: none). Both are exact in a float. */
float fake_left(uint64_t frame);
float fake_right(uint64_t number);

#endif
