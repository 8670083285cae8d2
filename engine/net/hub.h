/* What all listeners of a channel share: how far the stream is, the news of phrases, and the counts that status and health
 * report. A plain struct without sockets: REST reads it, the listeners move along it. One a channel, see hubs.h. Network
 * thread. */
#ifndef AUR_NET_HUB_H
#define AUR_NET_HUB_H

#include "channel/scripts.h"
#include "channel/tally.h"

#define AUR_NEWS_KEPT 64

struct aur_listener;

struct aur_news {        /* a message to everyone on the channel, kept while someone may still be before its chunk */
    unsigned char *data; /* the text, behind room for framing; NULL: none */
    size_t len;
    uint64_t chunk; /* goes out ahead of this one */
};

#define AUR_PACES  7
#define AUR_PACE_S 10 /* six of them: a minute */

enum aur_trouble { AUR_TROUBLE_UNDERRUN, AUR_TROUBLE_SCRIPT, AUR_TROUBLE_SYNTHESIS, AUR_TROUBLES };

struct aur_hub {
    struct aur_channel *channel;
    struct aur_log *log;
    size_t framing; /* bytes before each news text */
    char run[17];   /* 16 hexadecimal digits, others each time a channel begins */
    struct {
        uint64_t listeners, head;   /* head: the first chunk not published in it yet, while there are listeners */
        bool fresh;                 /* there is more than when `fresh` was last cleared, by whoever sends it */
        struct aur_listener *first; /* those who listen; kept by them */
        uint64_t sent, dropped;     /* chunks */
        uint64_t bytes;             /* of those sent, as messages */
    } formats[AUR_FORMATS];
    uint64_t listeners;     /* joined, of all formats */
    uint64_t idle_since_ns; /* a private channel that nobody listens to; 0: somebody does, or it may stay */
    struct aur_news news[AUR_NEWS_KEPT];
    uint64_t news_n; /* numbers of news so far; the newest is in news[(news_n - 1) % AUR_NEWS_KEPT] */
    struct {
        uint64_t count, last_ns;
    } troubles[AUR_TROUBLES]; /* in a row, each within a minute of the one before */
    struct aur_hub_pace {
        uint64_t sent, dropped; /* chunks, in all formats */
    } paces[AUR_PACES];         /* as they were at the last moments that are AUR_PACE_S apart */
    uint64_t n_paces, next_pace_ns;
};

void aur_hub_init(struct aur_hub *hub, struct aur_channel *channel, struct aur_log *log, size_t framing);
void aur_hub_deinit(struct aur_hub *hub);

/* Takes in what the channel published: moves head, turns events into news. */
void aur_hub_update(struct aur_hub *hub);

/* One more, one fewer listener of a format that the channel offers. Returns the chunk to start from: `from` if the channel
 * still has it (AUR_HUB_NEW: never), else burst_chunks before the newest. */
#define AUR_HUB_NEW UINT64_MAX
uint64_t aur_hub_join(struct aur_hub *hub, enum aur_format format, uint32_t burst_chunks, uint64_t from);
void aur_hub_leave(struct aur_hub *hub, enum aur_format format);

/* News number *n, or NULL if there is none yet; *n first moves up past what is not kept any more and what belongs to a
 * chunk before from_chunk. */
const struct aur_news *aur_hub_news(const struct aur_hub *hub, uint64_t *n, uint64_t from_chunk);

/* What was sent and dropped in the last minute. */
void aur_hub_pace(const struct aur_hub *hub, struct aur_hub_pace *out);

/* What only grows: of the channel, and of what its listeners were sent. Adds to io. */
struct aur_hub_tally {
    struct aur_channel_tally channel;
    uint64_t sent[AUR_FORMATS], dropped[AUR_FORMATS], bytes[AUR_FORMATS];
};
void aur_hub_tally(const struct aur_hub *hub, struct aur_hub_tally *io);

/* The channel's status with the counts of listeners and chunks. */
void aur_hub_status(struct aur_hub *hub, struct aur_msg_status *out);
/* What went wrong in the last minute, as text; false if nothing did. */
bool aur_hub_trouble(const struct aur_hub *hub, enum aur_trouble trouble, uint64_t now_ns, char *out, size_t size);

#endif
