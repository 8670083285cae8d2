/* Takes become files: the session's span is replayed into a part folder, which takes its place when it is complete. On the
 * thread that renders, which gives way to everything else: it is as nice as a thread can be, and what it does is counting, so
 * a chunk of a live stream never waits for it. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bounce/bounce.h"
#include "keep/folder.h"
#include "keep/inner.h"
#include "keep/peaks.h"

/* A session is packed to about a tenth; its wavetables hardly. */
#define PACKED_TIMES 8
#define WAIT_TIMES   20
#define WAIT_NS      UINT64_C(250000000)

struct render {
    struct aur_keep *keep;
    const struct aur_take *take;
    struct aur_archive *archive; /* of this thread */
    char part[AUR_FOLDER_PATH];
    bool stems, midi;
    struct aur_peaks peaks;
};

static void read_wanted(struct render *render)
{
    json_t *wanted = json_loads(render->take->wanted, 0, NULL);
    render->stems = json_is_true(json_object_get(wanted, "stems"));
    render->midi = json_is_true(json_object_get(wanted, "midi"));
    json_decref(wanted);
}

static int write_waveform(struct render *render, struct aur_error *err)
{
    char path[AUR_FOLDER_PATH + 32];
    struct aur_buf text;
    aur_buf_init(&text);
    aur_peaks_write(&render->peaks, &text, render->take->rate_hz);
    snprintf(path, sizeof path, "%s/%s", render->part, AUR_FOLDER_WAVEFORM);
    int rc = aur_buf_ok(&text) ? aur_folder_write(path, text.data, text.len, err)
                               : aur_error_set(err, AUR_ENOMEM, "out of memory");
    aur_buf_deinit(&text);
    return rc;
}

/* All of the session, with every text: a take is an archive. One that is larger than what may be imported is left out, and can be
 * exported by itself; where it is likely to be, the work is not begun. */
static int write_session(struct render *render, struct aur_error *err)
{
    char path[AUR_FOLDER_PATH + 32];
    struct stat about;
    uint64_t weight;
    int rc = aur_archive_weigh(render->archive, &weight, render->take->session, err);
    if (rc < 0 || weight / PACKED_TIMES > render->keep->config.session_bytes_max)
        return rc;
    snprintf(path, sizeof path, "%s/%s", render->part, AUR_FOLDER_SESSION);
    rc = aur_archive_export(render->archive, render->take->session, path, AUR_EXPORT_WHOLE, true, err);
    if (rc == AUR_OK && stat(path, &about) == 0 && (uint64_t)about.st_size > render->keep->config.session_bytes_max)
        unlink(path);
    return rc;
}

/* ---- the span as it sounded ---- */

static void on_audio(void *user, const float *interleaved, size_t frames)
{
    struct render *render = user;
    aur_peaks_add(&render->peaks, interleaved, frames);
}

static void on_progress(void *user, double done_s, double total_s)
{
    struct render *render = user;
    aur_takes_report(&render->keep->takes, total_s > 0 ? done_s / total_s : 0);
}

static int bounce(struct render *render, struct aur_replay *replay, struct aur_tables *tables, struct aur_error *err)
{
    char audio[AUR_FOLDER_PATH + 32], midi[AUR_FOLDER_PATH + 32], events[AUR_FOLDER_PATH + 32],
        chords[AUR_FOLDER_PATH + 32], stems[AUR_FOLDER_PATH + 32];
    const struct aur_take *take = render->take;
    snprintf(audio, sizeof audio, "%s/take.flac", render->part);
    snprintf(midi, sizeof midi, "%s/take.mid", render->part);
    snprintf(events, sizeof events, "%s/take.json", render->part);
    snprintf(chords, sizeof chords, "%s/take.chords.txt", render->part);
    snprintf(stems, sizeof stems, "%s/stems", render->part);
    struct aur_tags tags = {.text[AUR_TAG_TITLE] = take->name};
    struct aur_bounce_request request = {
        .replay = replay,
        .from_frame = take->from_frame,
        .to_frame = take->to_frame,
        .synth = aur_replay_synth(replay, render->keep->config.isa),
        .out_path = audio,
        .bits = AUR_BITS_16,
        .force = true,
        .stems = {.dir = render->stems ? stems : NULL, .flac = true, .bits = AUR_BITS_24},
        .tags = &tags,
        .events_path = events,
        .midi_path = render->midi ? midi : NULL,
        .chords_path = chords,
        .interrupted = &render->keep->takes.cancelled,
        .on_audio = on_audio,
        .on_progress = on_progress,
        .user = render,
    };
    request.synth.tables = tables;
    return aur_bounce(&request, err);
}

/* The replay once the journal says that the span has sounded: the newest frames get there a little later than here. */
static int open_replay(struct render *render, struct aur_replay **out, struct aur_tables *tables, struct aur_error *err)
{
    const struct aur_keep_config *config = &render->keep->config;
    struct aur_replay_config replay = {
        .archive = render->archive, .session = render->take->session, .tables = tables, .limits = config->limits};
    replay.limits.wall_ms = 0;
    for (int attempt = 0;; attempt++) {
        int rc = aur_replay_new(out, &replay, err);
        const struct aur_session_info *info = rc == AUR_OK ? aur_replay_session(*out) : NULL;
        bool late = info && info->frames < render->take->to_frame && info->ended_at == 0;
        if (!late || attempt == WAIT_TIMES || __atomic_load_n(&render->keep->stop, __ATOMIC_SEQ_CST))
            return rc;
        aur_replay_free(*out);
        *out = NULL;
        aur_clock_sleep_until_ns(aur_clock_mono_ns() + WAIT_NS);
        (void)aur_keep_flush(render->keep, AUR_KEEP_FLUSH_MS);
    }
}

static int write_audio(struct render *render, struct aur_error *err)
{
    struct aur_tables *tables = NULL;
    struct aur_replay *replay = NULL;
    int rc = aur_tables_new(&tables, err);
    if (rc == AUR_OK)
        rc = open_replay(render, &replay, tables, err);
    if (rc == AUR_OK)
        rc = bounce(render, replay, tables, err);
    aur_replay_free(replay);
    aur_tables_free(tables);
    return rc;
}

/* ---- a take ---- */

/* Everything, into the part folder. */
static int write_files(struct render *render, struct aur_error *err)
{
    const struct aur_keep_config *config = &render->keep->config;
    aur_folder_remove(render->part);
    int rc = aur_folder_make(render->part, err);
    if (rc == AUR_OK)
        rc = aur_archive_open(&render->archive, aur_journal_path(config->journal), err);
    if (rc == AUR_OK)
        rc = write_audio(render, err);
    if (rc == AUR_OK)
        rc = write_waveform(render, err);
    if (rc == AUR_OK)
        rc = write_session(render, err);
    aur_archive_close(render->archive);
    return rc;
}

/* One that is complete already was rendered by a process that could not tell the journal any more. */
static int render_take(struct aur_keep *keep, const struct aur_take *take, struct aur_error *err)
{
    struct render *render = calloc(1, sizeof *render);
    char folder[AUR_FOLDER_PATH];
    if (!render)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    *render = (struct render){.keep = keep, .take = take};
    aur_folder_of(folder, keep->config.folder, take->id);
    aur_folder_part(render->part, keep->config.folder, take->id);
    read_wanted(render);
    aur_peaks_init(&render->peaks, take->to_frame - take->from_frame);
    int rc = AUR_OK;
    if (!aur_folder_exists(folder)) {
        (void)aur_keep_flush(keep, AUR_KEEP_FLUSH_MS);
        rc = write_files(render, err);
        if (rc == AUR_OK)
            rc = aur_folder_publish(render->part, folder, err);
        aur_folder_remove(render->part);
    }
    free(render);
    return rc;
}

void aur_keep_render_next(struct aur_keep *keep)
{
    struct aur_take take;
    struct aur_error err = {0}, late = {0};
    char folder[AUR_FOLDER_PATH];
    if (!aur_takes_begin(&keep->takes, &take))
        return;
    aur_keep_give_way(keep);
    bool stop = __atomic_load_n(&keep->stop, __ATOMIC_SEQ_CST); /* after it began: see aur_keep_free */
    int rc = stop ? AUR_EBUSY : render_take(keep, &take, &err);
    aur_keep_shorten(keep, err.message);
    bool stopped = rc < 0 && __atomic_load_n(&keep->stop, __ATOMIC_SEQ_CST);
    int told = aur_takes_end(&keep->takes, take.id,
                             stopped  ? "waiting"
                             : rc < 0 ? "failed"
                                      : "done",
                             rc < 0 && !stopped ? err.message : "", &late);
    if (told == AUR_ENOTFOUND) { /* deleted meanwhile */
        aur_folder_of(folder, keep->config.folder, take.id);
        aur_folder_remove(folder);
    } else if (told < 0) {
        aur_log(keep->config.log, AUR_LOG_WARNING, "keep", "take %s: %s", take.id, late.message);
    }
    if (rc < 0 && !stopped && told != AUR_ENOTFOUND)
        aur_log(keep->config.log, AUR_LOG_WARNING, "keep", "take %s (%s) failed: %s", take.id, take.name, err.message);
    else if (rc == AUR_OK && told != AUR_ENOTFOUND)
        aur_log(keep->config.log, AUR_LOG_INFO, "keep", "take %s (%s) is there", take.id, take.name);
}
