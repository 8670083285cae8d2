/* Comparing sessions. On the caller's thread.
 *
 * Notes are merged by the frame they begin at, which needs one phrase of each session at a time: phrases do not overlap, and
 * notes in them are in order. */
#include "bounce/compare.h"

#include <stdlib.h>
#include <string.h>

#include "bounce/player.h"

#define BLOCK_FRAMES 16384

/* ---- notes ---- */

struct side {
    struct aur_replay *replay;
    struct aur_phrase *phrase; /* or NULL at the end */
    uint64_t end;              /* of the phrase, or where it is cut */
    uint32_t at, n;            /* notes [at, at + n) begin at the same frame, before all others that are left */
    bool taken[AUR_NOTES_MAX];
};

/* Goes to the next notes. */
static int advance(struct side *side, uint64_t end, struct aur_error *err)
{
    struct aur_replay_due due;
    side->at += side->n;
    side->n = 0;
    while (!side->phrase || side->at == side->phrase->n_notes || side->phrase->notes[side->at].on_frame >= side->end) {
        aur_phrase_free(side->phrase);
        side->phrase = NULL;
        side->at = 0;
        int rc = aur_replay_due(side->replay, &due, err);
        if (rc < 0 || due.phrase_frame >= end)
            return rc;
        side->end = due.phrase_end < end ? due.phrase_end : end;
        rc = aur_replay_phrase(side->replay, &side->phrase, err);
        if (rc < 0)
            return rc;
    }
    const struct aur_note *notes = side->phrase->notes;
    while (side->at + side->n < side->phrase->n_notes && notes[side->at + side->n].on_frame == notes[side->at].on_frame)
        side->taken[side->n++] = false;
    return AUR_OK;
}

static uint64_t frame_of(const struct side *side)
{
    return side->phrase ? side->phrase->notes[side->at].on_frame : UINT64_MAX;
}

static struct aur_compared_note note_of(const struct side *side, uint32_t i)
{
    return (struct aur_compared_note){side->phrase, &side->phrase->notes[side->at + i]};
}

/* How alike two notes that begin together have to be, strictly first. */
enum likeness { SAME, SAME_PITCH, SAME_PATCH, LIKENESSES };

static bool is_like(const struct aur_compared_note *a, const struct aur_compared_note *b, enum likeness likeness)
{
    const struct aur_note *x = a->note, *y = b->note;
    const struct aur_patch *p = &a->phrase->patches[x->patch], *q = &b->phrase->patches[y->patch];
    if (strcmp(p->name, q->name) != 0)
        return false;
    if (likeness == SAME_PATCH)
        return true;
    if (x->pitch_q16 != y->pitch_q16)
        return false;
    return likeness == SAME_PITCH || (p->voice == q->voice && x->off_frame == y->off_frame &&
                                      x->velocity_q16 == y->velocity_q16 && x->pan_q16 == y->pan_q16);
}

struct comparison {
    struct side a, b;
    struct aur_compare_counts *counts;
    aur_compare_fn *fn;
    void *user;
};

static void tell(struct comparison *c, enum aur_note_difference difference, const struct aur_compared_note *a,
                 const struct aur_compared_note *b)
{
    static const struct aur_compared_note none = {NULL, NULL};
    c->counts->differences[difference]++;
    if (c->fn)
        c->fn(c->user, difference, a ? a : &none, b ? b : &none);
}

static void pair(struct comparison *c, enum likeness likeness)
{
    for (uint32_t i = 0; i < c->a.n; i++)
        for (uint32_t k = 0; k < c->b.n && !c->a.taken[i]; k++) {
            const struct aur_compared_note a = note_of(&c->a, i), b = note_of(&c->b, k);
            if (c->b.taken[k] || !is_like(&a, &b, likeness))
                continue;
            c->a.taken[i] = c->b.taken[k] = true;
            if (likeness == SAME)
                c->counts->same++;
            else
                tell(c, AUR_NOTE_CHANGED, &a, &b);
        }
}

static void tell_rest(struct comparison *c, const struct side *side, enum aur_note_difference difference)
{
    for (uint32_t i = 0; i < side->n; i++) {
        const struct aur_compared_note note = note_of(side, i);
        if (!side->taken[i])
            tell(c, difference, side == &c->a ? &note : NULL, side == &c->a ? NULL : &note);
    }
}

static int compare(struct comparison *c, uint64_t end, struct aur_error *err)
{
    int rc = advance(&c->a, end, err);
    if (rc == AUR_OK)
        rc = advance(&c->b, end, err);
    while (rc == AUR_OK && (c->a.phrase || c->b.phrase)) {
        const uint64_t a = frame_of(&c->a), b = frame_of(&c->b);
        for (int likeness = SAME; a == b && likeness < LIKENESSES; likeness++)
            pair(c, (enum likeness)likeness);
        if (a <= b)
            tell_rest(c, &c->a, AUR_NOTE_ONLY_A);
        if (b <= a)
            tell_rest(c, &c->b, AUR_NOTE_ONLY_B);
        if (a <= b)
            rc = advance(&c->a, end, err);
        if (rc == AUR_OK && b <= a)
            rc = advance(&c->b, end, err);
    }
    return rc;
}

int aur_compare_notes(struct aur_compare_counts *out, struct aur_replay *a, struct aur_replay *b, uint64_t end,
                      aur_compare_fn *fn, void *user, struct aur_error *err)
{
    struct comparison *c = calloc(1, sizeof *c);
    *out = (struct aur_compare_counts){0};
    if (!c)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    c->a.replay = a;
    c->b.replay = b;
    c->counts = out;
    c->fn = fn;
    c->user = user;
    int rc = compare(c, end, err);
    aur_phrase_free(c->a.phrase);
    aur_phrase_free(c->b.phrase);
    free(c);
    return rc;
}

/* ---- sound ---- */

struct sounds {
    struct aur_player players[2];
    float blocks[2][2 * BLOCK_FRAMES];
};

static bool same_bits(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

static int render(struct sounds *s, uint64_t *frame, uint64_t end, const int *interrupted, struct aur_error *err)
{
    for (uint64_t at = 0; at < end; at += BLOCK_FRAMES) {
        const size_t n = end - at < BLOCK_FRAMES ? (size_t)(end - at) : BLOCK_FRAMES;
        if (interrupted && __atomic_load_n(interrupted, __ATOMIC_RELAXED))
            return aur_error_set(err, AUR_EBUSY, "interrupted");
        for (int i = 0; i < 2; i++) {
            int rc = aur_player_pull(&s->players[i], s->blocks[i], n, err);
            if (rc < 0)
                return rc;
        }
        for (size_t i = 0; i < n; i++)
            if (!same_bits(s->blocks[0] + 2 * i, s->blocks[1] + 2 * i, 2 * sizeof(float))) {
                *frame = at + i;
                return AUR_OK;
            }
    }
    *frame = AUR_COMPARE_SAME;
    return AUR_OK;
}

int aur_compare_sound(uint64_t *frame, struct aur_replay *a, struct aur_replay *b, uint64_t end, enum aur_isa isa,
                      const int *interrupted, struct aur_error *err)
{
    struct aur_replay *const replays[2] = {a, b};
    struct sounds *s = calloc(1, sizeof *s);
    if (!s)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    int rc = AUR_OK;
    for (int i = 0; i < 2 && rc == AUR_OK; i++) {
        const struct aur_player_config config = {
            .replay = replays[i], .synth = aur_replay_synth(replays[i], isa), .stop_frame = end};
        rc = aur_player_init(&s->players[i], &config, err);
    }
    if (rc == AUR_OK)
        rc = render(s, frame, end, interrupted, err);
    for (int i = 0; i < 2; i++)
        aur_player_deinit(&s->players[i]);
    free(s);
    return rc;
}
