/* Wall and monotonic time by clock_gettime; sleeping by absolute time, so that a late wake-up never accumulates. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

uint64_t aur_clock_mono_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void aur_clock_iso8601_of(char out[AUR_ISO8601_SIZE], uint64_t us)
{
    time_t seconds = (time_t)(us / 1000000u);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(out, AUR_ISO8601_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, AUR_ISO8601_SIZE - n, ".%06uZ", (unsigned)(us % 1000000u));
}

void aur_clock_iso8601(char out[AUR_ISO8601_SIZE])
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    aur_clock_iso8601_of(out, (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u);
}

void aur_clock_sleep_until_ns(uint64_t at_ns)
{
    struct timespec t = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}
