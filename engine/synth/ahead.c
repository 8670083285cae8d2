/* Voices rendered ahead by a backend. Render thread.
 *
 * While one job is heard the backend renders the next: the events of its blocks have happened already as far as voices
 * are concerned, and what they mean for effects and gains travels with the job until its blocks are heard. When a job
 * comes back its voices are put into the pool, so between two jobs the buses stand as if this thread had rendered
 * everything, and either way of rendering can go on from there.
 *
 * Whom a note steals from depends on how loud voices are, and a note that ends before its time on how far it is: both are
 * only known between jobs, so a job ends before a block that may need it. */
#include <string.h>

#include "synth/inner.h"

int aur_ahead_init(struct aur_ahead *a, const struct aur_synth_config *config, struct aur_error *err)
{
    if (!config->backend)
        return AUR_OK;
    int rc = aur_seat_new(&a->seat, config->backend, err);
    if (rc < 0)
        return rc == AUR_EBUSY ? AUR_OK : rc; /* no seat is left: this CPU will do */
    uint32_t blocks = config->chunk_frames ? config->chunk_frames / AUR_BLOCK + 2 : AUR_JOB_BLOCKS;
    a->job_blocks = blocks < AUR_JOB_BLOCKS ? blocks : AUR_JOB_BLOCKS;
    return AUR_OK;
}

void aur_ahead_deinit(struct aur_ahead *a)
{
    if (a->playing)
        aur_seat_release(a->playing);
    if (a->next) {
        aur_seat_withdraw(a->next);
        aur_seat_release(a->next);
    }
    aur_seat_free(a->seat);
}

/* ---- making a job ---- */

static bool goes_on(const struct aur_synth *synth, const struct aur_job *job)
{
    uint32_t notes, phrases;
    bool releases;
    if (job->n_blocks == synth->ahead.job_blocks)
        return false;
    aur_synth_due(synth, &notes, &phrases, &releases);
    return !releases && synth->buses.voices + notes <= synth->buses.max_voices && aur_job_room(job, notes, phrases);
}

/* Live controls that wait, for the voices now and for the effects when the job is heard. */
static void take_live(struct aur_synth *synth, struct aur_job *job)
{
    struct aur_ahead *a = &synth->ahead;
    const uint32_t glide = synth->buses.block ? synth->glide_blocks : 0;
    if (!a->playing) { /* nothing is ahead of the effects */
        a->bright = synth->effects.bright;
        a->lean = synth->effects.lean;
    }
    if (!a->has_live)
        return;
    job->has_live = true;
    job->live[0] = a->live.level;
    job->live[1] = a->live.brightness;
    job->live[2] = a->live.intensity;
    a->has_live = false;
    aur_effects_live_voices(&a->bright, &a->lean, a->live.brightness, a->live.intensity, glide);
}

static void make_job(struct aur_synth *synth, struct aur_job *job)
{
    struct aur_ahead *a = &synth->ahead;
    aur_job_clear(job);
    take_live(synth, job);
    synth->planned = job;
    aur_synth_events(synth);
    aur_job_begin(job, &synth->buses);
    do {
        if (job->n_blocks > 0)
            aur_synth_events(synth);
        aur_glide_next(&a->bright);
        aur_glide_next(&a->lean);
        aur_job_block(job, &synth->buses, aur_effects_octaves(&a->bright, &a->lean));
    } while (goes_on(synth, job));
    aur_job_close(job, &synth->buses);
    synth->planned = NULL;
}

/* Live, a short job is not worth the wait: there would be no time for the one after it. */
static void start_next(struct aur_synth *synth)
{
    struct aur_ahead *a = &synth->ahead;
    const enum aur_seat_turn turn = aur_seat_turn(a->seat, synth->buses.voices);
    if (turn == AUR_TURN_NONE || !(a->next = aur_seat_slot(a->seat)))
        return;
    make_job(synth, &a->next->job);
    const bool brief = a->next->job.n_blocks < a->job_blocks && !aur_seat_waits(a->seat);
    a->next_ours = brief || turn == AUR_TURN_LEND;
    if (!a->next_ours)
        aur_seat_post(a->seat, a->next);
    else if (!brief)
        aur_seat_lend(a->seat, a->next);
}

/* ---- hearing it ---- */

/* A chain whose sum is not a number starts anew, with silence. */
static void check(struct aur_synth *synth, const struct aur_job *job)
{
    const uint32_t last = job->n_blocks - 1;
    for (uint32_t c = 0; c < job->n_chains; c++)
        if (!aur_bus_sane(synth->buses.kernels, &synth->ahead.result->sums[c * job->n_blocks + last]))
            for (uint32_t i = job->chains[c].first_link; i != AUR_JOB_NONE; i = job->links[i].next) {
                struct aur_group *group = &synth->buses.pool[job->slots[i]];
                const uint32_t active = group->active;
                if (job->link_of[job->slots[i]] != i)
                    continue;
                memset(group, 0, sizeof *group);
                group->active = active;
            }
}

static void collect(struct aur_synth *synth)
{
    struct aur_ahead *a = &synth->ahead;
    struct aur_job_slot *slot = a->next;
    const bool brought = !a->next_ours && aur_seat_take(a->seat, slot);
    a->next = NULL;
    a->result = brought ? &slot->result : aur_seat_own(a->seat);
    if (brought) {
        a->counts.backend_blocks += slot->job.n_blocks;
    } else {
        aur_job_render(&slot->job, aur_seat_own(a->seat), synth->buses.kernels, &synth->buses.sums);
        a->counts.cpu_blocks += slot->job.n_blocks;
        a->counts.fallbacks += !a->next_ours;
    }
    aur_job_end(&slot->job, a->result, &synth->buses);
    check(synth, &slot->job);
    a->playing = slot;
    a->at = 0;
}

static bool have_block(struct aur_synth *synth)
{
    struct aur_ahead *a = &synth->ahead;
    if (a->playing && a->at < a->playing->job.n_blocks)
        return true;
    if (a->playing)
        aur_seat_release(a->playing);
    a->playing = NULL;
    if (!a->next && aur_seat_waits(a->seat))
        start_next(synth);
    if (!a->next)
        return false;
    collect(synth);
    start_next(synth);
    return true;
}

bool aur_ahead_play(struct aur_synth *synth)
{
    struct aur_ahead *a = &synth->ahead;
    if (!have_block(synth))
        return false;
    const struct aur_job *job = &a->playing->job;
    if (a->at == 0 && job->has_live)
        aur_effects_live(&synth->effects, job->live[0], job->live[1], job->live[2],
                         synth->blocks ? synth->glide_blocks : 0);
    for (uint32_t i = 0; i < job->n_settings; i++)
        if (job->settings[i].block == a->at)
            aur_effects_set(&synth->effects, &job->settings[i].effects, job->settings[i].bpm,
                            job->settings[i].glide_blocks);
    (void)aur_effects_bright(&synth->effects);
    struct aur_stem stem;
    stem.open = false;
    for (uint32_t i = job->first_mix[a->at]; i < job->first_mix[a->at + 1]; i++) {
        const struct aur_stereo *sum = &a->result->sums[job->mixes[i].chain * job->n_blocks + a->at];
        if (aur_bus_sane(synth->buses.kernels, sum))
            aur_bus_mix(synth->buses.kernels, &synth->sends, &stem, NULL, sum, &job->mixes[i].gains);
        else
            synth->buses.caught++;
    }
    aur_stem_end(synth->buses.kernels, &synth->sends, &stem);
    a->at++;
    return true;
}

bool aur_ahead_live(struct aur_synth *synth, const struct aur_live *live)
{
    struct aur_ahead *a = &synth->ahead;
    a->live = *live;
    a->has_live = a->playing || a->next;
    return a->has_live;
}

void aur_ahead_catch_up(struct aur_synth *synth)
{
    struct aur_ahead *a = &synth->ahead;
    if (a->has_live)
        aur_effects_live(&synth->effects, a->live.level, a->live.brightness, a->live.intensity, synth->glide_blocks);
    a->has_live = false;
}

/* ---- what the caller sees ---- */

bool aur_synth_ready(struct aur_synth *synth, size_t frames)
{
    struct aur_ahead *a = &synth->ahead;
    if (!a->seat || aur_seat_waits(a->seat))
        return true;
    size_t left = AUR_BLOCK - synth->used;
    if (a->playing)
        left += (size_t)(a->playing->job.n_blocks - a->at) * AUR_BLOCK;
    if (left >= frames)
        return true;
    if (!a->next && !a->playing)
        start_next(synth);
    return !a->next || a->next_ours || !aur_seat_pending(a->next);
}

uint32_t aur_synth_lookahead(const struct aur_synth *synth)
{
    return synth->ahead.seat ? 2 * synth->ahead.job_blocks * AUR_BLOCK : 0;
}

void aur_synth_counts(const struct aur_synth *synth, struct aur_synth_counts *out)
{
    *out = synth->ahead.counts;
}
