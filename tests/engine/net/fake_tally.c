/* See fake_tally.h. Counts are added to what is asked for, as the real one does. */
#include "fake_tally.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* test state */
static struct aur_channel_tally the_tally;
#define WELL                                                                                                           \
    {                                                                                                                  \
        .buffer_s = 0.2, .clipped_ago_s = NAN, .not_finite_ago_s = NAN, .outside_key = NAN, .outside_chord = NAN       \
    }
static struct aur_channel_gauges the_gauges = WELL;
static bool device_failed;
static const char *journal_why;

void fake_tally_set(const struct aur_channel_tally *tally, const struct aur_channel_gauges *gauges)
{
    pthread_mutex_lock(&lock);
    the_tally = *tally;
    the_gauges = *gauges;
    pthread_mutex_unlock(&lock);
}

void fake_tally_reset(void)
{
    fake_tally_set(&(struct aur_channel_tally){.chunks = 0}, &(struct aur_channel_gauges)WELL);
    fake_tally_fail(false, NULL);
}

void fake_tally_fail(bool device, const char *journal)
{
    pthread_mutex_lock(&lock);
    device_failed = device;
    journal_why = journal;
    pthread_mutex_unlock(&lock);
}

void aur_channel_tally(struct aur_channel *channel, struct aur_channel_tally *io)
{
    (void)channel;
    pthread_mutex_lock(&lock);
    uint64_t before = io->chunks, clipped = io->clipped;
    *io = the_tally;
    io->chunks += before;
    io->clipped += clipped;
    pthread_mutex_unlock(&lock);
}

void aur_channel_gauges(struct aur_channel *channel, struct aur_channel_gauges *out)
{
    (void)channel;
    pthread_mutex_lock(&lock);
    *out = the_gauges;
    pthread_mutex_unlock(&lock);
}

bool aur_channel_device(struct aur_channel *channel, struct aur_device_tally *out)
{
    (void)channel;
    pthread_mutex_lock(&lock);
    *out = (struct aur_device_tally){.bytes = 4096, .launches = 1, .jobs = 2, .failed_for_good = device_failed};
    pthread_mutex_unlock(&lock);
    return true;
}

bool aur_channel_journal(struct aur_channel *channel, struct aur_journal_tally *out)
{
    (void)channel;
    pthread_mutex_lock(&lock);
    *out = (struct aur_journal_tally){.ok = !journal_why, .written = 12, .bytes = 8192};
    snprintf(out->reason, sizeof out->reason, "%s", journal_why ? journal_why : "");
    pthread_mutex_unlock(&lock);
    return true;
}
