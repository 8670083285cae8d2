/* The journal's overview of a stream, on the encoder worker: it has the samples in hand for its meters, and what it came too
 * late for is a second that nobody looked at. The render worker, which hashes the same samples, has better things to do. */
#include "channel/internal.h"
#include "channel/record.h"

#define EVERY_S                                                                                                        \
    10 /* so that a killed process leaves more than whole minutes, and a sheet shows a stream that began just now */

void aur_record_overview(struct aur_channel *ch)
{
    struct aur_overview overview;
    if (ch->recorder && aur_overview_make(&overview, &ch->encode.overview))
        aur_recorder_overview(ch->recorder, &overview);
}

void aur_record_heard(struct aur_channel *ch, const float *samples, uint64_t first, uint64_t frames)
{
    struct aur_overview_maker *maker = &ch->encode.overview;
    while (ch->recorder && frames > 0) {
        uint64_t second = first / ch->rate_hz, minute = second / AUR_OVERVIEW_SECONDS;
        uint64_t left = (second + 1) * ch->rate_hz - first, n = frames < left ? frames : left;
        if (minute != maker->minute) {
            aur_record_overview(ch);
            aur_overview_begin(maker, minute);
        }
        aur_overview_add(maker, (unsigned)(second % AUR_OVERVIEW_SECONDS), samples, n);
        if (n == left && (second + 1) % EVERY_S == 0)
            aur_record_overview(ch);
        samples += 2 * n;
        first += n;
        frames -= n;
    }
}
