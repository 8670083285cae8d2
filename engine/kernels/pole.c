/* Powers of a pole, for the kernels that take sixteen frames of a recursion at once. Render threads. */
#include "kernels/kernels.h"

void aur_pole_set(struct aur_pole *pole, double p, double gain)
{
    double power = 1;
    for (int j = 0; j < AUR_LANES; j++) {
        power *= p;
        for (int row = 0; row < AUR_POLE_ROWS; row++)
            for (int at = j; j < 1 << row && at < AUR_LANES; at += 1 << row)
                pole->power[row][at] = (float)power;
    }
    pole->gain = (float)gain;
}

void aur_reverb_damp(struct aur_reverb *reverb, int line, double p, double gain)
{
    const double p2 = p * p, p4 = p2 * p2, p8 = p4 * p4, powers[AUR_DAMP_POWERS] = {p, p2, p4, p8, p8 * p8};
    for (int k = 0; k < AUR_DAMP_POWERS; k++)
        reverb->damp[line].power[k] = (float)powers[k];
    reverb->gain[line] = (float)gain;
}
