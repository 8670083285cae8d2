/* Gain and limiter, on the thread of the render. Decibels are turned into factors by our own arithmetic, so the same request
 * gives the same bytes on every machine. */
#include "bounce/master.h"

#include "base/real.h"

static float factor(double db)
{
    return (float)aur_pow(10, db / 20);
}

void aur_master_init(struct aur_master *master, const struct aur_bounce_master *wanted, enum aur_isa isa,
                     uint32_t rate_hz)
{
    *master = (struct aur_master){.gain = wanted->gain_db != 0 ? factor(wanted->gain_db) : 1, .limit = wanted->limit};
    if (!wanted->limit)
        return;
    master->ceiling = factor(wanted->ceiling_db);
    master->early = AUR_LIMITER_FRAMES;
    aur_limiter_init(&master->limiter, aur_kernels_get(isa), rate_hz);
}

static void limit_block(struct aur_master *master, float *interleaved)
{
    const struct aur_kernels *kernels = master->limiter.kernels;
    struct aur_stereo in, out;
    for (int i = 0; i < AUR_BLOCK; i++) {
        in.l[i] = interleaved[2 * i];
        in.r[i] = interleaved[2 * i + 1];
    }
    aur_limiter_run(&master->limiter, &out, &in, kernels->loudest(&in), master->ceiling);
    kernels->interleave(interleaved, &out);
}

size_t aur_master_run(struct aur_master *master, float *interleaved, size_t frames)
{
    if (master->gain != 1)
        for (size_t i = 0; i < 2 * frames; i++)
            interleaved[i] *= master->gain;
    if (!master->limit)
        return 0;
    for (size_t at = 0; at < frames; at += AUR_BLOCK)
        limit_block(master, interleaved + 2 * at);
    const size_t drop = master->early < frames ? master->early : frames;
    master->early -= (uint32_t)drop;
    return drop;
}
