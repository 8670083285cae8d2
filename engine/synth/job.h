/* Blocks of voices ahead of the sound, as plain data that any backend can render: the CPU from the same description with
 * the same bytes, so a device that fails or is late is replaced at no other cost than time.
 *
 * A job is made from where the buses are (aur_job_begin), block by block (aur_job_block); notes that start inside it are
 * noted down, not started. Who renders it reads the job and writes the result; then the voices go back to the buses
 * (aur_job_end). The memory is one allocation. [render] but for new and free. */
#ifndef AUR_SYNTH_JOB_H
#define AUR_SYNTH_JOB_H

#include "kernels/job.h"
#include "score/patch.h"
#include "synth/bus.h"

#define AUR_JOB_BLOCKS   160 /* at most */
#define AUR_JOB_CHAINS   (2 * AUR_BUSES)
#define AUR_JOB_LINKS    320
#define AUR_JOB_STARTS   256
#define AUR_JOB_SETTINGS 8

/* A bus in a block: which chain, and its gains at the block's start and end. In the order in which they are mixed. */
struct aur_job_mix {
    uint32_t chain;
    struct aur_bus_gains gains;
};

/* Effects that a phrase sets at a block; heard when that block is. */
struct aur_job_settings {
    uint32_t block, glide_blocks;
    int bpm;
    struct aur_effect_settings effects;
};

struct aur_job {
    uint32_t n_blocks, n_links, n_chains, n_starts, n_settings, n_mixes;
    bool has_live;                /* live controls act from its start */
    bool tabled;                  /* has voices that read tables, see tables */
    bool lasting;                 /* the tables outlive the backend */
    float live[3];                /* level, brightness, intensity */
    float bright[AUR_JOB_BLOCKS]; /* the voice control of each block */
    const float *tables;          /* and of all */
    uint32_t table_floats;        /* of them that the voices may read */
    struct aur_link links[AUR_JOB_LINKS];
    uint16_t slots[AUR_JOB_LINKS]; /* of the pool, for each link */
    enum aur_voice link_voices[AUR_JOB_LINKS];
    struct aur_chain chains[AUR_JOB_CHAINS];
    enum aur_voice voices[AUR_JOB_CHAINS]; /* of each chain */
    uint32_t chain_of[AUR_BUSES];          /* of each bus, or AUR_JOB_NONE */
    uint32_t link_of[2 * AUR_GROUPS_BUS];
    uint32_t first_mix[AUR_JOB_BLOCKS + 1];
    struct aur_job_mix mixes[AUR_JOB_BLOCKS * AUR_BUSES];
    struct aur_job_settings settings[AUR_JOB_SETTINGS];
    struct aur_start starts[AUR_JOB_STARTS];
    struct aur_group scratch __attribute__((aligned(64)));
    struct aur_group states[AUR_JOB_LINKS]; /* of the links at the job's start; zero where they begin later */
};

/* What was rendered. */
struct aur_job_result {
    struct aur_group states[AUR_JOB_LINKS];                  /* at the job's end */
    struct aur_stereo sums[AUR_JOB_CHAINS * AUR_JOB_BLOCKS]; /* of chain c in block b: [c * n_blocks + b] */
};

/* Makes it empty. */
void aur_job_clear(struct aur_job *job);
/* Takes the groups as they are; notes go to the job from here on. */
void aur_job_begin(struct aur_job *job, struct aur_buses *buses);
/* Whether so many notes and settings more find room in it. */
bool aur_job_room(const struct aur_job *job, uint32_t notes, uint32_t settings);
/* Another block passes, with this voice control: the buses' glides and ends move on. */
void aur_job_block(struct aur_job *job, struct aur_buses *buses, float bright);
/* No more blocks: notes start in the pool again. */
void aur_job_close(struct aur_job *job, struct aur_buses *buses);
/* Renders it on this thread. */
void aur_job_render(const struct aur_job *job, struct aur_job_result *result, const struct aur_kernels *kernels,
                    struct aur_lane_sums *sums);
/* Puts the voices where the job left them into the pool. */
void aur_job_end(const struct aur_job *job, const struct aur_job_result *result, struct aur_buses *buses);

/* A phrase sets effects at the next block. */
void aur_job_set_effects(struct aur_job *job, const struct aur_effect_settings *effects, int bpm,
                         uint32_t glide_blocks);

/* For the buses while a job is made. */
void aur_job_open_group(struct aur_job *job, uint32_t bus, enum aur_voice voice, uint32_t slot);
void aur_job_drop_group(struct aur_job *job, uint32_t slot);
/* The lane of job->scratch starts in this group in the next block. */
void aur_job_start(struct aur_job *job, uint32_t slot, int lane);

#endif
