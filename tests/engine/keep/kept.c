/* See kept.h. */
#include "kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"
#include "compose/session.h"
#include "synth/tables.h"

static void must(int rc, const struct aur_error *err)
{
    if (rc < 0)
        fail_msg("%d %s", rc, err->message);
}

void kept_open(struct kept *kept, struct fixture *f)
{
    struct aur_error err = {0};
    struct aur_journal_config config = {.path = fixture_path(f, "journal.db")};
    *kept = (struct kept){.f = f, .reply.fd = -1};
    snprintf(kept->folder, sizeof kept->folder, "%s", fixture_path(f, "takes"));
    aur_wake_init(&kept->answered);
    must(aur_journal_open(&kept->journal, &config, &err), &err);
}

static void put_piece(struct kept *kept)
{
    struct aur_tables *tables;
    struct aur_bundle *bundle;
    struct aur_error err = {0};
    must(aur_tables_new(&tables, &err), &err);
    must(aur_bundle_of(&bundle, kept->f->piece, tables, &err), &err);
    aur_recorder_piece(kept->recorder, bundle);
    free(bundle);
    aur_tables_free(tables);
}

static void put_phrase(struct kept *kept, struct aur_session *session, const struct aur_controls *controls)
{
    struct aur_phrase *phrase;
    struct aur_error err = {0};
    struct aur_buf text;
    char *before = session->state ? strdup(session->state) : NULL;
    must(aur_session_next(session, &phrase, controls, &err), &err);
    aur_buf_init(&text);
    aur_controls_print(&text, controls, &aur_piece_describe(kept->f->piece)->controls);
    struct aur_recorded_phrase recorded = {.number = phrase->number,
                                           .ordinal = phrase->ordinal,
                                           .seed = session->seed,
                                           .start_frame = phrase->start_frame,
                                           .length_frames = phrase->length_frames,
                                           .kind = AUR_PHRASE_COMPOSED,
                                           .piece = aur_piece_marks(kept->f->piece)->hash,
                                           .controls = text.data,
                                           .state_before = before,
                                           .state_after = session->state,
                                           .notes_hash = aur_phrase_hash(phrase)};
    aur_recorder_phrase(kept->recorder, &recorded);
    aur_buf_deinit(&text);
    aur_phrase_free(phrase);
    free(before);
}

void kept_record(struct kept *kept, int phrases)
{
    struct aur_session session;
    struct aur_controls controls = aur_piece_describe(kept->f->piece)->start;
    const struct aur_session_head head = {.channel = "main",
                                          .title = kept->title ? kept->title : "A session",
                                          .seed = 1,
                                          .rate_hz = RATE,
                                          .chunk_frames = 4410,
                                          .max_voices = 256,
                                          .effects = true,
                                          .device = "simd",
                                          .engine = "test",
                                          .sound_revision = AUR_SOUND_REVISION,
                                          .settings = "{}",
                                          .resumed_from = "",
                                          .started_at = 1};
    controls.bpm = 120;
    assert_int_equal(aur_recorder_new(&kept->recorder, kept->journal, &head, 0), 0);
    snprintf(kept->id, sizeof kept->id, "%s", aur_recorder_id(kept->recorder));
    put_piece(kept);
    aur_session_init(&session, kept->f->piece, 1, RATE);
    for (int i = 0; i < phrases; i++)
        put_phrase(kept, &session, &controls);
    aur_recorder_event(kept->recorder, RATE, "control", "{\"bpm\":120}");
    aur_recorder_reached(kept->recorder, session.next_frame);
    aur_session_deinit(&session);
    assert_int_equal(aur_journal_flush(kept->journal, 5000), 0);
}

void kept_start(struct kept *kept, const struct aur_keep_config *other)
{
    struct aur_error err = {0};
    struct aur_keep_config config = other ? *other : (struct aur_keep_config){.waiting_max = 0};
    config.journal = kept->journal;
    config.folder = kept->folder;
    config.isa = aur_isa_best();
    must(aur_keep_new(&kept->keep, &config, &err), &err);
}

void kept_stop(struct kept *kept)
{
    aur_keep_reply_deinit(&kept->reply);
    aur_keep_free(kept->keep);
    kept->keep = NULL;
}

void kept_close(struct kept *kept)
{
    kept_stop(kept);
    aur_recorder_free(kept->recorder, 0);
    aur_journal_close(kept->journal);
    aur_wake_deinit(&kept->answered);
}

static void come(void *user, struct aur_keep_reply *reply)
{
    struct kept *kept = user;
    kept->reply = *reply;
    *reply = (struct aur_keep_reply){.fd = -1};
    aur_wake_post(&kept->answered);
}

int kept_ask(struct kept *kept, struct aur_keep_request request)
{
    aur_keep_reply_deinit(&kept->reply);
    assert_int_equal(aur_keep_ask(kept->keep, &request, come, kept), 0);
    aur_wake_wait(&kept->answered);
    return kept->reply.error.code;
}

void kept_id(const struct kept *kept, char *out, size_t size)
{
    const char *at = kept->reply.body.data ? strstr(kept->reply.body.data, "\"id\":\"") : NULL;
    assert_non_null(at);
    snprintf(out, size, "%.*s", (int)strcspn(at + 6, "\""), at + 6);
}

void kept_settle(struct kept *kept, const char *id)
{
    struct aur_keep_request request = {.ask = AUR_KEEP_TAKE};
    snprintf(request.id, sizeof request.id, "%s", id);
    do
        assert_int_equal(kept_ask(kept, request), 0);
    while (kept_says(kept, "\"state\":\"waiting\"") || kept_says(kept, "\"state\":\"rendering\""));
}

bool kept_says(const struct kept *kept, const char *text)
{
    return kept->reply.body.data && strstr(kept->reply.body.data, text);
}

struct aur_keep_request kept_take_of(double last_s, uint64_t sounded, const char *name)
{
    struct aur_keep_request request = {.ask = AUR_KEEP_TAKE_NEW, .midi = true};
    strcpy(request.span.channel, "main");
    request.span.last_s = last_s;
    request.span.sounded = sounded;
    snprintf(request.name, sizeof request.name, "%s", name);
    return request;
}

struct aur_keep_request kept_about(enum aur_keep_ask ask, const char *id, const char *name)
{
    struct aur_keep_request request = {.ask = ask};
    snprintf(request.id, sizeof request.id, "%s", id);
    snprintf(request.name, sizeof request.name, "%s", name);
    return request;
}

void kept_drop_files(const struct kept *kept)
{
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s", kept->folder);
    assert_int_equal(system(command), 0);
}
