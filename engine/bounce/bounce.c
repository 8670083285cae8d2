/* A render from start to end: check the request, open the files, pull blocks through fade and sink, give the files their
 * names. Runs on the caller's thread. The length is known before the first sample: with a number of phrases these are
 * composed once beforehand (composing is a thousand times faster than sound), so that fades, RF64 and progress need no
 * second pass over audio. */
#include "bounce/bounce.h"

#include <stdio.h>
#include <string.h>

#include "bounce/files.h"
#include "bounce/master.h"
#include "bounce/player.h"

#define BLOCK_FRAMES AUR_SINK_FRAMES
#define STEMS_FRAMES 16384 /* as many as aur_stems_write takes */

struct bounce {
    const struct aur_bounce_request *request;
    uint32_t rate_hz;
    uint64_t stop_frame;   /* no phrase starts from here on */
    uint64_t total_frames; /* with the tail */
    uint64_t fade_frames;
    struct aur_player player;
    struct aur_files files;
    struct aur_master master;
    uint64_t mastered; /* frames that came out of it */
    float block[2 * BLOCK_FRAMES];
};

static int interrupted(const struct bounce *b, struct aur_error *err)
{
    if (b->request->interrupted && __atomic_load_n(b->request->interrupted, __ATOMIC_RELAXED))
        return aur_error_set(err, AUR_EBUSY, "interrupted");
    return AUR_OK;
}

/* ---- the request ---- */

static int check_seconds(const char *field, double value, bool zero, struct aur_error *err)
{
    if (value <= AUR_BOUNCE_SECONDS_MAX && (zero ? value >= 0 : value > 0))
        return AUR_OK;
    char text[32], allowed[64];
    snprintf(text, sizeof text, "%.9g", value);
    snprintf(allowed, sizeof allowed, "%s 0 to %.0f seconds", zero ? "from" : "above", AUR_BOUNCE_SECONDS_MAX);
    return aur_error_value(err, field, text, allowed);
}

static int check_span(const struct aur_bounce_request *r, struct aur_error *err)
{
    const uint64_t end = aur_replay_end(r->replay);
    if (r->from_frame < r->to_frame && r->to_frame <= end)
        return AUR_OK;
    return aur_error_set(err, AUR_EINVAL,
                         "frames %llu to %llu are none of the session's: it has %llu that can be played",
                         (unsigned long long)r->from_frame, (unsigned long long)r->to_frame, (unsigned long long)end);
}

static int check_request(const struct aur_bounce_request *r, struct aur_error *err)
{
    int rc = r->replay    ? check_span(r, err)
             : r->phrases ? AUR_OK
                          : check_seconds("duration", r->duration_s, false, err);
    if (!rc)
        rc = check_seconds("fade", r->fade_s, true, err);
    if (!rc)
        rc = check_seconds("tail", r->tail_s, true, err);
    return rc ? rc : aur_files_check(r, err);
}

/* Composes the phrases without sound to learn where the last one ends. */
static int find_boundary(struct bounce *b, uint64_t *frame, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    struct aur_session session;
    aur_session_init(&session, r->piece, r->seed, b->rate_hz);
    int rc = AUR_OK;
    for (uint64_t i = 0; !rc && i < r->phrases; i++) {
        struct aur_phrase *phrase = NULL;
        rc = interrupted(b, err);
        if (!rc)
            rc = aur_session_next(&session, &phrase, &r->controls, err);
        if (!rc)
            aur_phrase_free(phrase);
    }
    *frame = session.next_frame;
    aur_session_deinit(&session);
    return rc;
}

static int plan(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    b->rate_hz = r->synth.rate_hz;
    if (r->replay) {
        b->stop_frame = r->to_frame - r->from_frame;
    } else if (r->phrases) {
        int rc = find_boundary(b, &b->stop_frame, err);
        if (rc)
            return rc;
    } else {
        b->stop_frame = aur_files_frames(r->duration_s, b->rate_hz);
    }
    b->total_frames = b->stop_frame + (r->replay ? 0 : aur_files_frames(r->tail_s, b->rate_hz));
    b->fade_frames = aur_files_frames(r->fade_s, b->rate_hz);
    if (b->fade_frames > b->total_frames)
        b->fade_frames = b->total_frames;
    return AUR_OK;
}

/* ---- sound ---- */

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct bounce *b = user;
    aur_files_phrase(&b->files, phrase);
    if (b->request->on_phrase)
        b->request->on_phrase(b->request->user, phrase);
}

static int open_all(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    struct aur_synth_config synth = r->synth;
    if (r->stems.dir)
        synth.backend = NULL;
    const struct aur_player_config player = {.replay = r->replay,
                                             .from_frame = r->from_frame,
                                             .lead_frames = r->stems.dir ? AUR_SYNTH_LATENCY_FRAMES : 0,
                                             .piece = r->piece,
                                             .seed = r->seed,
                                             .controls = r->controls,
                                             .synth = synth,
                                             .stop_frame = r->replay ? r->to_frame : b->stop_frame,
                                             .cut = !r->phrases && r->tail_s > 0,
                                             .on_phrase = on_phrase,
                                             .user = b};
    aur_master_init(&b->master, &r->master, r->synth.isa, b->rate_hz);
    int rc = aur_files_open(&b->files, r, b->stop_frame, err);
    if (!rc)
        rc = aur_player_init(&b->player, &player, err);
    return rc || !r->stems.dir ? rc : aur_stems_listen(b->files.stems, b->player.synth, err);
}

/* The last fade_frames: from 1 to 0 without a corner at either end. */
static void fade(const struct bounce *b, float *block, uint64_t frame, size_t frames)
{
    const uint64_t start = b->total_frames - b->fade_frames;
    for (size_t i = 0; i < frames; i++) {
        if (frame + i < start)
            continue;
        const double x = (double)(b->total_frames - frame - i) / (double)b->fade_frames;
        const float gain = (float)(x * x * (3 - 2 * x));
        block[2 * i] *= gain;
        block[2 * i + 1] *= gain;
    }
}

/* One block through the master into the files. With a limiter the last one is filled up with silence. */
static int write_out(struct bounce *b, size_t frames, struct aur_error *err)
{
    const size_t whole =
        b->master.limit ? (frames + AUR_BLOCK_FRAMES - 1) / AUR_BLOCK_FRAMES * AUR_BLOCK_FRAMES : frames;
    memset(b->block + 2 * frames, 0, 2 * (whole - frames) * sizeof *b->block);
    const size_t drop = aur_master_run(&b->master, b->block, whole);
    const uint64_t left = b->total_frames - b->mastered;
    const size_t n = whole - drop < left ? whole - drop : (size_t)left;
    b->mastered += n;
    if (b->request->on_master && n)
        b->request->on_master(b->request->user, b->block + 2 * drop, n);
    return aur_files_write(&b->files, b->block + 2 * drop, n, err);
}

/* What the limiter still holds. */
static int flush(struct bounce *b, struct aur_error *err)
{
    if (!b->master.limit)
        return AUR_OK;
    memset(b->block, 0, 2 * AUR_MASTER_LATE * sizeof *b->block);
    return write_out(b, AUR_MASTER_LATE, err);
}

static int render_block(struct bounce *b, uint64_t frame, size_t n, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    int rc = interrupted(b, err);
    if (!rc)
        rc = aur_player_pull(&b->player, b->block, n, err);
    if (!rc && r->stems.dir)
        rc = aur_stems_write(b->files.stems, n, err);
    if (rc)
        return rc;
    if (b->fade_frames)
        fade(b, b->block, frame, n);
    if (r->on_audio)
        r->on_audio(r->user, b->block, n);
    return write_out(b, n, err);
}

/* A replay from where it can begin to where the file does. */
static int approach(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    int rc = AUR_OK;
    for (uint64_t left = r->replay ? 1 : 0; !rc && left;) {
        rc = interrupted(b, err);
        if (!rc)
            rc = aur_player_approach(&b->player, b->block, BLOCK_FRAMES, &left, err);
        if (!rc && left && r->on_progress)
            r->on_progress(r->user, 0, (double)b->total_frames / b->rate_hz);
    }
    return rc;
}

/* How much is rendered at a time. The limiter takes whole blocks of the synth's. */
static size_t next_frames(const struct bounce *b)
{
    if (b->request->stems.dir)
        return STEMS_FRAMES;
    return b->master.limit ? BLOCK_FRAMES : aur_files_frames_best(&b->files);
}

static int render(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    const double total_s = (double)b->total_frames / b->rate_hz;
    for (uint64_t frame = 0, told = 0; frame < b->total_frames;) {
        const uint64_t most = next_frames(b);
        const uint64_t left = b->total_frames - frame;
        const size_t n = (size_t)(left < most ? left : most);
        int rc = render_block(b, frame, n, err);
        if (rc)
            return rc;
        frame += n;
        if (r->on_progress && (frame - told >= b->rate_hz || frame == b->total_frames)) {
            told = frame;
            r->on_progress(r->user, (double)frame / b->rate_hz, total_s);
        }
    }
    int rc = flush(b, err);
    return rc ? rc : interrupted(b, err);
}

int aur_bounce(const struct aur_bounce_request *request, struct aur_error *err)
{
    struct bounce b = {.request = request, .files = {.events.file.fd = -1, .midi_file.fd = -1, .chords_file.fd = -1}};
    int rc = check_request(request, err);
    if (!rc)
        rc = plan(&b, err);
    if (!rc)
        rc = open_all(&b, err);
    if (!rc)
        rc = approach(&b, err);
    if (!rc)
        rc = render(&b, err);
    if (!rc)
        rc = aur_files_finish(&b.files, err);
    if (request->counts && b.player.synth)
        aur_synth_counts(b.player.synth, request->counts);
    aur_player_deinit(&b.player);
    aur_files_deinit(&b.files);
    return rc;
}
