/* Stems. Thread of the render.
 *
 * The synth tells parts of blocks while it renders (hear); they are put down in windows, one for each part, which begin at the
 * next frame to be written. After each pull the windows are compared, written and moved on. Files are opened there and not
 * while the synth renders. */
#include "bounce/stems.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "bounce/sink.h"
#include "bounce/stem_folder.h"

#define PULL_FRAMES   16384
#define WINDOW_FRAMES (PULL_FRAMES + 2 * AUR_SYNTH_LATENCY_FRAMES)

struct part {
    struct aur_stem_told told;
    enum aur_tap_kind tap;
    char patch[AUR_PATCH_NAME_SIZE];
    char *path;
    struct aur_sink *sink;
    size_t filled; /* frames of the window; silence beyond */
    float window[2 * WINDOW_FRAMES];
};

struct aur_stems {
    struct aur_stems_config config;
    struct aur_taps taps;
    const char *ending;
    struct part *parts[AUR_STEMS_MAX + AUR_TAPS]; /* in the order of the sum; the mix is the last */
    size_t n_parts, n_patches;
    struct part *master; /* has no window */
    uint64_t block;      /* where the next block is in the files, in frames of the synth */
    uint64_t base;       /* of the windows' first frame */
    uint64_t written;    /* frames that have gone into the files */
    uint64_t samples, differing;
    double largest;
    int rc; /* of what happened while the synth rendered */
    bool made, published;
    float sum[2 * PULL_FRAMES];
};

/* ---- parts ---- */

static int compare(const struct part *part, enum aur_tap_kind tap, const char *patch)
{
    if (part->tap != tap)
        return part->tap < tap ? -1 : 1;
    return tap == AUR_TAP_STEM ? strcmp(part->patch, patch) : 0;
}

static const char *kind_of(enum aur_tap_kind tap)
{
    return tap == AUR_TAP_STEM ? "stem" : tap == AUR_TAP_MIX ? "mix" : "return";
}

static struct part *part_new(const struct aur_stems *stems, const char *name)
{
    struct part *part = calloc(1, sizeof *part);
    if (part && !(part->path = aur_stem_path(stems->config.wanted->dir, name, stems->ending))) {
        free(part);
        return NULL;
    }
    return part;
}

/* Makes room at its place in the order. */
static struct part *add_part(struct aur_stems *stems, size_t at, enum aur_tap_kind tap, const char *patch)
{
    char name[AUR_STEM_NAME_SIZE];
    if (tap == AUR_TAP_STEM && stems->n_patches++ == AUR_STEMS_MAX) {
        stems->rc = AUR_ELIMIT;
        return NULL;
    }
    aur_stem_name(name, tap, patch);
    struct part *part = part_new(stems, name);
    if (!part) {
        stems->rc = AUR_ENOMEM;
        return NULL;
    }
    part->tap = tap;
    if (patch)
        strncpy(part->patch, patch, sizeof part->patch - 1);
    part->told = (struct aur_stem_told){part->path, kind_of(tap), patch ? part->patch : NULL};
    memmove(stems->parts + at + 1, stems->parts + at, (stems->n_parts - at) * sizeof(struct part *));
    stems->parts[at] = part;
    stems->n_parts++;
    return part;
}

static bool is_silent(const float *left, const float *right)
{
    for (int i = 0; i < AUR_BLOCK_FRAMES; i++)
        if (left[i] != 0 || right[i] != 0)
            return false;
    return true;
}

/* The part, from its first sound on; else NULL. */
static struct part *find_part(struct aur_stems *stems, enum aur_tap_kind tap, const char *patch, const float *left,
                              const float *right)
{
    for (size_t i = 0; i < stems->n_parts; i++) {
        const int order = compare(stems->parts[i], tap, patch);
        if (order == 0)
            return stems->parts[i];
        if (order > 0)
            return is_silent(left, right) ? NULL : add_part(stems, i, tap, patch);
    }
    return NULL; /* not reached: the mix is there, and last */
}

static void fill_up(struct part *part, size_t frames)
{
    if (part->filled < frames)
        memset(part->window + 2 * part->filled, 0, 2 * (frames - part->filled) * sizeof *part->window);
    part->filled = part->filled < frames ? frames : part->filled;
}

static void hear(void *user, enum aur_tap_kind tap, const char *patch, const float *left, const float *right)
{
    struct aur_stems *stems = user;
    const uint64_t block = stems->block;
    if (tap == AUR_TAP_MIX)
        stems->block += AUR_BLOCK_FRAMES;
    if (stems->rc < 0 || block + AUR_BLOCK_FRAMES <= stems->base)
        return;
    struct part *part = find_part(stems, tap, patch, left, right);
    if (!part)
        return;
    const size_t skip = block < stems->base ? (size_t)(stems->base - block) : 0;
    const size_t at = (size_t)(block + skip - stems->base);
    fill_up(part, at);
    for (size_t i = skip; i < AUR_BLOCK_FRAMES; i++) {
        part->window[2 * (at + i - skip)] = left[i];
        part->window[2 * (at + i - skip) + 1] = right[i];
    }
    part->filled = at + AUR_BLOCK_FRAMES - skip;
}

/* ---- files ---- */

int aur_stems_check(const struct aur_bounce_stems *wanted, bool force, struct aur_error *err)
{
    int rc = aur_sink_check(wanted->flac ? "stem.flac" : "stem.wav", wanted->bits, wanted->dither, err);
    return rc ? rc : aur_stem_folder_check(wanted->dir, wanted->flac ? ".flac" : ".wav", force, err);
}

/* The master has the keys of the render's own files, so that its samples are theirs. */
static int open_sink(const struct aur_stems *stems, struct part *part, struct aur_error *err)
{
    const struct aur_stems_config *c = &stems->config;
    const char *key = part == stems->master ? "dither" : strrchr(part->path, '/') + 1;
    const struct aur_sink_config sink = {.path = part->path,
                                         .force = c->force,
                                         .in_rate_hz = c->rate_hz,
                                         .file_rate_hz = c->file_rate_hz,
                                         .file_frames = c->file_frames,
                                         .bits = c->wanted->bits,
                                         .dither = c->wanted->dither,
                                         .dither_key = aur_rand_key(c->seed, 0, key),
                                         .serial = (uint32_t)aur_rand_key(c->seed, 0, c->serial_name),
                                         .tags = c->tags};
    return aur_sink_open(&part->sink, &sink, err);
}

static int init(struct aur_stems *stems, const struct aur_stems_config *config, struct aur_error *err)
{
    stems->config = *config;
    stems->taps = (struct aur_taps){hear, stems};
    stems->ending = config->wanted->flac ? ".flac" : ".wav";
    stems->base = config->from_frame;
    struct part *mix = add_part(stems, 0, AUR_TAP_MIX, NULL);
    stems->master = part_new(stems, "master");
    if (!mix || !stems->master)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for stems");
    stems->master->told = (struct aur_stem_told){stems->master->path, "master", NULL};
    int rc = aur_stem_folder_make(config->wanted->dir, &stems->made, err);
    if (!rc)
        rc = open_sink(stems, mix, err);
    return rc ? rc : open_sink(stems, stems->master, err);
}

int aur_stems_new(struct aur_stems **out, const struct aur_stems_config *config, struct aur_error *err)
{
    struct aur_stems *stems = calloc(1, sizeof *stems);
    *out = NULL;
    if (!stems)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for stems");
    int rc = init(stems, config, err);
    if (rc)
        aur_stems_free(stems);
    else
        *out = stems;
    return rc;
}

int aur_stems_listen(struct aur_stems *stems, struct aur_synth *synth, struct aur_error *err)
{
    const uint64_t blocks = (aur_synth_frame(synth) + AUR_BLOCK_FRAMES - 1) / AUR_BLOCK_FRAMES;
    stems->block = blocks * AUR_BLOCK_FRAMES + AUR_SYNTH_LATENCY_FRAMES;
    if (aur_synth_tap(synth, &stems->taps) < 0)
        return aur_error_set(err, AUR_ENOTSUP, "stems are rendered on the CPU");
    return AUR_OK;
}

static int begin_file(struct aur_stems *stems, struct part *part, struct aur_error *err)
{
    int rc = open_sink(stems, part, err);
    memset(stems->sum, 0, sizeof stems->sum);
    for (uint64_t at = 0; !rc && at < stems->written;) {
        const uint64_t left = stems->written - at, n = left < PULL_FRAMES ? left : PULL_FRAMES;
        rc = aur_sink_write(part->sink, stems->sum, (size_t)n, err);
        at += n;
    }
    return rc;
}

/* ---- writing ---- */

static void compare_sum(struct aur_stems *stems, size_t frames)
{
    const float *mix = stems->parts[stems->n_parts - 1]->window;
    memset(stems->sum, 0, 2 * frames * sizeof *stems->sum);
    for (size_t p = 0; p + 1 < stems->n_parts; p++)
        for (size_t i = 0; i < 2 * frames; i++)
            stems->sum[i] += stems->parts[p]->window[i];
    for (size_t i = 0; i < 2 * frames; i++) {
        if (stems->sum[i] == mix[i])
            continue;
        stems->differing++;
        stems->largest = fmax(stems->largest, fabs((double)stems->sum[i] - (double)mix[i]));
    }
    stems->samples += 2 * frames;
}

static int write_part(struct part *part, size_t frames, struct aur_error *err)
{
    int rc = aur_sink_write(part->sink, part->window, frames, err);
    part->filled -= frames;
    memmove(part->window, part->window + 2 * frames, 2 * part->filled * sizeof *part->window);
    return rc;
}

static int told_error(const struct aur_stems *stems, struct aur_error *err)
{
    if (stems->rc == AUR_ELIMIT)
        return aur_error_set(err, AUR_ELIMIT, "stems: more than %d patches", AUR_STEMS_MAX);
    return aur_error_set(err, AUR_ENOMEM, "out of memory for stems");
}

int aur_stems_write(struct aur_stems *stems, size_t frames, struct aur_error *err)
{
    int rc = stems->rc < 0 ? told_error(stems, err) : AUR_OK;
    for (size_t i = 0; !rc && i < stems->n_parts; i++) {
        fill_up(stems->parts[i], frames);
        if (!stems->parts[i]->sink)
            rc = begin_file(stems, stems->parts[i], err);
    }
    if (!rc)
        compare_sum(stems, frames);
    for (size_t i = 0; !rc && i < stems->n_parts; i++)
        rc = write_part(stems->parts[i], frames, err);
    stems->base += frames;
    stems->written += frames;
    return rc;
}

int aur_stems_master(struct aur_stems *stems, const float *interleaved, size_t frames, struct aur_error *err)
{
    return aur_sink_write(stems->master->sink, interleaved, frames, err);
}

/* ---- the end ---- */

int aur_stems_finish(struct aur_stems *stems, struct aur_error *err)
{
    int rc = aur_sink_finish(stems->master->sink, err);
    size_t kept = 0;
    for (size_t i = 0; i < stems->n_parts; i++) {
        struct part *part = stems->parts[i];
        if (!part->sink) { /* sounded in frames that were not written */
            free(part->path);
            free(part);
            continue;
        }
        if (!rc)
            rc = aur_sink_finish(part->sink, err);
        stems->parts[kept++] = part;
    }
    stems->n_parts = kept;
    return rc;
}

int aur_stems_publish(struct aur_stems *stems, struct aur_error *err)
{
    size_t named = 0;
    int rc = AUR_OK;
    for (; !rc && named < stems->n_parts; named += !rc)
        rc = aur_sink_publish(stems->parts[named]->sink, err);
    if (!rc)
        rc = aur_sink_publish(stems->master->sink, err);
    for (size_t i = 0; rc && i < named; i++)
        unlink(stems->parts[i]->path);
    stems->published = !rc;
    return rc;
}

void aur_stems_withdraw(struct aur_stems *stems)
{
    for (size_t i = 0; stems->published && i < stems->n_parts; i++)
        unlink(stems->parts[i]->path);
    if (stems->published)
        unlink(stems->master->path);
    stems->published = false;
}

void aur_stems_tell(const struct aur_stems *stems, void (*on_stems)(void *user, const struct aur_stems_told *told),
                    void *user)
{
    struct aur_stem_told files[AUR_STEMS_MAX + AUR_TAPS + 1];
    size_t n = 0;
    for (; n < stems->n_parts; n++)
        files[n] = stems->parts[n]->told;
    files[n++] = stems->master->told;
    const struct aur_stems_told told = {stems->config.wanted->dir, files,         n, stems->samples,
                                        stems->differing,          stems->largest};
    on_stems(user, &told);
}

static void part_free(struct part *part)
{
    if (!part)
        return;
    aur_sink_free(part->sink);
    free(part->path);
    free(part);
}

void aur_stems_free(struct aur_stems *stems)
{
    if (!stems)
        return;
    for (size_t i = 0; i < stems->n_parts; i++)
        part_free(stems->parts[i]);
    part_free(stems->master);
    if (stems->made && !stems->published)
        rmdir(stems->config.wanted->dir);
    free(stems);
}
