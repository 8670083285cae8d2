/* A render from start to end: check the request, open the files, pull blocks through fade and sink, give the files their
 * names. Runs on the caller's thread. The length is known before the first sample: with a number of phrases these are
 * composed once beforehand (composing is a thousand times faster than sound), so that fades, RF64 and progress need no
 * second pass over audio. */
#include "bounce/bounce.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"
#include "bounce/event_file.h"
#include "bounce/player.h"
#include "bounce/sink.h"
#include "score/midi.h"

#define BLOCK_FRAMES 16384

struct bounce {
    const struct aur_bounce_request *request;
    uint32_t rate_hz, file_rate_hz;
    uint64_t stop_frame;   /* no phrase starts from here on */
    uint64_t total_frames; /* with the tail */
    uint64_t file_frames;
    uint64_t fade_frames;
    struct aur_player player;
    struct aur_sink *sink;
    struct aur_event_file events;
    struct aur_outfile midi_file;
    struct aur_midi midi;
    bool has_events, has_midi;
    float block[2 * BLOCK_FRAMES];
};

static uint64_t frames_of(double seconds, uint32_t rate_hz)
{
    return (uint64_t)floor(seconds * rate_hz + 0.5);
}

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

/* 0: the file may have any. */
static uint32_t only_rate(const struct aur_bounce_request *r)
{
    return r->out_path ? aur_sink_rate(r->out_path) : 0;
}

static int check_rate(uint32_t rate_hz, uint32_t only_hz, struct aur_error *err)
{
    if (rate_hz >= AUR_FILE_RATE_MIN && rate_hz <= AUR_FILE_RATE_MAX && (!only_hz || rate_hz == only_hz))
        return AUR_OK;
    char text[16], allowed[32];
    snprintf(text, sizeof text, "%u", (unsigned)rate_hz);
    if (only_hz)
        snprintf(allowed, sizeof allowed, "%u Hz", (unsigned)only_hz);
    else
        snprintf(allowed, sizeof allowed, "%d to %d Hz", AUR_FILE_RATE_MIN, AUR_FILE_RATE_MAX);
    return aur_error_value(err, "rate", text, allowed);
}

static int check_request(const struct aur_bounce_request *r, struct aur_error *err)
{
    int rc = r->phrases ? AUR_OK : check_seconds("duration", r->duration_s, false, err);
    if (!rc)
        rc = check_seconds("fade", r->fade_s, true, err);
    if (!rc)
        rc = check_seconds("tail", r->tail_s, true, err);
    if (!rc && r->file_rate_hz)
        rc = check_rate(r->file_rate_hz, only_rate(r), err);
    if (!rc && r->out_path)
        rc = aur_sink_check(r->out_path, r->bits, r->dither, err);
    if (!rc && r->out_path)
        rc = aur_outfile_check(r->out_path, r->force, err);
    if (!rc && r->events_path)
        rc = aur_outfile_check(r->events_path, r->force, err);
    if (!rc && r->midi_path)
        rc = aur_outfile_check(r->midi_path, r->force, err);
    return rc;
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
    b->file_rate_hz = r->file_rate_hz ? r->file_rate_hz : only_rate(r) ? only_rate(r) : b->rate_hz;
    if (r->phrases) {
        int rc = find_boundary(b, &b->stop_frame, err);
        if (rc)
            return rc;
        const double seconds = (double)b->stop_frame / b->rate_hz;
        b->file_frames = b->file_rate_hz == b->rate_hz ? b->stop_frame : frames_of(seconds, b->file_rate_hz);
    } else {
        b->stop_frame = frames_of(r->duration_s, b->rate_hz);
        b->file_frames = frames_of(r->duration_s, b->file_rate_hz);
    }
    b->total_frames = b->stop_frame + frames_of(r->tail_s, b->rate_hz);
    b->file_frames += frames_of(r->tail_s, b->file_rate_hz);
    b->fade_frames = frames_of(r->fade_s, b->rate_hz);
    if (b->fade_frames > b->total_frames)
        b->fade_frames = b->total_frames;
    return AUR_OK;
}

/* ---- sound ---- */

static void on_phrase(void *user, const struct aur_phrase *phrase)
{
    struct bounce *b = user;
    if (b->has_events)
        aur_event_file_add(&b->events, phrase);
    if (b->has_midi)
        aur_midi_add(&b->midi, phrase);
    if (b->request->on_phrase)
        b->request->on_phrase(b->request->user, phrase);
}

static int open_files(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    const char *title = aur_piece_describe(r->piece)->title;
    const struct aur_sink_config config = {.path = r->out_path,
                                           .force = r->force,
                                           .in_rate_hz = b->rate_hz,
                                           .file_rate_hz = b->file_rate_hz,
                                           .file_frames = b->file_frames,
                                           .bits = r->bits,
                                           .dither = r->dither,
                                           .dither_key = aur_rand_key(r->seed, 0, "dither"),
                                           .serial =
                                               (uint32_t)aur_rand_key(r->seed, 0, aur_piece_marks(r->piece)->hash)};
    int rc = r->out_path ? aur_sink_open(&b->sink, &config, err) : AUR_OK;
    if (!rc && r->events_path) {
        b->has_events = true;
        rc = aur_event_file_open(&b->events, r->events_path, r->force, title, r->seed, b->rate_hz, err);
    }
    if (!rc && r->midi_path) {
        b->has_midi = true;
        aur_midi_init(&b->midi, title);
        rc = aur_outfile_open(&b->midi_file, r->midi_path, r->force, err);
    }
    return rc;
}

static int open_all(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    const struct aur_player_config player = {.piece = r->piece,
                                             .seed = r->seed,
                                             .controls = r->controls,
                                             .synth = r->synth,
                                             .stop_frame = b->stop_frame,
                                             .cut = !r->phrases && r->tail_s > 0,
                                             .on_phrase = on_phrase,
                                             .user = b};
    int rc = open_files(b, err);
    return rc ? rc : aur_player_init(&b->player, &player, err);
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

static int render(struct bounce *b, struct aur_error *err)
{
    const struct aur_bounce_request *r = b->request;
    const double total_s = (double)b->total_frames / b->rate_hz;
    for (uint64_t frame = 0, told = 0; frame < b->total_frames;) {
        const uint64_t left = b->total_frames - frame;
        const size_t n = left < BLOCK_FRAMES ? (size_t)left : BLOCK_FRAMES;
        int rc = interrupted(b, err);
        if (!rc)
            rc = aur_player_pull(&b->player, b->block, n, err);
        if (rc)
            return rc;
        if (b->fade_frames)
            fade(b, b->block, frame, n);
        if (r->on_audio)
            r->on_audio(r->user, b->block, n);
        if (b->sink && (rc = aur_sink_write(b->sink, b->block, n, err)))
            return rc;
        frame += n;
        if (r->on_progress && (frame - told >= b->rate_hz || frame == b->total_frames)) {
            told = frame;
            r->on_progress(r->user, (double)frame / b->rate_hz, total_s);
        }
    }
    return interrupted(b, err);
}

static int write_midi(struct bounce *b, struct aur_error *err)
{
    struct aur_buf file;
    aur_buf_init(&file);
    int rc = aur_midi_write(&b->midi, &file);
    if (rc)
        (void)!aur_error_set(err, rc, "%s: out of memory", b->midi_file.path);
    else
        rc = aur_outfile_write(&b->midi_file, file.data, file.len, err);
    aur_buf_deinit(&file);
    return rc;
}

/* No sound, no score. */
static void withdraw(const struct bounce *b)
{
    if (b->has_events && !b->events.file.part)
        unlink(b->request->events_path);
    if (b->has_midi && !b->midi_file.part)
        unlink(b->request->midi_path);
}

static int finish(struct bounce *b, struct aur_error *err)
{
    int rc = b->sink ? aur_sink_finish(b->sink, err) : AUR_OK;
    if (!rc && b->has_events)
        rc = aur_event_file_finish(&b->events, err);
    if (!rc && b->has_midi)
        rc = write_midi(b, err);
    if (!rc && b->has_events)
        rc = aur_event_file_publish(&b->events, err);
    if (!rc && b->has_midi)
        rc = aur_outfile_publish(&b->midi_file, err);
    if (!rc && b->sink)
        rc = aur_sink_publish(b->sink, err);
    if (rc)
        withdraw(b);
    return rc;
}

int aur_bounce(const struct aur_bounce_request *request, struct aur_error *err)
{
    struct bounce b = {.request = request, .events.file.fd = -1, .midi_file.fd = -1};
    int rc = check_request(request, err);
    if (!rc)
        rc = plan(&b, err);
    if (!rc)
        rc = open_all(&b, err);
    if (!rc)
        rc = render(&b, err);
    if (!rc)
        rc = finish(&b, err);
    if (request->counts && b.player.synth)
        aur_synth_counts(b.player.synth, request->counts);
    aur_player_deinit(&b.player);
    aur_sink_free(b.sink);
    aur_event_file_deinit(&b.events);
    aur_midi_deinit(&b.midi);
    aur_outfile_deinit(&b.midi_file);
    return rc;
}
