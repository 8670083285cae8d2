/* What clients are told about scripts and the notes they made: docs/protocol.md shows each. Pure; any thread except a
 * render worker. Each function appends to out. */
#ifndef AUR_WIRE_SCRIPT_H
#define AUR_WIRE_SCRIPT_H

#include "base/buf.h"
#include "base/diagnostic.h"
#include "score/phrase.h"

struct aur_msg_script { /* script_update */
    const char *state;  /* "armed", "playing", "refused", "rolled_back" */
    const char *name, *version, *playing_version;
    uint64_t phrase; /* for all but refused, with sounds_in_ms */
    double sounds_in_ms;
    bool has_phrase;
    const struct aur_diagnostic *diagnostics;
    size_t n_diagnostics;
};

void aur_msg_script_write(struct aur_buf *out, const struct aur_msg_script *script);

/* An array. */
void aur_msg_diagnostics_write(struct aur_buf *out, const struct aur_diagnostic *diagnostics, size_t n);

struct aur_msg_score { /* half of GET /api/v1/phrases */
    const struct aur_phrase *phrase;
    bool preview; /* not composed yet: as it would be now */
    const char *script, *version;
};

/* An object with the phrase's notes, chords and the names of its patches. */
void aur_msg_score_write(struct aur_buf *out, const struct aur_msg_score *score);

#endif
