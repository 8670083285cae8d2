/* Making and freeing a channel, while no worker has it. Everything a channel will ever need is allocated here, so that
 * the render side never does. */
#include "channel/channel.h"

#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"

#define RING_SECONDS    2
#define CHUNKS_MIN      8
#define LEAD_MS         200
#define LIVE_CAPACITY   256
#define CHUNKS_A_SECOND 10

/* ---- time: any thread ---- */

uint64_t aur_channel_frames_ns(const struct aur_channel *ch, uint64_t frames)
{
    return frames / ch->rate_hz * 1000000000u + frames % ch->rate_hz * 1000000000u / ch->rate_hz;
}

double aur_channel_frames_ms(const struct aur_channel *ch, uint64_t frames)
{
    return (double)frames * 1000.0 / ch->rate_hz;
}

uint64_t aur_channel_published(const struct aur_channel *ch)
{
    return aur_cast_head(ch->audio) * ch->chunk_frames;
}

uint64_t aur_channel_frames(const struct aur_channel *ch)
{
    return aur_channel_published(ch);
}

const char *aur_channel_session(const struct aur_channel *ch)
{
    return ch->recorder ? aur_recorder_id(ch->recorder) : "";
}

/* ---- set-up ---- */

static void settings(struct aur_channel *ch, const struct aur_channel_config *config)
{
    ch->seed = config->seed;
    ch->swap = config->swap;
    ch->unlisted = config->unlisted;
    ch->rate_hz = config->synth.rate_hz;
    ch->chunk_frames = config->chunk_frames ? config->chunk_frames : ch->rate_hz / CHUNKS_A_SECOND;
    uint64_t two_seconds = (uint64_t)ch->rate_hz * RING_SECONDS;
    ch->n_chunks =
        config->ring_chunks ? config->ring_chunks : (uint32_t)((two_seconds + ch->chunk_frames - 1) / ch->chunk_frames);
    if (ch->n_chunks < CHUNKS_MIN)
        ch->n_chunks = CHUNKS_MIN;
    ch->lead_ns = (uint64_t)(config->lead_ms ? config->lead_ms : LEAD_MS) * 1000000u;
    ch->notify = config->notify;
    ch->user = config->user;
    ch->shared.controls = config->controls;
    for (int f = 0; f < AUR_FORMATS; f++)
        ch->shared.want_from[f] = UINT64_MAX;
    atomic_store(&ch->look_at, UINT64_MAX);
    for (int i = 0; i < AUR_CHANNEL_RECORDS; i++)
        ch->shared.records[i].number = UINT64_MAX;
}

static int make_rings(struct aur_channel *ch, unsigned formats)
{
    size_t chunk = sizeof(struct aur_chunk) + (size_t)ch->chunk_frames * 2 * sizeof(float);
    int rc = aur_cast_new(&ch->audio, ch->n_chunks, (chunk + 63) / 64 * 64);
    if (rc == 0)
        rc = aur_ring_new(&ch->live, sizeof(struct aur_live), LIVE_CAPACITY);
    if (rc == 0)
        rc = aur_retire_new(&ch->retired, AUR_CHANNEL_PHRASES + 1);
    return rc == 0 ? aur_channel_formats_make(ch, formats) : rc;
}

static int make_parts(struct aur_channel *ch, const struct aur_channel_config *config, struct aur_error *err)
{
    ch->name = strdup(config->name ? config->name : "main");
    ch->device = strdup(config->device ? config->device : "");
    if (!ch->name || !ch->device || make_rings(ch, config->formats ? config->formats : AUR_FORMATS_ALL) < 0)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for channel %s", config->name ? config->name : "main");
    struct aur_synth_config synth = config->synth;
    synth.chunk_frames = ch->chunk_frames;
    int rc = aur_synth_new(&ch->render.synth, &synth, err);
    if (rc < 0)
        return rc;
    ch->backend = synth.backend;
    ch->render.ahead = aur_synth_lookahead(ch->render.synth);
    if (ch->render.ahead)
        ch->render.ahead += ch->chunk_frames;
    struct aur_live live = {(float)config->controls.level, (float)config->controls.brightness,
                            (float)config->controls.intensity};
    aur_synth_live(ch->render.synth, &live);
    return 0;
}

/* Where the music begins: with the piece's own state, or where another session stood. */
static int place(struct aur_channel *ch, const struct aur_channel_config *config, struct aur_error *err)
{
    struct aur_session *session = &ch->compose.session;
    aur_session_init(session, aur_piece_ref(config->piece), ch->seed, ch->rate_hz);
    session->usage = &ch->compose.usage;
    if (config->from) {
        session->next_ordinal = config->from->ordinal;
        session->state = config->from->state ? strdup(config->from->state) : NULL;
        if (config->from->state && !session->state)
            return aur_error_set(err, AUR_ENOMEM, "out of memory");
    }
    return aur_branches_begin(ch, config->from ? config->from->former : NULL, err);
}

int aur_channel_new(struct aur_channel **out, const struct aur_channel_config *config, struct aur_log *log,
                    uint64_t (*clock)(void *clock_user), void *clock_user, struct aur_error *err)
{
    struct aur_channel *ch = calloc(1, sizeof *ch);
    if (!ch)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for a channel");
    ch->log = log;
    ch->clock = clock;
    ch->clock_user = clock_user;
    aur_lock_init(&ch->lock);
    settings(ch, config);
    aur_stats_init(&ch->stats);
    int rc = place(ch, config, err);
    if (rc == 0)
        rc = make_parts(ch, config, err);
    if (rc == 0)
        rc = aur_channel_compose_first(ch, config, err);
    if (rc < 0) {
        aur_channel_free(ch);
        return rc;
    }
    /* Short phrases: as many as a worker would have composed by now. */
    while (aur_channel_compose_step(ch))
        ;
    *out = ch;
    return 0;
}

static void free_compose_side(struct aur_compose_side *c)
{
    aur_phrase_free(c->spare);
    for (int i = 0; i < AUR_CHANNEL_PHRASES; i++)
        aur_phrase_free(c->all[i].phrase);
    for (uint32_t i = 0; i < c->n_before; i++)
        aur_checkpoint_deinit(&c->before[i]);
    aur_piece_free((struct aur_piece *)(uintptr_t)c->session.piece);
    aur_session_deinit(&c->session);
}

void aur_channel_free(struct aur_channel *ch)
{
    if (!ch)
        return;
    aur_record_end(ch);
    aur_branches_free(ch);
    aur_synth_free(ch->render.synth);
    free_compose_side(&ch->compose);
    aur_piece_free(ch->shared.armed);
    aur_piece_free(ch->shared.heard);
    for (int i = 0; i < AUR_CHANNEL_RECORDS; i++)
        aur_piece_free(ch->shared.records[i].piece);
    aur_retire_free(ch->retired);
    aur_ring_free(ch->live);
    aur_cast_free(ch->audio);
    aur_channel_formats_free(ch);
    aur_lock_deinit(&ch->lock);
    free(ch->name);
    free(ch->device);
    free(ch);
}
