/* What a channel puts into the journal: facts from the render worker, by a ring that never waits; phrases and the pieces that
 * composed them from the composer worker; news from whoever tells it. Everything else replay finds out by composing the same
 * phrases again. */
#include "channel/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "bundle/bundle.h"
#include "channel/internal.h"
#include "channel/tally.h"
#include "synth/backend.h"
#include "synth/keyframe.h"
#include "wire/json.h"

/* ---- life ---- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int aur_record_begin(struct aur_channel *ch, const struct aur_channel_config *config, struct aur_error *err)
{
    const struct aur_session_head head = {
        .channel = ch->name,
        .title = aur_piece_describe(config->piece)->title,
        .unlisted = ch->unlisted,
        .seed = ch->seed,
        .rate_hz = ch->rate_hz,
        .chunk_frames = ch->chunk_frames,
        .max_voices = config->synth.max_voices,
        .effects = config->synth.effects,
        .device = ch->device,
        .engine = AURALIS_VERSION,
        .sound_revision = AUR_SOUND_REVISION,
        .settings = config->settings ? config->settings : "{}",
        .resumed_from = config->from && config->from->session ? config->from->session : "",
        .started_at = now_ms(),
    };
    struct aur_record_render *r = &ch->render.record;
    r->hash = AUR_HASH_START;
    r->keyframe_from = (uint64_t)AUR_KEYFRAME_SECONDS * ch->rate_hz;
    ch->tables = config->synth.tables;
    ch->journal = config->journal;
    ch->no_journal = config->no_journal;
    if (!config->journal)
        return AUR_OK;
    aur_overview_begin(&ch->encode.overview, 0);
    r->layout = aur_synth_layout(ch->render.synth);
    ch->keyframe_bytes = aur_synth_keyframe_bytes(ch->render.synth);
    int rc = aur_recorder_new(&ch->recorder, config->journal, &head, ch->keyframe_bytes);
    if (rc < 0)
        return aur_error_set(err, rc, "out of memory for the journal of channel %s", ch->name);
    const struct aur_live live = {(float)config->controls.level, (float)config->controls.brightness,
                                  (float)config->controls.intensity};
    aur_record_live(ch, &live, 0);
    return AUR_OK;
}

/* The minute, or the session within it, ends here. */
static void put_minute(struct aur_channel *ch, uint64_t end)
{
    struct aur_record_render *r = &ch->render.record;
    const struct aur_fact fact = {.type = AUR_FACT_MINUTE, .frame = end, .number = r->minute, .hash = r->hash};
    aur_recorder_fact(ch->recorder, &fact);
    r->minute++;
    r->hash = AUR_HASH_START;
}

void aur_record_end(struct aur_channel *ch)
{
    if (!ch->recorder)
        return;
    aur_record_held_controls(ch, true);
    aur_record_overview(ch);
    if (ch->render.frame > ch->render.record.minute * AUR_MINUTE_SECONDS * ch->rate_hz)
        put_minute(ch, ch->render.frame);
    aur_recorder_free(ch->recorder, ch->render.frame);
    ch->recorder = NULL;
}

bool aur_channel_journal(struct aur_channel *ch, struct aur_journal_tally *out)
{
    struct aur_journal_health health;
    *out = (struct aur_journal_tally){.ok = false};
    if (ch->no_journal)
        snprintf(out->reason, sizeof out->reason, "nothing is recorded: %s", ch->no_journal);
    if (!ch->journal)
        return ch->no_journal != NULL;
    aur_journal_health(ch->journal, &health);
    *out = (struct aur_journal_tally){.ok = health.ok,
                                      .written = health.written,
                                      .waiting = health.waiting,
                                      .lost = health.lost,
                                      .bytes = health.bytes};
    snprintf(out->reason, sizeof out->reason, "%s", health.reason);
    return true;
}

/* ---- [render] ---- */

static void put_fact(struct aur_channel *ch, enum aur_fact_type type, uint64_t frame, uint64_t number)
{
    const struct aur_fact fact = {.type = type, .frame = frame, .number = number};
    if (ch->recorder)
        aur_recorder_fact(ch->recorder, &fact);
}

void aur_record_live(struct aur_channel *ch, const struct aur_live *live, uint64_t frame)
{
    const struct aur_fact fact = {.type = AUR_FACT_LIVE,
                                  .frame = frame,
                                  .number = ch->render.record.lives++,
                                  .level = live->level,
                                  .brightness = live->brightness,
                                  .intensity = live->intensity};
    if (ch->recorder)
        aur_recorder_fact(ch->recorder, &fact);
}

void aur_record_committed(struct aur_channel *ch, const struct aur_phrase *phrase, bool cuts)
{
    if (cuts)
        put_fact(ch, AUR_FACT_CUT, phrase->start_frame, phrase->number);
}

void aur_record_dropped(struct aur_channel *ch, const struct aur_phrase *phrase)
{
    put_fact(ch, AUR_FACT_DROPPED, phrase->start_frame, phrase->number);
}

void aur_record_samples(struct aur_channel *ch, const float *samples, uint64_t first, uint64_t frames)
{
    struct aur_record_render *r = &ch->render.record;
    while (ch->recorder && frames > 0) {
        uint64_t left = (r->minute + 1) * AUR_MINUTE_SECONDS * ch->rate_hz - first, n = frames < left ? frames : left;
        r->hash = aur_hash_frames(samples, n, r->hash);
        if (n == left)
            put_minute(ch, first + n);
        samples += 2 * n;
        first += n;
        frames -= n;
    }
}

void aur_record_reached(struct aur_channel *ch, uint64_t frame)
{
    if (ch->recorder)
        aur_recorder_reached(ch->recorder, frame);
}

void aur_record_late(struct aur_channel *ch, uint64_t frame, uint64_t late_ns)
{
    put_fact(ch, AUR_FACT_UNDERRUN, frame, late_ns / 1000);
}

void aur_record_boundary(struct aur_channel *ch, uint64_t frame, uint64_t number)
{
    struct aur_record_render *r = &ch->render.record;
    if (!ch->recorder || frame < r->keyframe_from)
        return;
    void *room = aur_recorder_keyframe(ch->recorder);
    size_t bytes = room ? aur_synth_save(ch->render.synth, room, ch->keyframe_bytes) : 0;
    if (bytes == 0)
        return; /* at the next boundary */
    const struct aur_keyframe_head head = {.frame = frame, .number = number, .layout = r->layout};
    aur_recorder_keyframe_done(ch->recorder, &head, bytes);
    r->keyframe_from = frame + (uint64_t)AUR_KEYFRAME_SECONDS * ch->rate_hz;
}

/* ---- composer worker ---- */

/* Everything that the piece is made of. */
static int give_piece(struct aur_channel *ch, const struct aur_piece *piece, struct aur_error *err)
{
    struct aur_bundle *bundle;
    const int rc = aur_bundle_of(&bundle, piece, ch->tables, err);
    if (rc < 0)
        return rc;
    aur_recorder_piece(ch->recorder, bundle);
    free(bundle);
    return AUR_OK;
}

/* Unless it was recorded lately. */
static void put_piece(struct aur_channel *ch, const struct aur_piece *piece, uint64_t frame)
{
    const char *hash = aur_piece_marks(piece)->hash;
    struct aur_error err = {0};
    for (int i = 0; i < AUR_CHANNEL_KNOWN; i++)
        if (strcmp(ch->compose.known[i], hash) == 0)
            return;
    if (give_piece(ch, piece, &err) < 0) {
        aur_recorder_broken(ch->recorder, frame, err.message);
        return;
    }
    strcpy(ch->compose.known[ch->compose.n_known++ % AUR_CHANNEL_KNOWN], hash);
}

void aur_record_piece(struct aur_channel *ch, const struct aur_piece *piece)
{
    struct aur_error err = {0};
    if (ch->recorder)
        (void)!give_piece(ch, piece, &err); /* a failure is told where it composes */
}

static void put_phrase(struct aur_channel *ch, struct aur_recorded_phrase *recorded, const struct aur_phrase *phrase,
                       const struct aur_piece *piece, const struct aur_controls *controls)
{
    struct aur_buf text;
    aur_lock_take(&ch->lock);
    aur_record_release_controls(ch); /* so that what was set last is never older than what a phrase was composed with */
    aur_lock_drop(&ch->lock);
    aur_buf_init(&text);
    aur_controls_print(&text, controls, &aur_piece_describe(piece)->controls);
    put_piece(ch, piece, phrase->start_frame);
    recorded->number = phrase->number;
    recorded->start_frame = phrase->start_frame;
    recorded->length_frames = phrase->length_frames;
    recorded->piece = aur_piece_marks(piece)->hash;
    recorded->controls = text.data;
    recorded->notes_hash = aur_phrase_hash(phrase);
    if (aur_buf_ok(&text))
        aur_recorder_phrase(ch->recorder, recorded);
    else
        aur_recorder_broken(ch->recorder, phrase->start_frame, "out of memory");
    aur_buf_deinit(&text);
}

void aur_record_composed(struct aur_channel *ch, const struct aur_attempt *attempt)
{
    struct aur_recorded_phrase recorded = {.kind = AUR_PHRASE_COMPOSED,
                                           .ordinal = attempt->phrase->ordinal,
                                           .seed = attempt->after.seed,
                                           .branch = attempt->branch,
                                           .state_before = attempt->before,
                                           .state_after = attempt->after.state};
    if (ch->recorder)
        put_phrase(ch, &recorded, attempt->phrase, attempt->after.piece, &attempt->phrase->controls);
}

void aur_record_repeated(struct aur_channel *ch, const struct aur_phrase *phrase)
{
    const struct aur_session *session = &ch->compose.session;
    struct aur_recorded_phrase recorded = {.kind = AUR_PHRASE_REPEATED,
                                           .ordinal = session->next_ordinal,
                                           .seed = session->seed,
                                           .repeats = ch->compose.original,
                                           .branch = ch->compose.branch,
                                           .state_before = session->state,
                                           .state_after = session->state};
    if (!ch->recorder)
        return;
    aur_lock_take(&ch->lock);
    struct aur_controls controls = ch->shared.controls;
    aur_lock_drop(&ch->lock);
    put_phrase(ch, &recorded, phrase, session->piece, &controls);
}

/* ---- news ---- */

static void put_event(struct aur_channel *ch, uint64_t frame, const char *kind, struct aur_buf *detail)
{
    aur_buf_text(detail, "}");
    if (aur_buf_ok(detail))
        aur_recorder_event(ch->recorder, frame, kind, detail->data);
    aur_buf_deinit(detail);
}

static void begin_detail(struct aur_buf *detail)
{
    aur_buf_init(detail);
    aur_buf_text(detail, "{");
}

/* Absolute paths without their folders: records tell nothing about the machine. */
static void put_message(struct aur_buf *detail, const char *message)
{
    char text[sizeof((struct aur_error *)0)->message];
    size_t n = 0;
    for (const char *at = message; *at && n < sizeof text - 1; at++) {
        bool begins = *at == '/' && (at == message || strchr(" \t\n\"'(", at[-1]));
        size_t path = begins ? strcspn(at, " \t\n\"':)") : 0;
        while (path > 0 && at[path - 1] != '/')
            path--;
        at += path;
        if (*at)
            text[n++] = *at;
        else
            break;
    }
    text[n] = '\0';
    aur_json_text(detail, "message", text);
}

static void event_script(struct aur_channel *ch, const struct aur_channel_event *event)
{
    static const char *const states[] = {"armed", "playing", "refused", "rolled_back"};
    struct aur_buf detail;
    begin_detail(&detail);
    aur_json_text(&detail, "state", states[event->script_state]);
    aur_json_text(&detail, "script", event->script);
    aur_json_text(&detail, "version", event->script_version);
    aur_json_count(&detail, "phrase", event->phrase.phrase);
    if (event->error.message[0])
        put_message(&detail, event->error.message);
    put_event(ch, event->chunk_index * ch->chunk_frames, "script", &detail);
}

void aur_record_event(struct aur_channel *ch, const struct aur_channel_event *event)
{
    static const char *const kinds[] = {
        [AUR_EVENT_UNDERRUN] = "underrun", [AUR_EVENT_GENERATION_ERROR] = "failed", [AUR_EVENT_SYNTHESIS] = "device"};
    struct aur_buf detail;
    if (!ch->recorder || event->type == AUR_EVENT_PHRASE)
        return;
    if (event->type == AUR_EVENT_SCRIPT) {
        event_script(ch, event);
        return;
    }
    begin_detail(&detail);
    if (event->type == AUR_EVENT_GENERATION_ERROR)
        aur_json_count(&detail, "phrase", ch->shared.next_number);
    else
        aur_json_count(&detail, "chunk", event->chunk_index);
    put_message(&detail, event->error.message);
    put_event(ch, event->chunk_index * ch->chunk_frames, event->silence ? "silence" : kinds[event->type], &detail);
}

void aur_record_branch(struct aur_channel *ch, const char *kind, uint64_t number)
{
    const struct aur_compose_side *c = &ch->compose;
    const struct aur_branch_entry *entry = aur_branch_find(ch, c->branch);
    struct aur_buf detail;
    if (!ch->recorder)
        return;
    aur_record_release_controls(ch);
    begin_detail(&detail);
    aur_json_count(&detail, "branch", c->branch);
    aur_json_count(&detail, "parent", entry->parent);
    aur_json_count(&detail, "phrase", number);
    aur_json_count(&detail, "ordinal", c->session.next_ordinal - 1);
    aur_json_count(&detail, "seed", c->session.seed);
    if (*entry->follows)
        aur_json_text(&detail, "script", entry->follows);
    put_event(ch, aur_channel_published(ch), kind, &detail);
}

void aur_record_asked(struct aur_channel *ch)
{
    const struct aur_turn *turn = &ch->shared.turn;
    const struct aur_piece *piece = turn->at.piece;
    struct aur_buf detail, controls;
    char seed[24];
    ch->shared.held.asked = false;
    if (!ch->recorder)
        return;
    begin_detail(&detail);
    if (!piece) {
        aur_buf_text(&detail, "\"branch\":null");
        put_event(ch, aur_channel_published(ch), "asked", &detail);
        return;
    }
    aur_buf_init(&controls);
    aur_controls_print(&controls, &turn->at.controls, &aur_piece_describe(piece)->controls);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)turn->at.seed);
    aur_json_count(&detail, "branch", turn->branch);
    aur_json_count(&detail, "parent", turn->parent);
    aur_json_bool(&detail, "fresh", turn->fresh);
    aur_json_count(&detail, "ordinal", turn->at.ordinal);
    aur_json_text(&detail, "seed", seed);
    aur_json_text(&detail, "script", turn->follows);
    aur_json_text(&detail, "piece", aur_piece_marks(piece)->hash);
    aur_json_text(&detail, "controls", controls.data);
    if (aur_buf_ok(&controls))
        put_event(ch, aur_channel_published(ch), "asked", &detail);
    else
        aur_buf_deinit(&detail);
    aur_buf_deinit(&controls);
}

/* ---- encoder worker ---- */

void aur_record_device(struct aur_channel *ch, uint64_t chunk_index)
{
    struct aur_backend_report report;
    if (!ch->recorder || !ch->backend || ch->encode.inexact)
        return;
    aur_backend_tell(ch->backend, &report);
    if (report.exact)
        return;
    ch->encode.inexact = true;
    aur_recorder_broken(ch->recorder, chunk_index * ch->chunk_frames,
                        "rendered by a device whose samples are not those of the CPU");
}
