/* A channel on fakes, stepped by hand with a clock that only the test moves. */
#ifndef AUR_TESTS_CHANNEL_HAND_H
#define AUR_TESTS_CHANNEL_HAND_H

#include "channel/internal.h"
#include "fakes.h"

#define RATE       44100u
#define CHUNK      4410u
#define MS         UINT64_C(1000000)
#define TWO_BARS   (2756u * 64) /* a phrase of nearly four seconds */
#define HAND_START 1000000000000u

struct hand {
    struct aur_piece piece;
    struct aur_channel *ch;
    uint64_t now;
    uint64_t render_ns; /* how long a chunk takes: the clock moves by it */
    int notified;
    uint64_t checked; /* chunks whose samples were looked at */
    bool no_composer, no_encoder;
};

/* A channel's clock; user: the struct hand. */
uint64_t hand_clock(void *hand);
void hand_config(struct hand *hand, struct aur_channel_config *config);
void hand_open(struct hand *hand, uint64_t length_frames);
void hand_open_with(struct hand *hand, const struct aur_channel_config *config);
void hand_close(struct hand *hand);

/* Sleeps until the next chunk is wanted, renders it and lets composer and encoder have their turn. */
void hand_chunk(struct hand *hand);
void hand_chunks(struct hand *hand, int n);
/* Until `frames` are rendered, at least. */
void hand_until(struct hand *hand, uint64_t frames);

uint64_t hand_frames(const struct hand *hand);
/* Sample of the right channel (which phrase) at a frame still in the ring; asserts that the left one is the frame. */
float hand_right(struct hand *hand, uint64_t frame);
/* The next event of this type, others dropped; false if there is none. */
bool hand_event(struct hand *hand, struct aur_channel_event *out, enum aur_channel_event_type type);

#endif
