/* A real channel, stepped by hand with a clock of its own, that is recorded. */
#ifndef AUR_TESTS_CHANNEL_RECORDED_H
#define AUR_TESTS_CHANNEL_RECORDED_H

#include "channel/internal.h"

#define RATE   44100u
#define CHUNK  4410u
#define CHUNKS 1240u /* just over two minutes */
#define FRAMES ((uint64_t)CHUNKS * CHUNK)

struct recorded {
    char dir[64], path[96];
    uint64_t now;
    struct aur_journal *journal;
    struct aur_channel *ch;
    struct aur_piece *piece, *other;
    float *samples;
    bool composes;
    char session[AUR_SESSION_ID_SIZE];
};

/* user: the uint64_t that it tells. */
uint64_t recorded_clock(void *user);
/* A channel of the short piece, recorded into a database in a folder of its own. */
void recorded_open(struct recorded *s);
void recorded_close(struct recorded *s);
/* The next chunk, of index k: rendered, composed (if it composes), encoded, its samples kept. */
void recorded_chunk(struct recorded *s, uint64_t k);
void recorded_set(struct recorded *s, const char *name, double value);
void recorded_key(struct recorded *s, const char *name);
void recorded_arm(struct recorded *s, struct aur_piece *piece, enum aur_swap swap);
void recorded_rewind(struct recorded *s, uint32_t phrases, uint64_t seed, struct aur_piece *piece);
void recorded_switch(struct recorded *s, uint32_t branch);

#endif
