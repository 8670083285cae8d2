/* Buses: the voices of one patch, their groups of 16 lanes, their level and sends.
 *
 * A bus is found by patch name and voice and lives while it sounds or the current phrase has its patch; one whose patch is
 * gone, or has another voice, rings out. There are enough for the patches of a phrase, those of the one before it that ring
 * out, and as many again: when these are not enough, the ones gone longest fade within AUR_VOICE_FADE_BLOCKS, and a phrase
 * always finds a bus for each of its patches, if it is not shorter than that. Which lane a note
 * gets depends on the score alone: the first free lane of the bus. All memory is part of the struct. [render] */
#ifndef AUR_SYNTH_BUS_H
#define AUR_SYNTH_BUS_H

#include "kernels/kernels.h"
#include "score/phrase.h"
#include "synth/glide.h"
#include "synth/plan.h"
#include "synth/taps.h"

#define AUR_BUSES        (3 * AUR_PATCHES_MAX)
#define AUR_GROUPS_BUS   128 /* groups a bus can have */
#define AUR_NO_BUS       (-1)
#define AUR_VOICES_LIMIT 1024
#define AUR_BUS_SANE     1e6f /* a sum beyond it is no sound */

struct aur_bus {
    bool used;     /* its gains are meant for someone */
    bool wanted;   /* the current phrase has its patch */
    bool shares;   /* its name with another one: they are one stem */
    uint32_t stem; /* number of the first of that name in their order */
    uint64_t gone; /* block from which it is not wanted */
    char name[AUR_PATCH_NAME_SIZE];
    enum aur_voice voice;
    struct aur_glide level, reverb, delay, chorus;
    uint16_t groups[AUR_GROUPS_BUS]; /* indices into the pool, in order of use */
    uint32_t n_groups;
    uint32_t voices; /* sounding */
};

/* What the synth keeps of a sounding voice beside its lane. */
struct aur_slot {
    uint64_t end_block;   /* silent from here on */
    uint64_t start_order; /* counts notes */
    uint64_t table;       /* hash of the user's wavetable that it reads */
    bool fading;          /* stolen: no longer counted as a voice */
};

struct aur_job;

struct aur_buses {
    const struct aur_kernels *kernels;
    uint32_t rate_hz, max_voices, n_pool;
    struct aur_bus buses[AUR_BUSES];
    int n_buses;              /* none from here on is used */
    uint8_t order[AUR_BUSES]; /* in which they are mixed: by name, then place; used ones */
    uint32_t n_order;
    int owner[2 * AUR_GROUPS_BUS];                        /* of each group of the pool, or AUR_NO_BUS */
    struct aur_slot slots[2 * AUR_GROUPS_BUS][AUR_LANES]; /* of each lane */
    struct aur_group *pool;                               /* n_pool groups, the caller's memory */
    const float *tables;                                  /* of the wave voice, the caller's */
    uint32_t table_floats;                                /* of them that phrases have used */
    bool lasting;                                         /* they outlive the backend */
    uint64_t block, notes;
    uint64_t next_end;          /* block from which a voice or a bus may be gone */
    uint32_t voices;            /* sounding, without those that fade */
    uint64_t dropped;           /* notes that found no lane */
    uint64_t caught;            /* blocks of a bus that held NaN or infinity */
    struct aur_lane_sums sums;  /* of one bus at a time */
    struct aur_lane_sums other; /* of a second one that is rendered together with it */
    struct aur_job *job; /* takes the notes instead of the pool while a job is made, see synth/job.h; else NULL */
};

/* Groups that max_voices need. */
uint32_t aur_buses_pool(uint32_t max_voices);

/* pool: aur_buses_pool(max_voices) groups. tables: see synth/wavetable.h. */
void aur_buses_init(struct aur_buses *buses, const struct aur_kernels *kernels, uint32_t rate_hz, uint32_t max_voices,
                    struct aur_group *pool, const float *tables);

/* A phrase begins: its patches have buses; those of others go when they are silent, or when buses run short. Between
 * jobs where it has no patch for a bus that sounds. */
void aur_buses_begin(struct aur_buses *buses, const struct aur_phrase *phrase, uint32_t glide_blocks);
/* Ends the notes of buses that the phrase begun has no patch for, or of all; what they leave rings out. Between jobs. */
void aur_buses_release(struct aur_buses *buses, bool all);
/* Whether a bus sounds that the phrase has no patch for. */
bool aur_buses_outlive(const struct aur_buses *buses, const struct aur_phrase *phrase);
/* A note of phrase number `phrase` with the patch it is to sound with. */
void aur_buses_note(struct aur_buses *buses, const struct aur_patch *patch, const struct aur_plan *plan,
                    const struct aur_note *note, uint64_t phrase);

struct aur_sends {
    struct aur_stereo dry, reverb, delay, chorus; /* zero before each block, chorus where chorused */
    bool chorused;                                /* something was added to chorus */
    const struct aur_taps *taps;                  /* who wants the parts of dry; may be NULL. The last member */
};

/* Adds one block of every bus to dry and, times the factors, to the sends. */
void aur_buses_render(struct aur_buses *buses, struct aur_sends *out, const struct aur_voice_control *control);

/* ---- the parts of it ---- */

/* Two buses whose voices have been rendered together: pads and tones, which take less time so. */
struct aur_bus_pair {
    const struct aur_bus *bus[2]; /* NULL: none were */
    struct aur_stereo sum[2];
    float loudest[2];
};

/* Renders the first two such buses of a single group each, if there are. */
void aur_bus_pair_sum(struct aur_bus_pair *out, struct aur_buses *buses, const struct aur_voice_control *control);
/* The sum of a bus's voices: what the pair has of it, or else in *out. NULL: it is not a number, or beyond any sound. */
const struct aur_stereo *aur_bus_sum(struct aur_stereo *out, const struct aur_bus_pair *pair, struct aur_buses *buses,
                                     const struct aur_bus *bus, const struct aur_voice_control *control);

/* ---- and for jobs ---- */

/* What the mix needs of a bus in a block: its stem, and gains at the block's start and end. */
struct aur_bus_gains {
    uint32_t stem;
    bool shares;
    float level[2], reverb[2], delay[2], chorus[2];
};

/* Moves the bus's glides on by a block. */
void aur_bus_gains_next(struct aur_bus_gains *out, struct aur_bus *bus);
/* A stem under way: buses of one name are added up first, then go to the mix as one. */
struct aur_stem {
    bool open;
    uint32_t number;
    const char *name;
    struct aur_stereo sound;
};

/* Adds a block of a bus, which are to come in their order, to dry, or to the stem under way, and to the sends. name: for who
 * taps it. */
void aur_bus_mix(const struct aur_kernels *kernels, struct aur_sends *out, struct aur_stem *stem, const char *name,
                 const struct aur_stereo *sum, const struct aur_bus_gains *gains);
/* The stem under way, if any, is complete. */
void aur_stem_end(const struct aur_kernels *kernels, struct aur_sends *out, struct aur_stem *stem);
/* False if a sum is NaN, infinite or beyond all measure. */
bool aur_bus_sane(const struct aur_kernels *kernels, const struct aur_stereo *sum);
/* The block is over: ends voices that have fallen silent, gives back groups and buses. */
void aur_buses_next(struct aur_buses *buses);

typedef void aur_voice_fn(struct aur_lane_sums *, struct aur_group *, const struct aur_voice_control *);
aur_voice_fn *aur_voice_kernel(const struct aur_kernels *kernels, enum aur_voice voice);

#endif
