/* Jobs. Render thread, but for what the CPU renders of them, which any thread may.
 *
 * A lane that has fallen silent adds zeros for as long as nothing starts in it (kernels/ promises that lanes without a
 * voice may be rendered), so ends need not be told: only starts and what groups there are. */
#include "synth/job.h"

#include <string.h>

#include "synth/bus.h"

/* Chains at most before a block that may open one for every bus. */
#define CHAINS_FULL AUR_BUSES

static uint32_t program_of(enum aur_voice voice, const struct aur_group *group)
{
    static const uint32_t programs[AUR_VOICES] = {
        [AUR_VOICE_PAD] = AUR_PROGRAM_pad_centre, [AUR_VOICE_LEAD] = AUR_PROGRAM_tone,
        [AUR_VOICE_KICK] = AUR_PROGRAM_tone,      [AUR_VOICE_SWELL] = AUR_PROGRAM_noise,
        [AUR_VOICE_BELL] = AUR_PROGRAM_bell,      [AUR_VOICE_BASS] = AUR_PROGRAM_bass,
        [AUR_VOICE_PLUCK] = AUR_PROGRAM_pluck,    [AUR_VOICE_TICK] = AUR_PROGRAM_noise,
        [AUR_VOICE_GRAIN] = AUR_PROGRAM_grain,    [AUR_VOICE_MODULAR] = AUR_PROGRAM_modular,
        [AUR_VOICE_WAVE] = AUR_PROGRAM_wave,
    };
    if (voice == AUR_VOICE_PAD && group->smooth)
        return AUR_PROGRAM_pad_smooth;
    return voice == AUR_VOICE_PAD && group->wide ? AUR_PROGRAM_pad_wide : programs[voice];
}

static uint32_t chain_for(struct aur_job *job, uint32_t bus, enum aur_voice voice)
{
    uint32_t chain = job->chain_of[bus];
    if (chain == AUR_JOB_NONE || job->voices[chain] != voice) {
        chain = job->chain_of[bus] = job->n_chains++;
        job->voices[chain] = voice;
        job->chains[chain] = (struct aur_chain){AUR_JOB_NONE, AUR_JOB_NONE};
    }
    return chain;
}

static uint32_t add_link(struct aur_job *job, uint32_t bus, enum aur_voice voice, uint32_t slot)
{
    struct aur_chain *chain = &job->chains[chain_for(job, bus, voice)];
    uint32_t link = job->n_links++;
    if (chain->first_link == AUR_JOB_NONE)
        chain->first_link = link;
    else
        job->links[chain->last_link].next = link;
    chain->last_link = link;
    job->links[link] = (struct aur_link){.first_block = job->n_blocks,
                                         .end_block = AUR_JOB_NONE,
                                         .first_start = AUR_JOB_NONE,
                                         .last_start = AUR_JOB_NONE,
                                         .next = AUR_JOB_NONE};
    job->slots[link] = (uint16_t)slot;
    job->link_of[slot] = link;
    job->link_voices[link] = voice;
    job->tabled |= voice == AUR_VOICE_WAVE;
    return link;
}

void aur_job_clear(struct aur_job *job)
{
    job->n_blocks = job->n_links = job->n_chains = job->n_starts = job->n_mixes = job->n_settings = 0;
    job->first_mix[0] = 0;
    job->has_live = job->tabled = false;
}

void aur_job_set_effects(struct aur_job *job, const struct aur_effect_settings *effects, int bpm, uint32_t glide_blocks)
{
    if (job->n_settings == AUR_JOB_SETTINGS)
        job->n_settings--; /* more phrases begin in one block than can be heard: the last counts */
    job->settings[job->n_settings++] = (struct aur_job_settings){job->n_blocks, glide_blocks, bpm, *effects};
}

void aur_job_begin(struct aur_job *job, struct aur_buses *buses)
{
    memset(job->link_of, 0xff, sizeof job->link_of);
    job->tables = buses->tables;
    job->lasting = buses->lasting;
    for (uint32_t i = 0; i < AUR_BUSES; i++) {
        const struct aur_bus *bus = &buses->buses[i];
        job->chain_of[i] = AUR_JOB_NONE;
        for (uint32_t k = 0; bus->used && k < bus->n_groups; k++) {
            uint32_t link = add_link(job, i, bus->voice, bus->groups[k]);
            job->states[link] = buses->pool[bus->groups[k]];
            job->states[link].active = 0xffff;
            job->links[link].program = program_of(bus->voice, &job->states[link]);
        }
    }
    buses->job = job;
}

void aur_job_open_group(struct aur_job *job, uint32_t bus, enum aur_voice voice, uint32_t slot)
{
    uint32_t link = add_link(job, bus, voice, slot);
    memset(&job->states[link], 0, sizeof job->states[link]);
    job->states[link].active = 0xffff;
    job->links[link].program = program_of(voice, &job->states[link]);
}

void aur_job_drop_group(struct aur_job *job, uint32_t slot)
{
    job->links[job->link_of[slot]].end_block = job->n_blocks;
    job->link_of[slot] = AUR_JOB_NONE;
}

void aur_job_start(struct aur_job *job, uint32_t slot, int lane)
{
    uint32_t link = job->link_of[slot], at = job->n_starts++;
    struct aur_start *start = &job->starts[at];
    const uint32_t *words = (const uint32_t *)(const void *)&job->scratch;
    *start = (struct aur_start){.block = job->n_blocks, .lane = (uint32_t)lane, .next = AUR_JOB_NONE};
    for (size_t i = 0; i < AUR_GROUP_WORDS; i++)
        start->words[i] = words[i * AUR_LANES + (size_t)lane];
    if (job->links[link].last_start == AUR_JOB_NONE)
        job->links[link].first_start = at;
    else
        job->starts[job->links[link].last_start].next = at;
    job->links[link].last_start = at;
    job->states[link].wide |= job->scratch.wide & 1u << lane;
    job->states[link].smooth |= job->scratch.smooth & 1u << lane;
    job->links[link].program = program_of(job->link_voices[link], &job->states[link]);
}

bool aur_job_room(const struct aur_job *job, uint32_t notes, uint32_t settings)
{
    return job->n_blocks < AUR_JOB_BLOCKS && job->n_starts + notes <= AUR_JOB_STARTS &&
           job->n_links + notes <= AUR_JOB_LINKS && job->n_settings + settings <= AUR_JOB_SETTINGS &&
           job->n_chains <= CHAINS_FULL;
}

void aur_job_block(struct aur_job *job, struct aur_buses *buses, float bright)
{
    for (uint32_t i = 0; i < buses->n_order; i++) {
        const uint32_t at = buses->order[i];
        struct aur_bus *bus = &buses->buses[at];
        struct aur_bus_gains gains;
        if (!bus->used)
            continue;
        aur_bus_gains_next(&gains, bus);
        if (bus->n_groups > 0)
            job->mixes[job->n_mixes++] = (struct aur_job_mix){job->chain_of[at], gains};
    }
    job->bright[job->n_blocks++] = bright;
    job->first_mix[job->n_blocks] = job->n_mixes;
    aur_buses_next(buses);
}

void aur_job_close(struct aur_job *job, struct aur_buses *buses)
{
    for (uint32_t i = 0; i < job->n_links; i++)
        if (job->links[i].end_block == AUR_JOB_NONE)
            job->links[i].end_block = job->n_blocks;
    job->table_floats = buses->table_floats;
    buses->job = NULL;
}

static void begin_lanes(struct aur_group *group, const struct aur_job *job, uint32_t *start, uint32_t block)
{
    uint32_t *words = (uint32_t *)(void *)group;
    for (; *start != AUR_JOB_NONE && job->starts[*start].block == block; *start = job->starts[*start].next)
        for (size_t i = 0; i < AUR_GROUP_WORDS; i++)
            words[i * AUR_LANES + job->starts[*start].lane] = job->starts[*start].words[i];
}

void aur_job_render(const struct aur_job *job, struct aur_job_result *result, const struct aur_kernels *kernels,
                    struct aur_lane_sums *sums)
{
    uint32_t next[AUR_JOB_LINKS];
    memcpy(result->states, job->states, job->n_links * sizeof *result->states);
    for (uint32_t i = 0; i < job->n_links; i++)
        next[i] = job->links[i].first_start;
    for (uint32_t b = 0; b < job->n_blocks; b++) {
        const struct aur_voice_control control = {job->bright[b], 0, job->tables};
        for (uint32_t c = 0; c < job->n_chains; c++) {
            aur_voice_fn *voice = aur_voice_kernel(kernels, job->voices[c]);
            memset(sums, 0, sizeof *sums);
            for (uint32_t i = job->chains[c].first_link; i != AUR_JOB_NONE; i = job->links[i].next) {
                if (b < job->links[i].first_block || b >= job->links[i].end_block)
                    continue;
                begin_lanes(&result->states[i], job, &next[i], b);
                voice(sums, &result->states[i], &control);
            }
            kernels->take(&result->sums[c * job->n_blocks + b], sums, 0xffff);
        }
    }
}

void aur_job_end(const struct aur_job *job, const struct aur_job_result *result, struct aur_buses *buses)
{
    for (uint32_t i = 0; i < job->n_links; i++) {
        struct aur_group *group = &buses->pool[job->slots[i]];
        if (job->link_of[job->slots[i]] != i)
            continue;
        const uint32_t active = group->active;
        *group = result->states[i];
        group->active = active;
    }
}
