/* What the fake channel says it has counted. */
#ifndef FAKE_TALLY_H
#define FAKE_TALLY_H

#include "channel/tally.h"

/* From now on, until fake_tally_reset; copied. */
void fake_tally_set(const struct aur_channel_tally *tally, const struct aur_channel_gauges *gauges);
void fake_tally_reset(void);
/* A device that failed for good; a journal that records nothing, and why (NULL: it records). Until fake_tally_reset. */
void fake_tally_fail(bool device, const char *journal);

#endif
