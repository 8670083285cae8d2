/* What the tests of bounce share: a folder of its own, small pieces, requests, reading files back. */
#ifndef AUR_TESTS_BOUNCE_FIXTURE_H
#define AUR_TESTS_BOUNCE_FIXTURE_H

#include "bounce/bounce.h"
#include "support/unit.h"

#define RATE 44100

struct fixture {
    char dir[64];
    struct aur_piece *piece; /* 120 BPM, phrases of two bars: 4 s */
};

/* cmocka set-up and tear-down: *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* "dir/name", valid until the eighth call after it. */
const char *fixture_path(const struct fixture *f, const char *name);
/* Writes a script into the folder and loads it; the caller frees it. */
struct aur_piece *fixture_piece(const struct fixture *f, const char *name, const char *script);
/* Seed 1, 120 BPM, 44.1 kHz, all effects, duration 2 s. */
struct aur_bounce_request fixture_request(const struct fixture *f, const char *out_path);
/* Renders; fails the test with the message otherwise. */
void fixture_render(const struct aur_bounce_request *request);

struct wav { /* a whole file as libsndfile reads it */
    int rate, format;
    size_t frames;
    float *floats;
    int *ints; /* left-aligned in 32 bits */
};
struct wav fixture_read(const char *path);
void fixture_drop(struct wav *wav);

/* Files in the folder but *.lua. */
int fixture_files(const struct fixture *f);
/* Whether two files hold the same bytes. */
bool fixture_same(const char *a, const char *b);

#endif
