/* Many blocks of many groups as plain data, in the form that goes to a device: OpenCL builds this text too.
 *
 * A chain is the groups of one bus; a link is one group in it, from the block where it is taken to where it is given
 * back. Links of a chain are in the order in which they are summed. A start sets one lane of a link's group at the
 * beginning of a block. Lists go by index, AUR_JOB_NONE ends them.
 *
 * A launch renders several jobs: their arrays stand one after the other, unchanged, and indices count from where the job's
 * part begins (struct aur_part). */
#ifndef AUR_KERNELS_JOB_H
#define AUR_KERNELS_JOB_H

#ifndef __OPENCL_VERSION__
#include "kernels/kernels.h"
#endif

#define AUR_JOB_NONE 0xffffffffu

/* Arrays of a group: all that comes before `active` is an array over lanes of four bytes each. */
#define AUR_GROUP_WORDS (sizeof(struct aur_group) / 64 - 1)

/* The voice kernels a device has, in the order of their numbers. */
#define AUR_DEVICE_KERNELS(X)                                                                                          \
    X(pad_smooth) X(pad_wide) X(pad_centre) X(tone) X(noise) X(bell) X(bass) X(pluck) X(grain) X(modular) X(wave)

struct aur_chain {
    uint32_t first_link, last_link;
};

struct aur_link {
    uint32_t first_block, end_block; /* of the job */
    uint32_t first_start, last_start, next;
    uint32_t program; /* number of the voice kernel */
};

struct aur_start {
    uint32_t block, lane, next;
    uint32_t words[AUR_GROUP_WORDS];
};

/* Where a job's elements begin in the arrays of a launch. */
struct aur_part {
    uint32_t links, chains, starts, bright, sums, tables, blocks; /* the last: how many it has */
};

/* A chain or a link of a job, for the work-items that take it. */
struct aur_place {
    uint32_t job, index;
};

/* Work-items that add up the lanes of a few frames together. */
#define AUR_SUM_ITEMS 64

#define AUR_PROGRAM(name) AUR_PROGRAM_##name,
enum aur_program { AUR_DEVICE_KERNELS(AUR_PROGRAM) AUR_PROGRAMS };

#ifndef __OPENCL_VERSION__
_Static_assert(AUR_GROUP_WORDS * 64 == offsetof(struct aur_group, active), "a group is arrays over lanes, then active");
#endif

#endif
