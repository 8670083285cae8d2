/* From an entry to its files. Preparing runs on one thread, rendering on a worker's: a task is one worker's at a time. A loudness
 * takes two passes: a render is the same every time, so the first one only measures and nothing is kept of it. */
#include "batch/task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"

#define FINGERPRINT "auralis batch 1" /* changes when the same entry makes other bytes than before */

const char *const aur_task_state_names[AUR_TASK_STATES] = {"new",     "changed", "incomplete", "skipped",
                                                           "running", "done",    "failed",     "interrupted"};

void aur_task_files(struct aur_task_files *out, const struct aur_batch_entry *entry)
{
    static const char *const endings[AUR_BATCH_BESIDE] = {".stems", ".mid", ".json", ".chords.txt"};
    *out = (struct aur_task_files){0};
    for (int i = 0; i < AUR_BATCH_FORMATS; i++)
        if (entry->formats[i])
            snprintf(out->audio[i], AUR_TASK_FILE_SIZE, "%s.%s", entry->name, aur_batch_format_names[i]);
    for (int i = 0; i < AUR_BATCH_BESIDE; i++)
        if (entry->beside[i])
            snprintf(out->beside[i], AUR_TASK_FILE_SIZE, "%s%s", entry->name, endings[i]);
}

void aur_task_fail(struct aur_task *task, const struct aur_error *err)
{
    task->state = AUR_TASK_FAILED;
    free(task->err);
    task->err = malloc(sizeof *task->err);
    if (task->err)
        *task->err = *err;
}

void aur_task_deinit(struct aur_task *task)
{
    for (char **stem = task->stems; stem && *stem; stem++)
        free(*stem);
    free(task->stems);
    task->stems = NULL;
    free(task->err);
    task->err = NULL;
}

/* ---- preparing ---- */

static int fill_controls(struct aur_task *task, const struct aur_task_config *config, struct aur_error *err)
{
    const struct aur_piece_info *info = aur_piece_describe(task->piece->piece);
    task->controls = info->start;
    int rc = aur_wanted_apply(&config->wanted, &task->controls, &info->controls, err);
    return rc ? rc : aur_wanted_apply(&task->entry->wanted, &task->controls, &info->controls, err);
}

static void print_entry(struct aur_buf *out, const struct aur_batch_entry *entry)
{
    aur_buf_printf(out, "%s\nseed=%" PRIu64 " phrases=%d duration=%.17g fade=%.17g tail=%.17g\n", entry->name,
                   entry->seed, entry->phrases, entry->duration_s, entry->fade_s, entry->tail_s);
    aur_buf_printf(out, "rate=%d bits=%d dither=%d loudness=%d %.17g %.17g %d\n", entry->rate_hz, (int)entry->bits,
                   entry->dither, entry->has_loudness, entry->loudness_lufs, entry->peak_dbtp, entry->limit);
    for (int i = 0; i < AUR_BATCH_FORMATS; i++)
        aur_buf_printf(out, "%d", entry->formats[i]);
    for (int i = 0; i < AUR_BATCH_BESIDE; i++)
        aur_buf_printf(out, "%d", entry->beside[i]);
    for (int i = 0; i < AUR_TAGS; i++)
        if (entry->tags[i])
            aur_buf_printf(out, "\n%s=%zu %s", aur_tag_names[i].name, strlen(entry->tags[i]), entry->tags[i]);
}

/* Of all that the files' bytes depend on. */
static bool print_fingerprint(struct aur_task *task, const struct aur_task_config *config)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_buf_printf(&text, "%s\nsound %d piece %s cover %016" PRIx64 " effects %d voices %u rate %u\n", FINGERPRINT,
                   AUR_SOUND_REVISION, aur_piece_marks(task->piece->piece)->hash, task->cover ? task->cover->hash : 0,
                   config->synth.effects, (unsigned)config->synth.max_voices, (unsigned)config->synth.rate_hz);
    aur_controls_print(&text, &task->controls, &aur_piece_describe(task->piece->piece)->controls);
    print_entry(&text, task->entry);
    const bool ok = aur_buf_ok(&text);
    if (ok) {
        const uint64_t hash = aur_hash64(text.data, text.len, AUR_HASH_START);
        snprintf(task->fingerprint, sizeof task->fingerprint, "%016" PRIx64 "%016" PRIx64, hash,
                 aur_hash64(text.data, text.len, aur_mix64(hash)));
    }
    aur_buf_deinit(&text);
    return ok;
}

bool aur_task_prepare(struct aur_task *task, const struct aur_batch_entry *entry, struct aur_shelf *shelf,
                      const struct aur_task_config *config)
{
    struct aur_error err = {0};
    *task = (struct aur_task){.entry = entry, .piece = aur_shelf_piece(shelf, entry->piece)};
    if (!task->piece)
        return false;
    if (entry->cover && !(task->cover = aur_shelf_cover(shelf, entry->cover)))
        return false;
    if (!task->piece->piece)
        aur_task_fail(task, &task->piece->err);
    else if (task->cover && !task->cover->cover.len)
        aur_task_fail(task, &task->cover->err);
    else if (fill_controls(task, config, &err) < 0)
        aur_task_fail(task, &err);
    else
        return print_fingerprint(task, config);
    return true;
}

/* ---- rendering ---- */

/* Synthesis runs at the files' rate where it can, else at the settings' and is resampled. */
static uint32_t choose_rate(struct aur_synth_config *synth, int rate_hz)
{
    const bool native = rate_hz == 44100 || rate_hz == 48000 || rate_hz == 96000;
    if (native)
        synth->rate_hz = (uint32_t)rate_hz;
    return native ? 0 : (uint32_t)rate_hz;
}

int aur_task_folders(const char *path, struct aur_error *err)
{
    char part[8192];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return aur_error_set(err, AUR_EIO, "%s: cannot be made: %s", part, strerror(errno));
        *slash = '/';
    }
    return AUR_OK;
}

#define PATH_SIZE 4096

struct work { /* one entry's request and what it points to */
    struct aur_task *task;
    struct aur_bounce_request request;
    struct aur_bounce_output outputs[AUR_BATCH_FORMATS];
    struct aur_tags tags;
    char audio[AUR_BATCH_FORMATS][PATH_SIZE], beside[AUR_BATCH_BESIDE][PATH_SIZE];
    struct aur_loudness loudness;
    double done_s, from, share; /* progress of this pass: [from, from + share) of the whole */
    aur_task_progress_fn *on_progress;
    void *user;
};

static void on_progress(void *user, double done_s, double total_s)
{
    struct work *work = user;
    work->done_s = done_s;
    if (work->on_progress)
        work->on_progress(work->user, work->from + work->share * (total_s > 0 ? done_s / total_s : 1));
}

static void on_audio(void *user, const float *interleaved, size_t frames)
{
    struct work *work = user;
    aur_loudness_add(&work->loudness, interleaved, frames);
}

/* Remembers the files for the manifest, below the batch's folder; without memory for it they are not in it, and the entry is
 * made again next time. */
static void on_stems(void *user, const struct aur_stems_told *told)
{
    struct work *work = user;
    const size_t skip = strlen(work->beside[AUR_BATCH_STEMS]) - strlen(work->task->entry->name) - strlen(".stems");
    char **stems = calloc(told->n_files + 1, sizeof *stems);
    for (size_t i = 0; stems && i < told->n_files; i++)
        if (!(stems[i] = strdup(told->files[i].path + skip)))
            break;
    work->task->stems = stems;
}

static void fill_request(struct work *work, const struct aur_task_config *config)
{
    const struct aur_batch_entry *entry = work->task->entry;
    work->request = (struct aur_bounce_request){.piece = work->task->piece->piece,
                                                .seed = entry->seed,
                                                .controls = work->task->controls,
                                                .synth = config->synth,
                                                .phrases = (uint64_t)entry->phrases,
                                                .duration_s = entry->duration_s,
                                                .fade_s = entry->fade_s,
                                                .tail_s = entry->tail_s,
                                                .interrupted = config->interrupted,
                                                .on_progress = on_progress,
                                                .user = work};
}

static const char *or_null(const char *path)
{
    return *path ? path : NULL;
}

/* The files, on top of what measuring needs. */
static int fill_files(struct work *work, const struct aur_task_config *config, uint32_t file_rate_hz,
                      struct aur_error *err)
{
    const struct aur_batch_entry *entry = work->task->entry;
    struct aur_bounce_request *request = &work->request;
    struct aur_task_files files;
    size_t n = 0;
    aur_task_files(&files, entry);
    for (int i = 0; i < AUR_BATCH_FORMATS; i++) {
        if (!*files.audio[i])
            continue;
        snprintf(work->audio[i], PATH_SIZE, "%s/%s", config->dir, files.audio[i]);
        work->outputs[n++] = i == AUR_BATCH_OPUS
                                 ? (struct aur_bounce_output){work->audio[i], 0, AUR_BITS_24, false}
                                 : (struct aur_bounce_output){work->audio[i], file_rate_hz, entry->bits, entry->dither};
    }
    for (int i = 0; i < AUR_BATCH_BESIDE; i++)
        if (*files.beside[i])
            snprintf(work->beside[i], PATH_SIZE, "%s/%s", config->dir, files.beside[i]);
    request->out_path = work->outputs[0].path;
    request->file_rate_hz = work->outputs[0].file_rate_hz;
    request->bits = work->outputs[0].bits;
    request->dither = work->outputs[0].dither;
    request->more = work->outputs + 1;
    request->n_more = n - 1;
    if (*work->beside[AUR_BATCH_STEMS])
        request->stems = (struct aur_bounce_stems){work->beside[AUR_BATCH_STEMS], !entry->formats[AUR_BATCH_WAV],
                                                   entry->bits, entry->dither};
    request->on_stems = on_stems;
    request->midi_path = or_null(work->beside[AUR_BATCH_MIDI]);
    request->events_path = or_null(work->beside[AUR_BATCH_EVENTS]);
    request->chords_path = or_null(work->beside[AUR_BATCH_CHORDS]);
    for (int i = 0; i < AUR_TAGS; i++)
        work->tags.text[i] = entry->tags[i];
    if (work->task->cover)
        work->tags.cover = work->task->cover->cover;
    bool tagged = work->tags.cover.len;
    for (int i = 0; i < AUR_TAGS; i++)
        tagged = tagged || work->tags.text[i];
    request->tags = tagged ? &work->tags : NULL;
    return aur_task_folders(work->outputs[0].path, err);
}

/* A pass one of whose callbacks is on_audio. */
static int run_measured(struct work *work, struct aur_bounce_request *request, struct aur_loudness_result *out,
                        struct aur_error *err)
{
    int rc = aur_loudness_init(&work->loudness, request->synth.rate_hz, err);
    if (!rc)
        rc = aur_bounce(request, err);
    if (!rc)
        rc = aur_loudness_end(&work->loudness, out, err);
    aur_loudness_deinit(&work->loudness);
    return rc;
}

/* The first pass: nothing but how loud it is. */
static int measure(struct work *work, struct aur_error *err)
{
    struct aur_task *task = work->task;
    const struct aur_batch_entry *entry = task->entry;
    struct aur_bounce_request pass = work->request;
    work->share = 0.5;
    pass.on_audio = on_audio;
    int rc = run_measured(work, &pass, &task->loudness, err);
    if (!rc)
        rc = aur_loudness_master(&work->request.master, &task->loudness, entry->loudness_lufs, entry->peak_dbtp,
                                 entry->limit, err);
    task->measured = !rc;
    task->gain_db = work->request.master.gain_db;
    task->limited = work->request.master.limit;
    task->lufs = task->loudness.lufs + task->gain_db;
    work->from = 0.5;
    return rc;
}

/* The pass that writes. Where a limiter works, only measuring tells how loud it came out. */
static int write_files(struct work *work, struct aur_error *err)
{
    struct aur_loudness_result result = {0};
    if (!work->task->limited)
        return aur_bounce(&work->request, err);
    work->request.on_master = on_audio;
    int rc = run_measured(work, &work->request, &result, err);
    work->task->lufs = result.lufs;
    return rc;
}

static int render(struct work *work, const struct aur_task_config *config, bool force, struct aur_error *err)
{
    fill_request(work, config);
    const uint32_t file_rate_hz =
        work->task->entry->rate_hz ? choose_rate(&work->request.synth, work->task->entry->rate_hz) : 0;
    int rc = work->task->entry->has_loudness ? measure(work, err) : AUR_OK;
    if (!rc)
        rc = fill_files(work, config, file_rate_hz, err);
    work->share = 1 - work->from;
    work->request.force = force;
    if (!rc)
        rc = write_files(work, err);
    work->task->seconds = work->done_s;
    return rc;
}

int aur_task_render(struct aur_task *task, const struct aur_task_config *config, bool force,
                    aur_task_progress_fn *progress, void *user, struct aur_error *err)
{
    struct work *work = calloc(1, sizeof *work);
    if (!work)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    work->task = task;
    work->on_progress = progress;
    work->user = user;
    int rc = render(work, config, force, err);
    free(work);
    return rc;
}
