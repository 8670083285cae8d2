/* A channel stepped by hand: encoding only what is listened to, once; bursts; what may be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"
#include "support/unit.h"
#include "wire/pcm.h"

static uint64_t encoded(const struct hand *h)
{
    return h->ch->encode.formats[AUR_FORMAT_JSON].encoded;
}

static int read_chunk(struct hand *h, uint64_t index)
{
    const unsigned char *data;
    size_t len;
    uint64_t next;
    return aur_channel_message(h->ch, AUR_FORMAT_JSON, &data, &len, &next, index);
}

static void nothing_is_encoded_without_a_listener(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 50);
    assert_int_equal(encoded(&h), 0);
    assert_int_equal(read_chunk(&h, 49), AUR_EBUSY);
    uint64_t start = aur_channel_join(h.ch, AUR_FORMAT_JSON, 8);
    assert_int_equal(start, 42);
    assert_int_equal(read_chunk(&h, 42), AUR_EBUSY); /* the encoder has its turn first */
    aur_channel_encode_step(h.ch);
    assert_int_equal(encoded(&h), 8);
    for (uint64_t k = 42; k < 50; k++)
        assert_int_equal(read_chunk(&h, k), 0);
    assert_int_equal(read_chunk(&h, 50), AUR_EBUSY);
    assert_int_equal(read_chunk(&h, 41), AUR_EBUSY); /* not asked for */
    hand_chunks(&h, 10);
    assert_int_equal(encoded(&h), 18);
    aur_channel_leave(h.ch, AUR_FORMAT_JSON);
    hand_chunks(&h, 10);
    assert_int_equal(encoded(&h), 18);
    hand_close(&h);
}

static void each_chunk_is_encoded_once_for_all(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 30);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_JSON, 4), 26);
    hand_chunks(&h, 2);
    assert_int_equal(encoded(&h), 6);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_JSON, 8), 24); /* deeper: only what is missing is made */
    aur_channel_encode_step(h.ch);
    assert_int_equal(encoded(&h), 8);
    for (int i = 0; i < 5; i++)
        aur_channel_join(h.ch, AUR_FORMAT_JSON, 8);
    hand_chunks(&h, 4);
    assert_int_equal(encoded(&h), 12);
    for (int i = 0; i < 7; i++)
        aur_channel_leave(h.ch, AUR_FORMAT_JSON);
    hand_chunks(&h, 3);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_JSON, 8),
                     31); /* 31 to 35 are still there, 36 to 38 were not made */
    aur_channel_encode_step(h.ch);
    assert_int_equal(encoded(&h), 15);
    for (uint64_t k = 31; k < 39; k++)
        assert_int_equal(read_chunk(&h, k), 0);
    hand_close(&h);
}

static void a_burst_is_what_there_is(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_JSON, 8), 0); /* before anything was rendered */
    hand_chunks(&h, 3);
    assert_int_equal(encoded(&h), 3);
    assert_int_equal(read_chunk(&h, 0), 0);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_JSON, 8), 0);
    hand_chunks(&h, 97);
    uint64_t start = aur_channel_join(h.ch, AUR_FORMAT_JSON, 1000); /* no deeper than the ring, and not on its edge */
    assert_int_equal(start, 100 - (h.ch->n_chunks - AUR_CAST_MARGIN - 1));
    hand_chunk(&h);
    assert_int_equal(read_chunk(&h, start), 0);
    hand_close(&h);
}

static void a_listener_goes_on_where_it_was_while_that_is_kept(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunks(&h, 100);
    assert_int_equal(aur_channel_join(h.ch, AUR_FORMAT_JSON, 5), 95);
    aur_channel_encode_step(h.ch);
    aur_channel_leave(h.ch, AUR_FORMAT_JSON);
    hand_chunks(&h, 10); /* nobody listens, so nothing is encoded */
    assert_true(aur_channel_rejoin(h.ch, AUR_FORMAT_JSON, 100));
    aur_channel_encode_step(h.ch);
    for (uint64_t k = 100; k < 110; k++)
        assert_int_equal(read_chunk(&h, k), 0);
    assert_int_equal(encoded(&h), 15);
    uint64_t oldest = 110 - (h.ch->n_chunks - AUR_CAST_MARGIN - 1);
    assert_false(aur_channel_rejoin(h.ch, AUR_FORMAT_JSON, oldest - 1));
    assert_true(aur_channel_rejoin(h.ch, AUR_FORMAT_JSON, oldest));
    assert_true(aur_channel_rejoin(h.ch, AUR_FORMAT_JSON, 110)); /* it missed nothing */
    assert_false(aur_channel_rejoin(h.ch, AUR_FORMAT_JSON, 111));
    assert_false(aur_channel_rejoin(h.ch, AUR_FORMAT_JSON, UINT64_MAX));
    for (int i = 0; i < 3; i++)
        aur_channel_leave(h.ch, AUR_FORMAT_JSON); /* those refused never joined */
    assert_int_equal(h.ch->shared.listeners[AUR_FORMAT_JSON], 0);
    hand_close(&h);
}

static void old_chunks_are_refused_before_they_are_read(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    assert_int_equal(h.ch->n_chunks, 20); /* two seconds */
    aur_channel_join(h.ch, AUR_FORMAT_JSON, 8);
    hand_chunks(&h, 100);
    const unsigned char *data = NULL;
    size_t len = 0;
    uint64_t next = 0;
    assert_int_equal(aur_channel_message(h.ch, AUR_FORMAT_JSON, &data, &len, &next, 82), AUR_ENOTFOUND);
    assert_int_equal(next, 83);
    assert_int_equal(aur_channel_message(h.ch, AUR_FORMAT_JSON, &data, &len, &next, 0), AUR_ENOTFOUND);
    assert_int_equal(next, 83);
    assert_int_equal(aur_channel_message(h.ch, AUR_FORMAT_JSON, &data, &len, &next, 83), 0);
    char *copy = malloc(len + 1);
    memcpy(copy, data, len + 1); /* with its NUL */
    hand_chunks(&h, AUR_CAST_MARGIN);
    assert_memory_equal(copy, data, len + 1); /* the margin holds */
    free(copy);
    hand_close(&h);
}

/* The encoder slept for longer than the ring: listeners skip, the chunks are counted, nothing is mixed up. */
static void an_encoder_overrun_skips_and_counts(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    aur_channel_join(h.ch, AUR_FORMAT_JSON, 8);
    hand_chunks(&h, 20);
    h.no_encoder = true;
    hand_chunks(&h, 40);
    h.no_encoder = false;
    assert_int_equal(read_chunk(&h, 20), AUR_EBUSY);
    aur_channel_encode_step(h.ch);
    uint64_t next = 0;
    size_t len;
    const unsigned char *data;
    assert_int_equal(aur_channel_message(h.ch, AUR_FORMAT_JSON, &data, &len, &next, 20), AUR_ENOTFOUND);
    assert_int_equal(next, 60 - 17);
    assert_int_equal(h.ch->shared.overruns, 60 - 17 - 20);
    for (; next < 60; next++)
        assert_int_equal(read_chunk(&h, next), 0);
    hand_close(&h);
}

/* ---- what a message holds ---- */

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static size_t base64_decode(unsigned char *out, const char *text)
{
    size_t n = 0;
    uint32_t bits = 0;
    int count = 0;
    for (; base64_value(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)base64_value(*text);
        if (++count % 4 == 0) {
            out[n++] = (unsigned char)(bits >> 16);
            out[n++] = (unsigned char)(bits >> 8);
            out[n++] = (unsigned char)bits;
        }
    }
    return n;
}

static void a_message_holds_its_chunk(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    aur_channel_join(h.ch, AUR_FORMAT_JSON, 8);
    for (uint64_t k = 0; k < 60; k++) {
        hand_chunk(&h);
        const unsigned char *data;
        size_t len;
        uint64_t next;
        assert_int_equal(aur_channel_message(h.ch, AUR_FORMAT_JSON, &data, &len, &next, k), 0);
        assert_int_equal(data[len], '\0');
        assert_int_equal(strlen((const char *)data), len);
        memset((void *)(uintptr_t)(data - AUR_CHANNEL_FRAMING), 0xff, AUR_CHANNEL_FRAMING); /* the caller's to write */

        static unsigned char bytes[CHUNK * 4 + 8];
        char index[40];
        snprintf(index, sizeof index, "\"chunk_index\":%llu", (unsigned long long)k);
        assert_non_null(strstr((const char *)data, index));
        const char *pcm = strstr((const char *)data, "\"data\":\"");
        assert_non_null(pcm);
        assert_int_equal(base64_decode(bytes, pcm + 8), CHUNK * 4);
        const int16_t *samples = (const void *)bytes;
        for (uint32_t i = 0; i < CHUNK; i++) {
            float want[2] = {fake_left(k * CHUNK + i), fake_right((k * CHUNK + i) / TWO_BARS)};
            int16_t s16[2];
            aur_pcm_s16(s16, want, 2);
            assert_int_equal(samples[i * 2], s16[0]);
            assert_int_equal(samples[i * 2 + 1], s16[1]);
        }
    }
    hand_close(&h);
}

/* Listeners are woken for each new message, others only for news. */
static void notifies_when_there_is_something(void **state)
{
    (void)state;
    struct hand h;
    hand_open(&h, TWO_BARS);
    hand_chunk(&h);
    assert_int_equal(h.notified, 1); /* phrase 0 */
    hand_chunks(&h, 5);
    assert_int_equal(h.notified, 1);
    aur_channel_join(h.ch, AUR_FORMAT_JSON, 2);
    hand_chunks(&h, 5);
    assert_int_equal(h.notified, 6);
    aur_channel_encode_step(h.ch);
    assert_int_equal(h.notified, 6);
    hand_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_encoded_without_a_listener),
        cmocka_unit_test(each_chunk_is_encoded_once_for_all),
        cmocka_unit_test(a_burst_is_what_there_is),
        cmocka_unit_test(a_listener_goes_on_where_it_was_while_that_is_kept),
        cmocka_unit_test(old_chunks_are_refused_before_they_are_read),
        cmocka_unit_test(an_encoder_overrun_skips_and_counts),
        cmocka_unit_test(a_message_holds_its_chunk),
        cmocka_unit_test(notifies_when_there_is_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
