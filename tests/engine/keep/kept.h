/* What the tests of keep share: a journal with a session in it, and requests that are waited for. */
#ifndef AUR_TESTS_KEEP_KEPT_H
#define AUR_TESTS_KEEP_KEPT_H

#include "fixture.h"
#include "keep/keep.h"
#include "rt/thread.h"

struct kept {
    struct fixture *f;
    struct aur_journal *journal;
    struct aur_recorder *recorder; /* of a session of channel "main" that is being recorded */
    struct aur_keep *keep;
    const char *title; /* of the session; NULL: "A session" */
    char id[AUR_SESSION_ID_SIZE], folder[128];
    struct aur_wake answered;
    struct aur_keep_reply reply; /* the last one */
};

/* Opens the journal. kept->keep is not there yet. */
void kept_open(struct kept *kept, struct fixture *f);
/* Records phrases of the fixture's piece, and that all of them have sounded. */
void kept_record(struct kept *kept, int phrases);
/* Starts keep/ over it. config: NULL or what is other than usual. */
void kept_start(struct kept *kept, const struct aur_keep_config *config);
void kept_stop(struct kept *kept);
void kept_close(struct kept *kept);

/* Asks and waits; the reply's code. The reply is good until the next. */
int kept_ask(struct kept *kept, struct aur_keep_request request);
/* The text of the reply's member "id". */
void kept_id(const struct kept *kept, char *out, size_t size);
/* Asks for the take until it is in none of the states that pass. */
void kept_settle(struct kept *kept, const char *id);
bool kept_says(const struct kept *kept, const char *text);

/* Requests: a take of channel "main" with MIDI; about something of this id. */
struct aur_keep_request kept_take_of(double last_s, uint64_t sounded, const char *name);
struct aur_keep_request kept_about(enum aur_keep_ask ask, const char *id, const char *name);
/* Removes the folder of takes. */
void kept_drop_files(const struct kept *kept);

#endif
