/* The arithmetic of voices and effects in blocks of 64 frames.
 *
 * The text (*.inc) is written once over vectors of W floats and built for W = 1, 4, 8 and 16; the builds differ in speed
 * and in nothing else: every operation is an IEEE single one in the same order, fused multiply-add where the text says
 * so (emulated exactly where the processor has none), and a group of voices is 16 lanes whatever W is. kernels_scalar.c
 * is the reference the others are tested against.
 *
 * All kernels are [render]: they touch the memory given to them and nothing else. All structs start on 64 bytes. */
#ifndef AUR_KERNELS_KERNELS_H
#define AUR_KERNELS_KERNELS_H

#ifndef __OPENCL_VERSION__ /* the structs of voices are OpenCL's too */
#include <stddef.h>
#include <stdint.h>

#include "kernels/isa.h"
#endif

#define AUR_BLOCK 64 /* frames */
#define AUR_LANES 16 /* voices of a group */

/* Grains of a voice: four at a time, each with a pitch and a place of its own, in windows of whole blocks. */
#define AUR_GRAINS 4
struct aur_grains {
    uint32_t phase[AUR_GRAINS][AUR_LANES], inc[AUR_GRAINS][AUR_LANES];
    float t[AUR_GRAINS][AUR_LANES], end[AUR_GRAINS][AUR_LANES], inv_end[AUR_GRAINS][AUR_LANES]; /* in blocks */
    float l[AUR_GRAINS][AUR_LANES], r[AUR_GRAINS][AUR_LANES];                                   /* place */
    float gl[AUR_GRAINS][AUR_LANES], gr[AUR_GRAINS][AUR_LANES];                                 /* gain reached */
    uint32_t seed[AUR_LANES];
    /* In blocks, octaves, share of all, 0 to 1, 0 to 1. */
    float length[AUR_LANES], spread[AUR_LANES], scatter[AUR_LANES], width[AUR_LANES], air[AUR_LANES];
};

/* Two oscillators, noise, two LFOs, six envelopes and what moves what; see AUR_MODULAR_ENVELOPES in score/patch.h. */
#define AUR_ENVELOPES    6
#define AUR_SOURCES      4
#define AUR_DESTINATIONS 6
struct aur_modular {
    float attack[AUR_ENVELOPES][AUR_LANES], inv_attack[AUR_ENVELOPES][AUR_LANES], inv_decay[AUR_ENVELOPES][AUR_LANES];
    float sustain[AUR_ENVELOPES][AUR_LANES], inv_release[AUR_ENVELOPES][AUR_LANES];
    float steep[AUR_ENVELOPES][AUR_LANES], round[AUR_ENVELOPES][AUR_LANES]; /* shares of y^4 and 1 - (1 - y)^4 */
    uint32_t phase[2][AUR_LANES];
    float rate[2][AUR_LANES], bend[2][AUR_LANES]; /* 2^-32 cycles a block; octaves */
    float sine[2][AUR_LANES], triangle[2][AUR_LANES], saw[2][AUR_LANES], square[2][AUR_LANES];
    float matrix[AUR_DESTINATIONS][AUR_SOURCES][AUR_LANES]; /* octaves and gains */
    float base[2][AUR_LANES];                               /* increments at rest */
    float amp[3][AUR_LANES];                                /* gains reached, of saws and noise over 2^31 */
    /* The saws' rounding: 2^-32/w reached, w = inc (width + inc widen) in cycles. */
    float near_k[AUR_LANES], width[AUR_LANES], widen[AUR_LANES];
    float shape[AUR_LANES];
};

/* Two oscillators read tables. */
struct aur_wave_lanes {
    uint32_t level[AUR_LANES]; /* where the first shape's table for this pitch starts */
    float most[AUR_LANES];     /* shapes of its set less 2, so that lanes of zeros are good ones: 0 and more, whole */
    float place[AUR_LANES], depth[AUR_LANES], now[AUR_LANES]; /* 0 to most + 1; reached */
};

/* For each shape, levels of 1, 2, 4, ... partials, each one period and its first value again. The built-in shapes come
 * first; users' may follow, in sets of two and more. */
#define AUR_WAVE_SHAPES       5 /* built in */
#define AUR_WAVE_LEVELS       9
#define AUR_WAVE_FRAMES       4096
#define AUR_WAVE_STRIDE       (AUR_WAVE_FRAMES + 16)
#define AUR_WAVE_SHAPE_FLOATS (AUR_WAVE_LEVELS * AUR_WAVE_STRIDE)
#define AUR_WAVE_FLOATS       (AUR_WAVE_SHAPES * AUR_WAVE_SHAPE_FLOATS)

/* What only one kind of voice has. */
union aur_more {
    struct aur_grains grains;
    struct aur_modular modular;
    struct aur_wave_lanes wave;
};

/* 16 voices of one kind, one per lane. Times are counted in blocks. What lanes that are
 * not active hold is finite and otherwise of no meaning: a kernel may move it on or leave it. */
struct aur_group {
    /* Phases and increments in 2^-32 cycles. Pad: saw, saw, sub. Tone: p1 with i1 the current increment.
     * Bell: carrier left, modulator, carrier right. Bass: two oscillators and the sub. Pluck: p1.
     * Noise: p1 is the counter. */
    uint32_t p1[AUR_LANES], p2[AUR_LANES], p3[AUR_LANES];
    uint32_t i1[AUR_LANES], i2[AUR_LANES], i3[AUR_LANES];
    uint32_t lfo[AUR_LANES], lfo_inc[AUR_LANES]; /* increment per block */

    /* Pad: with phase s in [-2^31, 2^31), the step of a saw at s = 0 is rounded by t (e1 + e2 |t| + e3 t^2 + e5 t^4) with t
     * = s within +-edge, that is 2^32 w for a half width of w cycles, at most 1/2. With x = t / edge it is 2^31 times x (2 -
     * |x|), the two-point polyBLEP, wider; or, for smooth saws, x (15 - 10 x^2 + 3 x^4) / 8, which leaves no kink in the
     * second derivative either. */
    float edge[AUR_LANES], e1[AUR_LANES], e2[AUR_LANES], e3[AUR_LANES], e5[AUR_LANES];
    float near[AUR_LANES], far[AUR_LANES]; /* share of a saw on its own side and on the other, over 2^31 */
    /* The sub's sine turns by itself: what it is, its last step, and 4 sin(w/2)^2 for w radians a frame. */
    float sub[AUR_LANES], sub_step[AUR_LANES], sub_turn[AUR_LANES];

    /* Tone: base increment as a number, and the odd polynomial s (h1 + s^2 (h3 + s^2 (h5 + s^2 h7))) of the sine s. */
    float base[AUR_LANES], h1[AUR_LANES], h3[AUR_LANES], h5[AUR_LANES], h7[AUR_LANES];
    float vib_depth[AUR_LANES], vib_fade[AUR_LANES]; /* octaves; 1 / blocks until it is fully there */
    float bend[AUR_LANES], bend_mul[AUR_LANES];      /* octaves above base now; factor per block */

    /* Filter, one state per side (tone uses the left one): log2(pi cutoff / rate), movement in octaves, 1 / Q. */
    float cut[AUR_LANES], lfo_depth[AUR_LANES], sweep[AUR_LANES], damp[AUR_LANES];
    float a1[AUR_LANES], a2[AUR_LANES], a3[AUR_LANES]; /* coefficients reached: 2a - 1, 2ga, 2g^2 a */
    float z1l[AUR_LANES], z2l[AUR_LANES], z1r[AUR_LANES], z2r[AUR_LANES];
    float y1l[AUR_LANES], y2l[AUR_LANES], y1r[AUR_LANES], y2r[AUR_LANES]; /* noise: of the second filter */

    /* Envelope: attack, 1 / attack, 1 / decay, sustain, start of release, 1 / release; `fade` is 1 and goes to 0 by
     * fade_step a block when the voice is stolen; `fall` is multiplied by fall_mul every block. */
    float t[AUR_LANES], attack[AUR_LANES], inv_attack[AUR_LANES], inv_decay[AUR_LANES], sustain[AUR_LANES];
    float off[AUR_LANES], inv_release[AUR_LANES];
    float fade[AUR_LANES], fade_step[AUR_LANES], fall[AUR_LANES], fall_mul[AUR_LANES];
    float pl[AUR_LANES], pr[AUR_LANES]; /* gain of each side at envelope 1; each filter on the way doubles */
    float gl[AUR_LANES], gr[AUR_LANES]; /* gain reached */

    /* Bell: modulation in 2^-28 cycles: falling part, factor per block, part that stays, most there may be, reached. */
    float fm_fall[AUR_LANES], fm_mul[AUR_LANES], fm_stay[AUR_LANES], fm_most[AUR_LANES], fm[AUR_LANES];
    /* Bass, pluck: strength r of each partial against the one before, reached. Pluck: what falls of it, by a factor per
     * block, the most there may be; the string's place for left and right is i2 and i3, in 2^-32 of its length. */
    float r[AUR_LANES], r_fall[AUR_LANES], r_mul[AUR_LANES], r_most[AUR_LANES];

    union aur_more more;

    uint32_t active; /* bit per lane */
    uint32_t wide;   /* pad: bit per lane whose near and far differ; others may have one filter for both sides */
    uint32_t smooth; /* pad: bit per lane with smooth saws; others have no e3 and e5 */
} __attribute__((aligned(64)));

/* What is common to all voices in a block. */
struct aur_voice_control {
    float bright;   /* octaves added to every cutoff at the block's end */
    uint32_t fresh; /* 1: whatever the sums hold counts as zeros, but for lanes that take does not read; else 0 */
#ifdef __OPENCL_VERSION__
    MEM const float *tables;
#else
    const float *tables; /* AUR_WAVE_FLOATS and users', for wave alone */
#endif
};

/* Sums of lanes, frame by frame. The sides are not 4096 bytes apart: processors take a load for one of what was stored at
 * the same place of another page just before, and wait. Between them zeros that stay, which sums may start from. */
#define AUR_LANES_APART (AUR_BLOCK * AUR_LANES / 2)
struct aur_lane_sums {
    float l[AUR_BLOCK * AUR_LANES], zeros[AUR_LANES_APART], r[AUR_BLOCK * AUR_LANES];
} __attribute__((aligned(64)));

#ifndef __OPENCL_VERSION__
/* Lanes that take reads where these are active: as few fours as lie from the first to the last of them. */
static inline int aur_lanes_first(uint32_t active)
{
    return active & 0xf || !active ? 0 : active & 0xf0 ? 4 : active & 0xf00 ? 8 : 12;
}

static inline int aur_lanes_read(uint32_t active)
{
    return (active >> 12 ? 16 : active >> 8 ? 12 : active >> 4 ? 8 : 4) - aur_lanes_first(active);
}

/* Sums that take is to be told of. */
struct aur_summed {
    const struct aur_lane_sums *sums;
    uint32_t active;
};
#endif

struct aur_stereo {
    float l[AUR_BLOCK], r[AUR_BLOCK];
} __attribute__((aligned(64)));

#ifndef __OPENCL_VERSION__
/* A ring of `frames` (a power of two, at least 256) floats, followed by AUR_RING_GUARD that repeat the first ones, so
 * that any read of up to a block and four frames is contiguous. Written a block at a time. */
#define AUR_RING_GUARD (2 * AUR_BLOCK)

struct aur_send {
    struct aur_stereo *out;
    float g0, g1;
};

#define AUR_POLE_ROWS 5

/* y = p y + gain x. Row k holds p^1 to p^(2^k), over and over. */
struct aur_pole {
    float power[AUR_POLE_ROWS][AUR_LANES];
    float gain;
} __attribute__((aligned(64)));

/* 0 <= p < 1. */
void aur_pole_set(struct aur_pole *pole, double p, double gain);

#define AUR_REVERB_TAPS  16 /* of the reverb's first step, in turn of both sides */
#define AUR_REVERB_LINES 8  /* of the reverb, and channels of its second step */
#define AUR_DAMP_POWERS  5

/* A one-pole low-pass, y = p y + x. */
struct aur_damp {
    float past[AUR_DAMP_POWERS][AUR_LANES]; /* last frames of its steps; of the first where the line moves */
    float power[AUR_DAMP_POWERS];           /* p, p^2, p^4, p^8, p^16 */
} __attribute__((aligned(64)));

/* Two sides, delayed and mixed into 8 channels, which are delayed and added to the ends of 8 delay lines, which are damped,
 * mixed by an orthogonal matrix and fed back. Where it says AUR_LANES, the first AUR_REVERB_LINES count. */
struct aur_reverb {
    uint32_t mask[2], tank_mask;                         /* frames - 1 of the rings */
    uint32_t stride[2], tank_stride;                     /* floats from one ring to the next */
    uint32_t at;                                         /* frame of the block to be written, a multiple of 64 */
    uint32_t taps[AUR_REVERB_TAPS];                      /* delays in frames: of both sides in turn */
    uint32_t diffuse[AUR_REVERB_LINES];                  /* of the channels */
    float *diffuser[2], *tank;                           /* 2, 8 and 8 rings */
    float delay[AUR_LANES] __attribute__((aligned(64))); /* of the lines, in whole frames, without movement */
    struct aur_damp damp[AUR_REVERB_LINES];              /* of the lines */
    float gain[AUR_LANES];                               /* and what their outputs, y = p y + x, are multiplied by */
    uint32_t lfo[AUR_LANES], lfo_inc[AUR_LANES];         /* per block */
    float tap[AUR_LANES];                                /* delay reached, with movement */
    float depth; /* of the movement, in frames; the lines are longer than this and two blocks */
} __attribute__((aligned(64)));

/* 0 <= p < 1; the line's end is p y + gain x. */
void aur_reverb_damp(struct aur_reverb *reverb, int line, double p, double gain);

#define AUR_PEAK_TAPS  16 /* of each phase of true_peak's interpolator; a peak is known 8 frames late */
#define AUR_FINER_TAPS 24 /* of finer_peak's; 12 frames late */

struct aur_kernels {
    enum aur_isa isa;
    /* Adds 64 frames of the group's active voices to the sums and moves the group on. */
    void (*pad)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*tone)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*noise)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    /* pad and tone into sums that are fresh, in less time than one after the other; two groups of one pool. Where the pads'
     * sums and the tones' are then: some of one may be in the other's memory, and in other lanes. */
    void (*pad_tone)(struct aur_summed out[2], struct aur_lane_sums *pad_sums, struct aur_group *pads,
                     struct aur_lane_sums *tone_sums, struct aur_group *tones, const struct aur_voice_control *control);
    /* Sums over lanes: ((l[j] + l[j+8]) + (l[j+4] + l[j+12])) over j, then + 2, then + 1, of the lanes that are read of
     * the active ones. Returns what loudest does of the result. */
    float (*take)(struct aur_stereo *out, const struct aur_lane_sums *sums, uint32_t active);
    /* out += in * gain, the gain going in a line from g0 (before the first frame) to g1 (at the last). The product is
     * rounded before it is added, so what is added is the same wherever it is added to. */
    void (*mix)(struct aur_stereo *out, const struct aur_stereo *in, float g0, float g1);
    /* The same to several at once. */
    void (*send)(const struct aur_send *to, int n, const struct aur_stereo *in);
    /* What a delay's line gets: in and repeats, own of each side and other of the other one. */
    void (*repeat)(float l[AUR_BLOCK], float r[AUR_BLOCK], const struct aur_stereo *in,
                   const struct aur_stereo *repeats, float own, float other);
    /* Left, right, left, right. */
    void (*interleave)(float out[2 * AUR_BLOCK], const struct aur_stereo *in);
    /* The wet signal of one block; the left and right input go in as even and odd channels. */
    void (*reverb)(struct aur_stereo *out, struct aur_reverb *reverb, const struct aur_stereo *in);
    /* Both sides through a one-pole low-pass, or what that leaves out; y is the low-pass's last output of each side.
     * Returns what loudest does of the result. */
    float (*low_pass)(struct aur_stereo *x, const struct aur_pole *pole, float y[2]);
    float (*high_pass)(struct aur_stereo *x, const struct aur_pole *pole, float y[2]);
    /* One of them and then high_pass, in less time than one after the other. */
    float (*low_high_pass)(struct aur_stereo *x, const struct aur_pole *low, float y_low[2],
                           const struct aur_pole *high, float y_high[2]);
    float (*high_high_pass)(struct aur_stereo *x, const struct aur_pole *first, float y_first[2],
                            const struct aur_pole *second, float y_second[2]);
    /* Largest |sample| of both sides; NaN or infinity if one is among them. */
    float (*loudest)(const struct aur_stereo *x);
    /* Largest magnitude of x interpolated to four times the rate between frames -8 and 56 of the block; x[0] is the
     * block's first frame and x[-16] to x[-1] are the frames before it. Not below any of those frames. */
    float (*true_peak)(const float *x);
    /* The same by two more interpolators, one to eight times the rate and one to four, between frames -12 and 52; x[-24] to
     * x[-1] are the frames before. Samples themselves do not count. */
    float (*finer_peak)(const float *x);
    /* More voices, as pad, tone and noise. */
    void (*bell)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*bass)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*pluck)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*grain)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*modular)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
    void (*wave)(struct aur_lane_sums *sums, struct aur_group *group, const struct aur_voice_control *control);
};

/* Σ|h| of an interpolator over up to 32 taps, and a little: a true peak is at most this times the largest sample in reach. */
#define AUR_PEAK_BOUND 2.4f

/* NULL: not built for this kind of processor. Check aur_isa_supported before calling anything in it. */
const struct aur_kernels *aur_kernels_get(enum aur_isa isa);

#endif

#endif
