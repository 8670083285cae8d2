/* The files of a render. Runs on the thread of the render. The score's files are small and get their names first; the sound,
 * which people wait for, comes last, so whoever sees it finds everything else beside it. */
#include "bounce/files.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/hash.h"

uint64_t aur_files_frames(double seconds, uint32_t rate_hz)
{
    return (uint64_t)floor(seconds * rate_hz + 0.5);
}

/* Audio file i of the request. */
static struct aur_bounce_output output_of(const struct aur_bounce_request *r, size_t i)
{
    if (i > 0)
        return r->more[i - 1];
    return (struct aur_bounce_output){
        .path = r->out_path, .file_rate_hz = r->file_rate_hz, .bits = r->bits, .dither = r->dither};
}

static size_t count_outputs(const struct aur_bounce_request *r)
{
    return r->out_path ? 1 + r->n_more : 0;
}

/* ---- what is asked for ---- */

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

static int check_output(const struct aur_bounce_output *output, bool force, struct aur_error *err)
{
    int rc = output->file_rate_hz ? check_rate(output->file_rate_hz, aur_sink_rate(output->path), err) : AUR_OK;
    if (!rc)
        rc = aur_sink_check(output->path, output->bits, output->dither, err);
    return rc ? rc : aur_outfile_check(output->path, force, err);
}

int aur_files_check(const struct aur_bounce_request *r, struct aur_error *err)
{
    const char *const beside[] = {r->events_path, r->midi_path, r->chords_path};
    int rc = !r->out_path && r->file_rate_hz ? check_rate(r->file_rate_hz, 0, err) : AUR_OK;
    for (size_t i = 0; !rc && i < count_outputs(r); i++) {
        const struct aur_bounce_output output = output_of(r, i);
        rc = check_output(&output, r->force, err);
    }
    if (!rc && r->stems.dir)
        rc = aur_stems_check(&r->stems, r->force, err);
    for (size_t i = 0; !rc && i < sizeof beside / sizeof *beside; i++)
        if (beside[i])
            rc = aur_outfile_check(beside[i], r->force, err);
    return rc;
}

/* ---- opening ---- */

static uint64_t seed_of(const struct aur_bounce_request *r)
{
    return r->replay ? aur_replay_session(r->replay)->head.seed : r->seed;
}

static const char *title_of(const struct aur_bounce_request *r)
{
    return r->replay ? aur_replay_session(r->replay)->head.title : aur_piece_describe(r->piece)->title;
}

/* What an Ogg stream's serial number is drawn from. */
static const char *serial_name(const struct aur_bounce_request *r)
{
    return r->replay ? aur_replay_session(r->replay)->id : aur_piece_marks(r->piece)->hash;
}

/* How long the file is at this rate: a time is rounded once, not by way of the rate of synthesis. */
static uint64_t length_at(const struct aur_bounce_request *r, uint64_t stop_frame, uint32_t rate_hz)
{
    uint64_t music;
    if (!r->phrases && !r->replay)
        music = aur_files_frames(r->duration_s, rate_hz);
    else if (rate_hz == r->synth.rate_hz)
        music = stop_frame;
    else
        music = aur_files_frames((double)stop_frame / r->synth.rate_hz, rate_hz);
    return music + (r->replay ? 0 : aur_files_frames(r->tail_s, rate_hz));
}

static int open_sink(struct aur_files *files, const struct aur_bounce_output *output, uint64_t stop_frame,
                     struct aur_error *err)
{
    const struct aur_bounce_request *r = files->request;
    const uint32_t only = aur_sink_rate(output->path);
    const uint32_t rate = output->file_rate_hz ? output->file_rate_hz : only ? only : r->synth.rate_hz;
    const struct aur_sink_config config = {.path = output->path,
                                           .force = r->force,
                                           .in_rate_hz = r->synth.rate_hz,
                                           .file_rate_hz = rate,
                                           .file_frames = length_at(r, stop_frame, rate),
                                           .bits = output->bits,
                                           .dither = output->dither,
                                           .dither_key = aur_rand_key(seed_of(r), 0, "dither"),
                                           .serial = (uint32_t)aur_rand_key(seed_of(r), 0, serial_name(r)),
                                           .tags = r->tags};
    int rc = aur_sink_open(&files->sinks[files->n_sinks], &config, err);
    files->n_sinks += !rc;
    return rc;
}

static int open_stems(struct aur_files *files, uint64_t stop_frame, struct aur_error *err)
{
    const struct aur_bounce_request *r = files->request;
    const bool as_out = r->file_rate_hz && !(r->out_path && aur_sink_rate(r->out_path));
    const uint32_t rate = as_out ? r->file_rate_hz : r->synth.rate_hz;
    const struct aur_stems_config config = {.wanted = &r->stems,
                                            .force = r->force,
                                            .rate_hz = r->synth.rate_hz,
                                            .file_rate_hz = rate,
                                            .file_frames = length_at(r, stop_frame, rate),
                                            .from_frame = r->replay ? r->from_frame : 0,
                                            .seed = seed_of(r),
                                            .serial_name = serial_name(r),
                                            .tags = r->tags};
    return aur_stems_new(&files->stems, &config, err);
}

/* The score's files. */
static int open_beside(struct aur_files *files, struct aur_error *err)
{
    const struct aur_bounce_request *r = files->request;
    const char *title = title_of(r);
    int rc = AUR_OK;
    if (r->events_path) {
        files->has_events = true;
        rc = aur_event_file_open(&files->events, r->events_path, r->force, title, seed_of(r), r->synth.rate_hz, err);
    }
    if (!rc && r->midi_path) {
        files->has_midi = true;
        aur_midi_init(&files->midi, title);
        rc = aur_outfile_open(&files->midi_file, r->midi_path, r->force, err);
    }
    if (!rc && r->chords_path) {
        files->has_chords = true;
        aur_chord_chart_init(&files->chords, title, seed_of(r));
        rc = aur_outfile_open(&files->chords_file, r->chords_path, r->force, err);
    }
    return rc;
}

int aur_files_open(struct aur_files *files, const struct aur_bounce_request *request, uint64_t stop_frame,
                   struct aur_error *err)
{
    *files = (struct aur_files){.request = request, .events.file.fd = -1, .midi_file.fd = -1, .chords_file.fd = -1};
    int rc = AUR_OK;
    for (size_t i = 0; !rc && i < count_outputs(request); i++) {
        const struct aur_bounce_output output = output_of(request, i);
        rc = open_sink(files, &output, stop_frame, err);
    }
    if (!rc && request->stems.dir)
        rc = open_stems(files, stop_frame, err);
    return rc ? rc : open_beside(files, err);
}

/* ---- writing ---- */

void aur_files_phrase(struct aur_files *files, const struct aur_phrase *phrase)
{
    if (files->has_events)
        aur_event_file_add(&files->events, phrase);
    if (files->has_midi)
        aur_midi_add(&files->midi, phrase);
    if (files->has_chords)
        aur_chord_chart_add(&files->chords, phrase);
}

size_t aur_files_frames_best(const struct aur_files *files)
{
    return files->n_sinks ? aur_sink_frames(files->sinks[0]) : AUR_SINK_FRAMES;
}

int aur_files_write(struct aur_files *files, const float *interleaved, size_t frames, struct aur_error *err)
{
    int rc = AUR_OK;
    for (size_t i = 0; !rc && i < files->n_sinks; i++)
        rc = aur_sink_write(files->sinks[i], interleaved, frames, err);
    if (!rc && files->stems)
        rc = aur_stems_master(files->stems, interleaved, frames, err);
    return rc;
}

/* ---- the end ---- */

static int write_text(struct aur_outfile *file, const struct aur_buf *text, struct aur_error *err)
{
    if (!aur_buf_ok(text))
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", file->path);
    return aur_outfile_write(file, text->data, text->len, err);
}

static int write_midi(struct aur_files *files, struct aur_error *err)
{
    struct aur_buf file;
    aur_buf_init(&file);
    int rc = aur_midi_write(&files->midi, &file);
    if (rc)
        (void)!aur_error_set(err, rc, "%s: out of memory", files->midi_file.path);
    else
        rc = write_text(&files->midi_file, &file, err);
    aur_buf_deinit(&file);
    return rc;
}

static int complete(struct aur_files *files, struct aur_error *err)
{
    int rc = AUR_OK;
    for (size_t i = 0; !rc && i < files->n_sinks; i++)
        rc = aur_sink_finish(files->sinks[i], err);
    if (!rc && files->stems)
        rc = aur_stems_finish(files->stems, err);
    if (!rc && files->has_events)
        rc = aur_event_file_finish(&files->events, err);
    if (!rc && files->has_midi)
        rc = write_midi(files, err);
    if (!rc && files->has_chords)
        rc = write_text(&files->chords_file, &files->chords.text, err);
    return rc;
}

/* *named: how many of the audio files have theirs. */
static int publish(struct aur_files *files, size_t *named, struct aur_error *err)
{
    int rc = files->has_events ? aur_event_file_publish(&files->events, err) : AUR_OK;
    if (!rc && files->has_midi)
        rc = aur_outfile_publish(&files->midi_file, err);
    if (!rc && files->has_chords)
        rc = aur_outfile_publish(&files->chords_file, err);
    if (!rc && files->stems)
        rc = aur_stems_publish(files->stems, err);
    for (*named = 0; !rc && *named < files->n_sinks; *named += !rc)
        rc = aur_sink_publish(files->sinks[*named], err);
    return rc;
}

/* No sound, no score. */
static void withdraw(const struct aur_files *files, size_t named)
{
    const struct aur_bounce_request *r = files->request;
    if (files->has_events && !files->events.file.part)
        unlink(r->events_path);
    if (files->has_midi && !files->midi_file.part)
        unlink(r->midi_path);
    if (files->has_chords && !files->chords_file.part)
        unlink(r->chords_path);
    if (files->stems)
        aur_stems_withdraw(files->stems);
    for (size_t i = 0; i < named; i++)
        unlink(output_of(r, i).path);
}

int aur_files_finish(struct aur_files *files, struct aur_error *err)
{
    size_t named = 0;
    int rc = complete(files, err);
    if (rc)
        return rc;
    rc = publish(files, &named, err);
    if (rc)
        withdraw(files, named);
    else if (files->stems && files->request->on_stems)
        aur_stems_tell(files->stems, files->request->on_stems, files->request->user);
    return rc;
}

void aur_files_deinit(struct aur_files *files)
{
    for (size_t i = 0; i < files->n_sinks; i++)
        aur_sink_free(files->sinks[i]);
    files->n_sinks = 0;
    aur_stems_free(files->stems);
    files->stems = NULL;
    aur_event_file_deinit(&files->events);
    aur_midi_deinit(&files->midi);
    aur_outfile_deinit(&files->midi_file);
    aur_chord_chart_deinit(&files->chords);
    aur_outfile_deinit(&files->chords_file);
}
