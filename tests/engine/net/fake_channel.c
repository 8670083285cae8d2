/* See fake_channel.h. Keeps the last 20 messages, like the real ring: what is older is gone. */
#include "fake_channel.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING        20
#define MESSAGE_MAX 65536
#define EVENTS_MAX  256

struct aur_channel {
    pthread_mutex_t lock;
    unsigned char ring[RING][16 + MESSAGE_MAX];
    size_t len[RING], message_bytes;
    uint64_t published;
    struct aur_channel_event events[EVENTS_MAX];
    size_t first_event, n_events;
    struct aur_controls controls;
    int listeners, controls_set;
    bool healthy;
};

static struct aur_channel the;
static struct aur_piece_info info;

void fake_reset(size_t message_bytes)
{
    memset(&the, 0, sizeof the);
    pthread_mutex_init(&the.lock, NULL);
    the.message_bytes = message_bytes;
    the.healthy = true;
    memset(&info, 0, sizeof info);
    snprintf(info.title, sizeof info.title, "Fake");
    info.controls.n = 1;
    info.controls.items[0] =
        (struct aur_control_spec){.name = "density", .label = "Density", .min = 0, .max = 1, .def = 0.4};
    aur_controls_default(&the.controls, &info.controls);
}

struct aur_channel *fake_channel(void)
{
    return &the;
}

void fake_publish(unsigned chunks)
{
    pthread_mutex_lock(&the.lock);
    for (unsigned i = 0; i < chunks; i++, the.published++) {
        char *text = (char *)the.ring[the.published % RING] + 16;
        int n =
            snprintf(text, MESSAGE_MAX, "{\"type\":\"audio\",\"chunk_index\":%" PRIu64 ",\"data\":\"", the.published);
        size_t end = the.message_bytes > (size_t)n + 2 ? the.message_bytes : (size_t)n + 2;
        memset(text + n, 'A', end - (size_t)n - 2);
        memcpy(text + end - 2, "\"}", 3);
        the.len[the.published % RING] = end;
    }
    pthread_mutex_unlock(&the.lock);
}

void fake_post(const struct aur_channel_event *event)
{
    pthread_mutex_lock(&the.lock);
    struct aur_channel_event *put = &the.events[(the.first_event + the.n_events++) % EVENTS_MAX];
    *put = *event;
    put->phrase.specs = info.controls;
    pthread_mutex_unlock(&the.lock);
}

void fake_set_healthy(bool healthy)
{
    pthread_mutex_lock(&the.lock);
    the.healthy = healthy;
    pthread_mutex_unlock(&the.lock);
}

uint64_t fake_published(void)
{
    pthread_mutex_lock(&the.lock);
    uint64_t n = the.published;
    pthread_mutex_unlock(&the.lock);
    return n;
}

int fake_listeners(void)
{
    pthread_mutex_lock(&the.lock);
    int n = the.listeners;
    pthread_mutex_unlock(&the.lock);
    return n;
}

struct aur_controls fake_controls(void)
{
    struct aur_controls controls;
    aur_channel_controls(&the, &controls, NULL);
    return controls;
}

int fake_controls_set(void)
{
    pthread_mutex_lock(&the.lock);
    int n = the.controls_set;
    pthread_mutex_unlock(&the.lock);
    return n;
}

/* ---- the interface ---- */

const char *aur_channel_name(const struct aur_channel *channel)
{
    (void)channel;
    return "main";
}

bool aur_channel_unlisted(const struct aur_channel *channel)
{
    (void)channel;
    return false;
}

void aur_channel_controls(struct aur_channel *channel, struct aur_controls *out, struct aur_control_specs *specs)
{
    if (specs)
        *specs = info.controls;
    pthread_mutex_lock(&channel->lock);
    *out = channel->controls;
    pthread_mutex_unlock(&channel->lock);
}

void aur_channel_control(struct aur_channel *channel, struct aur_msg_phrase *reply, const struct aur_controls *controls,
                         const struct aur_control_specs *specs)
{
    (void)specs;
    pthread_mutex_lock(&channel->lock);
    channel->controls = *controls;
    channel->controls_set++;
    *reply = (struct aur_msg_phrase){.phrase = 13,
                                     .controls = *controls,
                                     .bars = 8,
                                     .next_phrase_in_ms = 1500,
                                     .sounds_in_ms = 1500,
                                     .title = "Fake",
                                     .specs = info.controls};
    pthread_mutex_unlock(&channel->lock);
}

void aur_channel_status(struct aur_channel *channel, struct aur_msg_status *out)
{
    pthread_mutex_lock(&channel->lock);
    struct aur_msg_phrase current = {.phrase = 12,
                                     .controls = channel->controls,
                                     .bars = 8,
                                     .next_phrase_in_ms = 1500,
                                     .title = "Fake",
                                     .specs = info.controls};
    *out = (struct aur_msg_status){.sample_rate = 44100,
                                   .chunk_frames = 4410,
                                   .chunk_index = channel->published ? channel->published - 1 : 0,
                                   .current = current,
                                   .pending = current,
                                   .channel = "main",
                                   .device = "fake",
                                   .formats = aur_channel_formats(channel),
                                   .seed = 7};
    pthread_mutex_unlock(&channel->lock);
}

bool aur_channel_healthy(struct aur_channel *channel, char *reason, size_t size)
{
    pthread_mutex_lock(&channel->lock);
    bool healthy = channel->healthy;
    if (!healthy)
        snprintf(reason, size, "no chunk for 3 s");
    pthread_mutex_unlock(&channel->lock);
    return healthy;
}

uint64_t aur_channel_join(struct aur_channel *channel, enum aur_format format, uint32_t depth_chunks)
{
    (void)format;
    pthread_mutex_lock(&channel->lock);
    channel->listeners++;
    uint64_t start = channel->published > depth_chunks ? channel->published - depth_chunks : 0;
    pthread_mutex_unlock(&channel->lock);
    return start;
}

bool aur_channel_rejoin(struct aur_channel *channel, enum aur_format format, uint64_t from)
{
    (void)format;
    pthread_mutex_lock(&channel->lock);
    bool here = from <= channel->published && channel->published - from <= RING - 3;
    channel->listeners += here;
    pthread_mutex_unlock(&channel->lock);
    return here;
}

void aur_channel_leave(struct aur_channel *channel, enum aur_format format)
{
    (void)format;
    pthread_mutex_lock(&channel->lock);
    channel->listeners--;
    pthread_mutex_unlock(&channel->lock);
}

unsigned aur_channel_formats(const struct aur_channel *channel)
{
    (void)channel;
    return AUR_FORMATS_ALL & ~(1u << AUR_FORMAT_OPUS);
}

size_t aur_channel_codec(const struct aur_channel *channel, unsigned char *out, enum aur_format format,
                         uint64_t chunk_index)
{
    struct aur_frame frame = {.format = format, .flags = AUR_FRAME_CODEC, .chunk_index = chunk_index, .payload = 4};
    (void)channel;
    if (format != AUR_FORMAT_FLAC)
        return 0;
    aur_frame_head(out, &frame);
    memcpy(out + AUR_FRAME_HEAD, "fake", 4);
    return AUR_FRAME_HEAD + 4;
}

int aur_channel_message(struct aur_channel *channel, enum aur_format format, const unsigned char **data, size_t *len,
                        uint64_t *next, uint64_t index)
{
    (void)format;
    pthread_mutex_lock(&channel->lock);
    uint64_t oldest = channel->published > RING - 3 ? channel->published - (RING - 3) : 0;
    int rc = AUR_OK;
    if (index >= channel->published) {
        rc = AUR_EBUSY;
    } else if (index < oldest) {
        *next = oldest;
        rc = AUR_ENOTFOUND;
    } else {
        *data = channel->ring[index % RING] + 16;
        *len = channel->len[index % RING];
    }
    pthread_mutex_unlock(&channel->lock);
    return rc;
}

int aur_channel_event(struct aur_channel *channel, struct aur_channel_event *out)
{
    pthread_mutex_lock(&channel->lock);
    int got = channel->n_events > 0;
    if (got) {
        *out = channel->events[channel->first_event++ % EVENTS_MAX];
        channel->n_events--;
    }
    pthread_mutex_unlock(&channel->lock);
    return got;
}
