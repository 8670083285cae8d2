#include "hand.h"

#include <string.h>

#include "support/unit.h"

uint64_t hand_clock(void *user)
{
    struct hand *hand = user;
    uint64_t now = hand->now;
    hand->now += hand->render_ns / 2; /* read twice around a chunk */
    return now;
}

static void notified(void *user)
{
    struct hand *hand = user;
    hand->notified++;
}

void hand_config(struct hand *hand, struct aur_channel_config *config)
{
    *config = (struct aur_channel_config){.name = "main",
                                          .piece = &hand->piece,
                                          .seed = 7,
                                          .synth = {.rate_hz = RATE},
                                          .chunk_frames = CHUNK,
                                          .device = "fake",
                                          .notify = notified,
                                          .user = hand};
    aur_controls_default(&config->controls, &hand->piece.info.controls);
}

void hand_open_with(struct hand *hand, const struct aur_channel_config *config)
{
    hand->now = HAND_START;
    assert_int_equal(aur_channel_new(&hand->ch, config, NULL, hand_clock, hand, NULL), 0);
}

void hand_open(struct hand *hand, uint64_t length_frames)
{
    struct aur_channel_config config;
    memset(hand, 0, sizeof *hand);
    fake_piece_init(&hand->piece, length_frames);
    hand_config(hand, &config);
    hand_open_with(hand, &config);
}

void hand_close(struct hand *hand)
{
    aur_channel_free(hand->ch);
    hand->ch = NULL;
}

static void look_at_newest(struct hand *hand)
{
    const void *slot;
    uint64_t head = aur_cast_head(hand->ch->audio);
    for (; hand->checked < head; hand->checked++) {
        assert_int_equal(aur_cast_read(hand->ch->audio, &slot, hand->checked), 0);
        const struct aur_chunk *chunk = slot;
        uint64_t first = hand->checked * hand->ch->chunk_frames;
        for (uint32_t i = 0; i < hand->ch->chunk_frames; i++)
            if (chunk->samples[i * 2] != fake_left(first + i))
                fail_msg("frame %llu is not where it belongs", (unsigned long long)(first + i));
    }
}

void hand_chunk(struct hand *hand)
{
    uint64_t head = aur_cast_head(hand->ch->audio);
    aur_rt_mark_render(true);
    while (aur_cast_head(hand->ch->audio) == head) {
        uint64_t next = aur_channel_render_step(hand->ch, hand->now);
        if (aur_cast_head(hand->ch->audio) == head) {
            assert_true(next > hand->now); /* or a worker would spin */
            hand->now = next;
        }
    }
    aur_rt_mark_render(false);
    assert_int_equal(aur_cast_head(hand->ch->audio), head + 1);
    while (!hand->no_composer && aur_channel_compose_step(hand->ch))
        ;
    if (!hand->no_encoder)
        aur_channel_encode_step(hand->ch);
    look_at_newest(hand);
}

void hand_chunks(struct hand *hand, int n)
{
    while (n-- > 0)
        hand_chunk(hand);
}

uint64_t hand_frames(const struct hand *hand)
{
    return aur_channel_published(hand->ch);
}

void hand_until(struct hand *hand, uint64_t frames)
{
    while (hand_frames(hand) < frames)
        hand_chunk(hand);
}

float hand_right(struct hand *hand, uint64_t frame)
{
    const void *slot;
    assert_int_equal(aur_cast_read(hand->ch->audio, &slot, frame / hand->ch->chunk_frames), 0);
    const struct aur_chunk *chunk = slot;
    return chunk->samples[frame % hand->ch->chunk_frames * 2 + 1];
}

bool hand_event(struct hand *hand, struct aur_channel_event *out, enum aur_channel_event_type type)
{
    while (aur_channel_event(hand->ch, out))
        if (out->type == type)
            return true;
    return false;
}
