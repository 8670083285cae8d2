/* Wall and monotonic time. Wall time only paces and labels; no sample and no note ever depends on it. Any thread. */
#ifndef AUR_BASE_CLOCK_H
#define AUR_BASE_CLOCK_H

#include <stdint.h>

#define AUR_ISO8601_SIZE 28

uint64_t aur_clock_mono_ns(void);

/* UTC with microseconds: "2025-01-15T10:30:45.123456Z". */
void aur_clock_iso8601(char out[AUR_ISO8601_SIZE]);
/* The same for a moment in microseconds since 1970. */
void aur_clock_iso8601_of(char out[AUR_ISO8601_SIZE], uint64_t us);

/* Sleeps until the monotonic clock reaches at_ns; takes no lock, so a render worker may call it. */
void aur_clock_sleep_until_ns(uint64_t at_ns);

#endif
