#include "replayed.h"

#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"
#include "support/unit.h"
#include "synth/keyframe.h"

#define RATE_HZ 44100u

static int keep_live(void *user, const struct aur_fact *fact)
{
    struct replayed *p = user;
    assert_true(p->n_lives < LIVES);
    p->lives[p->n_lives++] = *fact;
    return 0;
}

/* Up to this frame, with live controls where they belong. */
static void play_until(struct replayed *p, uint64_t until)
{
    while (p->frame < until || p->next_live < p->n_lives) {
        const struct aur_fact *live = p->next_live < p->n_lives ? &p->lives[p->next_live] : NULL;
        if (live && live->frame == p->frame) {
            struct aur_live set = {live->level, live->brightness, live->intensity};
            aur_synth_live(p->synth, &set);
            p->next_live++;
            continue;
        }
        uint64_t to = live && live->frame < until ? live->frame : until;
        if (to == p->frame)
            return;
        aur_synth_render(p->synth, p->samples + p->frame * 2, to - p->frame);
        p->frame = to;
        const struct aur_phrase *done;
        while ((done = aur_synth_retired(p->synth)) != NULL)
            assert_true(done->start_frame < p->frame);
    }
}

static struct aur_phrase *compose(struct replayed *p, const struct aur_recorded_phrase *r)
{
    struct aur_error err = {0};
    struct aur_bundle *bundle;
    struct aur_controls controls;
    struct aur_phrase *phrase = NULL;
    char *after = NULL;
    assert_int_equal(aur_archive_bundle(p->archive, &bundle, r->piece, &err), AUR_OK);
    aur_piece_free(p->piece);
    if (aur_bundle_load(&p->piece, bundle, p->tables, &(struct aur_script_limits){0}, NULL, &err) != AUR_OK)
        fail_msg("%s", err.message);
    aur_bundle_free(bundle);
    assert_string_equal(aur_piece_marks(p->piece)->hash, r->piece);
    assert_int_equal(aur_controls_parse(&controls, &aur_piece_describe(p->piece)->controls, r->controls, NULL), AUR_OK);
    struct aur_compose_request request = {.seed = r->seed,
                                          .number = r->ordinal,
                                          .start_frame = r->start_frame,
                                          .rate_hz = RATE_HZ,
                                          .controls = &controls,
                                          .state = r->state_before};
    if (aur_piece_compose(p->piece, &request, &phrase, &after, &err) != AUR_OK)
        fail_msg("phrase %llu: %s", (unsigned long long)r->number, err.message);
    assert_string_equal(after, r->state_after);
    free(after);
    return phrase;
}

static int play_phrase(void *user, const struct aur_recorded_phrase *r)
{
    struct replayed *p = user;
    struct aur_phrase *phrase = NULL;
    if (r->kind == AUR_PHRASE_REPEATED) {
        assert_int_equal(r->repeats, p->composed->number);
        assert_int_equal(aur_phrase_repeat(&phrase, p->composed, r->number, r->start_frame), AUR_OK);
    } else {
        phrase = compose(p, r);
    }
    phrase->number = r->number;
    p->n[r->kind]++;
    p->rewound += p->n[0] > 1 && r->ordinal <= p->last_ordinal;
    p->last_ordinal = r->ordinal;
    assert_true(aur_phrase_hash(phrase) == r->notes_hash);
    assert_int_equal(phrase->length_frames, r->length_frames);
    play_until(p, r->start_frame);
    assert_int_equal(aur_synth_commit(p->synth, phrase), AUR_OK);
    if (r->kind == AUR_PHRASE_COMPOSED)
        p->composed = phrase;
    assert_true(p->n_all < PHRASES);
    p->all[p->n_all++] = phrase;
    return 0;
}

void replayed_open(struct replayed *p, const char *path, const char *session, uint64_t frames)
{
    struct aur_error err = {0};
    *p = (struct replayed){.samples = calloc(frames * 2, sizeof(float))};
    assert_non_null(p->samples);
    assert_int_equal(aur_tables_new(&p->tables, &err), AUR_OK);
    if (aur_archive_open(&p->archive, path, &err) != AUR_OK)
        fail_msg("%s", err.message);
    struct aur_synth_config config = {.rate_hz = RATE_HZ, .isa = aur_isa_best(), .effects = true, .tables = p->tables};
    assert_int_equal(aur_synth_new(&p->synth, &config, NULL), AUR_OK);
    assert_int_equal(aur_archive_facts(p->archive, session, AUR_FACT_LIVE, 0, UINT64_MAX, keep_live, p), AUR_OK);
    assert_int_equal(aur_archive_phrases(p->archive, session, 0, frames, play_phrase, p), AUR_OK);
    play_until(p, frames);
}

static const struct aur_phrase *phrase_of(const struct replayed *p, uint64_t number)
{
    for (size_t i = 0; i < p->n_all; i++)
        if (p->all[i]->number == number)
            return p->all[i];
    return NULL;
}

/* A synth with the keyframe's state, and what is played on it from there on. */
static void restore(struct replayed *q, struct replayed *p, const char *session, uint64_t frames)
{
    struct aur_keyframe_head head;
    struct aur_synth_keyframe inside;
    struct aur_error err = {0};
    void *bytes;
    size_t len;
    const struct aur_synth_config config = {
        .rate_hz = RATE_HZ, .isa = AUR_ISA_SCALAR, .effects = true, .tables = p->tables};
    assert_int_equal(aur_archive_keyframe(p->archive, session, aur_synth_layout(p->synth), frames, &head, &bytes, &len),
                     AUR_OK);
    assert_int_equal(aur_synth_keyframe_read(&inside, bytes, len, &err), AUR_OK);
    assert_int_equal(inside.frame, head.frame);
    assert_int_equal(aur_synth_new(&q->synth, &config, NULL), AUR_OK);
    const struct aur_phrase *begun = inside.begun == AUR_KEYFRAME_NONE ? NULL : phrase_of(p, inside.begun);
    if (aur_synth_restore(q->synth, bytes, len, begun, &err) != AUR_OK)
        fail_msg("%s", err.message);
    free(bytes);
    assert_int_equal(phrase_of(p, head.number)->start_frame, head.frame);
    q->frame = head.frame;
    memcpy(q->lives, p->lives, sizeof q->lives);
    q->n_lives = p->n_lives;
    while (q->next_live < q->n_lives && q->lives[q->next_live].frame < q->frame)
        q->next_live++;
}

uint64_t replayed_from_keyframe(struct replayed *p, const char *session, uint64_t frames)
{
    struct replayed q = {.samples = calloc(frames * 2, sizeof(float))};
    assert_non_null(q.samples);
    restore(&q, p, session, frames);
    const uint64_t from = q.frame;
    for (size_t i = 0; i < p->n_all; i++) {
        if (p->all[i]->start_frame < from)
            continue;
        play_until(&q, p->all[i]->start_frame < frames ? p->all[i]->start_frame : frames);
        assert_int_equal(aur_synth_commit(q.synth, p->all[i]), AUR_OK);
    }
    play_until(&q, frames);
    assert_memory_equal(q.samples + from * 2, p->samples + from * 2, (frames - from) * 2 * sizeof(float));
    aur_synth_free(q.synth);
    free(q.samples);
    return from;
}

void replayed_close(struct replayed *p)
{
    aur_synth_free(p->synth);
    for (size_t i = 0; i < p->n_all; i++)
        aur_phrase_free(p->all[i]);
    aur_piece_free(p->piece);
    aur_archive_close(p->archive);
    aur_tables_free(p->tables);
    free(p->samples);
}
