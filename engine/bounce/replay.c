/* From a session's records to phrases. On the thread of the render.
 *
 * Two phrases are looked at a time, because only the one after the next tells whether that is cut short. */
#include "bounce/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bounce/records.h"
#include "bundle/bundle.h"
#include "synth/keyframe.h"

#define PIECES_MAX 8 /* kept loaded */

struct loaded {
    char hash[AUR_JOURNAL_HASH];
    struct aur_piece *piece;
    uint64_t used; /* when, in uses */
};

struct aur_replay {
    struct aur_replay_config config;
    struct aur_session_info info;
    struct loaded pieces[PIECES_MAX];
    uint64_t uses;
    struct aur_records records;
    struct aur_phrase *base; /* what is repeated, under any of two numbers */
    uint64_t base_numbers[2];
    uint64_t began; /* where the synth stood that was made last */
};

/* ---- session ---- */

int aur_replay_new(struct aur_replay **out, const struct aur_replay_config *config, struct aur_error *err)
{
    struct aur_replay *replay = calloc(1, sizeof *replay);
    *out = NULL;
    if (!replay)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    replay->config = *config;
    int rc = aur_archive_session(config->archive, &replay->info, config->session, err);
    if (rc < 0) {
        aur_replay_free(replay);
        return rc;
    }
    replay->config.session = replay->info.id;
    aur_records_init(&replay->records, config->archive, replay->info.id, replay->info.head.rate_hz,
                     aur_replay_end(replay));
    *out = replay;
    return AUR_OK;
}

void aur_replay_free(struct aur_replay *replay)
{
    if (!replay)
        return;
    for (int i = 0; i < PIECES_MAX; i++)
        aur_piece_free(replay->pieces[i].piece);
    aur_records_deinit(&replay->records);
    aur_phrase_free(replay->base);
    free(replay);
}

const struct aur_session_info *aur_replay_session(const struct aur_replay *replay)
{
    return &replay->info;
}

uint64_t aur_replay_end(const struct aur_replay *replay)
{
    return replay->info.frames < replay->info.broken_at ? replay->info.frames : replay->info.broken_at;
}

struct aur_synth_config aur_replay_synth(const struct aur_replay *replay, enum aur_isa isa)
{
    return (struct aur_synth_config){
        .rate_hz = replay->info.head.rate_hz,
        .isa = isa,
        .effects = replay->info.head.effects,
        .max_voices = replay->info.head.max_voices,
        .tables = replay->config.tables,
    };
}

/* ---- pieces ---- */

static int load_piece(struct aur_piece **out, struct aur_replay *replay, const char *hash, struct aur_error *err)
{
    const struct aur_replay_config *config = &replay->config;
    struct aur_bundle *bundle;
    int rc = aur_archive_bundle(config->archive, &bundle, hash, err);
    if (rc < 0)
        return rc;
    if (strcmp(bundle->hash, hash) != 0)
        rc =
            aur_error_set(err, AUR_EIO, "piece %s: the session file has another in its place (%s)", hash, bundle->hash);
    else
        rc = aur_bundle_load(out, bundle, config->tables, &config->limits, config->log, err);
    if (rc == AUR_EINVAL) /* nobody's wish: the record is damaged */
        err->code = rc = AUR_EIO;
    aur_bundle_free(bundle);
    return rc;
}

static int find_piece(const struct aur_piece **out, struct aur_replay *replay, const char *hash, struct aur_error *err)
{
    struct loaded *oldest = &replay->pieces[0];
    for (int i = 0; i < PIECES_MAX; i++) {
        struct loaded *loaded = &replay->pieces[i];
        if (loaded->piece && strcmp(loaded->hash, hash) == 0) {
            loaded->used = ++replay->uses;
            *out = loaded->piece;
            return AUR_OK;
        }
        if (loaded->used < oldest->used)
            oldest = loaded;
    }
    struct aur_piece *piece;
    int rc = load_piece(&piece, replay, hash, err);
    if (rc < 0)
        return rc;
    aur_piece_free(oldest->piece);
    *oldest = (struct loaded){.piece = piece, .used = ++replay->uses};
    snprintf(oldest->hash, sizeof oldest->hash, "%s", hash);
    *out = piece;
    return AUR_OK;
}

/* ---- what comes ---- */

int aur_replay_due(struct aur_replay *replay, struct aur_replay_due *out, struct aur_error *err)
{
    const struct aur_records *records = &replay->records;
    int rc = aur_records_fill(&replay->records, 2, err);
    *out = (struct aur_replay_due){AUR_REPLAY_NEVER, AUR_REPLAY_NEVER, AUR_REPLAY_NEVER};
    if (rc < 0)
        return rc;
    if (records->at_phrase < records->n_phrases) {
        const struct aur_recorded_phrase *phrase = &records->phrases[records->at_phrase].phrase;
        out->phrase_frame = phrase->start_frame;
        out->phrase_end = phrase->start_frame + phrase->length_frames;
    }
    if (records->at_phrase + 1 < records->n_phrases) {
        uint64_t next = records->phrases[records->at_phrase + 1].phrase.start_frame;
        out->phrase_end = next < out->phrase_end ? next : out->phrase_end;
    }
    if (records->at_live < records->n_live)
        out->live_frame = records->live[records->at_live].frame;
    return AUR_OK;
}

struct aur_live aur_replay_live(struct aur_replay *replay)
{
    const struct aur_fact *fact = &replay->records.live[replay->records.at_live++];
    return (struct aur_live){fact->level, fact->brightness, fact->intensity};
}

/* ---- phrases ---- */

/* "phrase 12 (at 3:25.123)" before what went wrong. */
static int name_phrase(const struct aur_replay *replay, const struct aur_recorded_phrase *record, int rc,
                       struct aur_error *err)
{
    if (!err)
        return rc;
    struct aur_error plain = *err;
    double at_s = (double)record->start_frame / replay->info.head.rate_hz;
    return aur_error_set(err, rc, "phrase %" PRIu64 " (at %.3f s): %.700s", record->number, at_s, plain.message);
}

static int check_hash(const struct aur_recorded_phrase *record, const struct aur_phrase *phrase, struct aur_error *err)
{
    if (aur_phrase_hash(phrase) == record->notes_hash)
        return AUR_OK;
    return aur_error_set(err, AUR_EIO,
                         "it is composed of what was recorded, and comes out another: this program composes otherwise, "
                         "or the record was changed");
}

static int compose(struct aur_replay *replay, struct aur_phrase **out, const struct aur_recorded_phrase *record,
                   struct aur_error *err)
{
    const struct aur_piece *piece;
    struct aur_controls controls;
    char *after;
    int rc = find_piece(&piece, replay, record->piece, err);
    if (rc == AUR_OK)
        rc = aur_controls_parse(&controls, &aur_piece_describe(piece)->controls, record->controls, err);
    if (rc < 0)
        return rc;
    const struct aur_compose_request request = {
        .seed = record->seed,
        .number = record->ordinal,
        .start_frame = record->start_frame,
        .rate_hz = replay->info.head.rate_hz,
        .controls = &controls,
        .state = record->state_before,
    };
    rc = aur_piece_compose(piece, &request, out, &after, err);
    if (rc < 0)
        return rc;
    free(after);
    (*out)->number = record->number;
    rc = check_hash(record, *out, err);
    if (rc < 0)
        aur_phrase_free(*out);
    return rc;
}

/* The phrase that was composed under this number, or that was repeated under it. */
static int compose_base(struct aur_replay *replay, uint64_t number, struct aur_error *err)
{
    struct aur_record record;
    int rc = aur_records_find(&replay->records, &record, number, err);
    while (rc == AUR_OK && record.phrase.kind == AUR_PHRASE_REPEATED) {
        uint64_t before = record.phrase.repeats;
        bool back = before < record.phrase.number;
        free(record.texts);
        if (!back)
            return aur_error_set(err, AUR_EIO, "phrase %" PRIu64 " repeats one that comes later", number);
        rc = aur_records_find(&replay->records, &record, before, err);
    }
    if (rc != AUR_OK)
        return rc;
    struct aur_phrase *base = NULL;
    rc = compose(replay, &base, &record.phrase, err);
    free(record.texts);
    if (rc < 0)
        return rc;
    aur_phrase_free(replay->base);
    replay->base = base;
    replay->base_numbers[0] = replay->base_numbers[1] = number;
    return AUR_OK;
}

static int repeat(struct aur_replay *replay, struct aur_phrase **out, const struct aur_recorded_phrase *record,
                  struct aur_error *err)
{
    int rc = AUR_OK;
    if (!replay->base || (record->repeats != replay->base_numbers[0] && record->repeats != replay->base_numbers[1]))
        rc = compose_base(replay, record->repeats, err);
    if (rc < 0)
        return rc;
    replay->base_numbers[1] = record->number;
    if (aur_phrase_repeat(out, replay->base, record->number, record->start_frame) < 0)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    rc = check_hash(record, *out, err);
    if (rc < 0)
        aur_phrase_free(*out);
    return rc;
}

static int make(struct aur_replay *replay, struct aur_phrase **out, const struct aur_recorded_phrase *record,
                struct aur_error *err)
{
    *out = NULL;
    int rc = record->kind == AUR_PHRASE_REPEATED ? repeat(replay, out, record, err) : compose(replay, out, record, err);
    if (rc == AUR_OK)
        return rc;
    *out = NULL;
    return name_phrase(replay, record, rc, err);
}

int aur_replay_phrase(struct aur_replay *replay, struct aur_phrase **out, struct aur_error *err)
{
    struct aur_records *records = &replay->records;
    int rc = aur_records_fill(records, 1, err);
    if (rc == AUR_OK && records->at_phrase == records->n_phrases)
        rc = aur_error_set(err, AUR_EINVAL, "session %s has no more phrases", replay->info.id);
    if (rc == AUR_OK)
        rc = make(replay, out, &records->phrases[records->at_phrase].phrase, err);
    if (rc == AUR_OK)
        free(records->phrases[records->at_phrase++].texts);
    return rc;
}

/* ---- going somewhere ---- */

static int load_its_piece(void *user, const struct aur_recorded_phrase *phrase)
{
    const struct aur_piece *piece;
    struct aur_error err;
    return find_piece(&piece, user, phrase->piece, &err);
}

/* The phrase that a keyframe names. */
static int make_begun(struct aur_replay *replay, struct aur_phrase **out, uint64_t number, struct aur_error *err)
{
    struct aur_record record;
    *out = NULL;
    if (number == AUR_KEYFRAME_NONE)
        return AUR_OK;
    int rc = aur_records_find(&replay->records, &record, number, err);
    if (rc < 0)
        return rc;
    rc = make(replay, out, &record.phrase, err);
    free(record.texts);
    return rc;
}

/* A synth from the keyframe; what a keyframe lacks is not an error of the session's. */
static int restore(struct aur_replay *replay, struct aur_synth **out, struct aur_phrase **begun,
                   const struct aur_synth_config *config, const void *bytes, size_t len, struct aur_error *err)
{
    struct aur_synth_keyframe keyframe;
    struct aur_synth *synth = NULL;
    *begun = NULL;
    int rc = aur_synth_keyframe_read(&keyframe, bytes, len, err);
    if (rc == AUR_OK)
        rc = make_begun(replay, begun, keyframe.begun, err);
    if (rc == AUR_OK)
        rc = aur_synth_new(&synth, config, err);
    if (rc == AUR_OK)
        rc = aur_synth_restore(synth, bytes, len, *begun, err);
    if (rc == AUR_OK) {
        *out = synth;
        return AUR_OK;
    }
    aur_synth_free(synth);
    aur_phrase_free(*begun);
    *begun = NULL;
    return rc;
}

int aur_replay_seek(struct aur_replay *replay, struct aur_synth **synth, struct aur_phrase **begun,
                    const struct aur_synth_config *config, uint64_t frame, struct aur_error *err)
{
    const struct aur_replay_config *own = &replay->config;
    struct aur_keyframe_head head;
    struct aur_error why;
    void *bytes = NULL;
    size_t len;
    *begun = NULL;
    replay->began = 0;
    aur_records_seek(&replay->records, 0);
    int rc = aur_synth_new(synth, config, err);
    if (rc < 0 || frame == 0)
        return rc;
    uint64_t layout = aur_synth_layout(*synth);
    if (aur_archive_keyframe(own->archive, own->session, layout, frame, &head, &bytes, &len) < 0)
        return AUR_OK;
    struct aur_synth *restored = NULL;
    rc = restore(replay, &restored, begun, config, bytes, len, &why);
    if (rc == AUR_ENOTFOUND) { /* a wavetable, of a piece that played before */
        (void)!aur_archive_phrases(own->archive, own->session, 0, head.frame, load_its_piece, replay);
        (void)!restore(replay, &restored, begun, config, bytes, len, &why);
    }
    free(bytes);
    if (!restored)
        return AUR_OK; /* from the beginning */
    aur_synth_free(*synth);
    *synth = restored;
    aur_records_seek(&replay->records, head.frame);
    replay->began = head.frame;
    return AUR_OK;
}

uint64_t aur_replay_began(const struct aur_replay *replay)
{
    return replay->began;
}
