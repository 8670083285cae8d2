#include "score/midi.h"

#include <stdio.h>
#include <string.h>

#include "support/unit.h"

#define BEAT AUR_BEAT_ONE
#define RATE 48000

/* Reads a file's tracks into lines, "tick what ..."; data of meta events in hexadecimal. Stops at what is wrong. */
struct reader {
    const unsigned char *at, *end;
    struct aur_buf lines;
};

static uint32_t number(struct reader *r, int bytes)
{
    uint32_t value = 0;
    assert_true(r->end - r->at >= bytes);
    while (bytes--)
        value = value << 8 | *r->at++;
    return value;
}

static uint32_t length(struct reader *r)
{
    uint32_t value = 0, byte;
    do {
        byte = number(r, 1);
        value = value << 7 | (byte & 127);
    } while (byte & 128);
    return value;
}

static void read_meta(struct reader *r)
{
    uint32_t type = number(r, 1), len = length(r);
    assert_true(r->end - r->at >= (ptrdiff_t)len);
    aur_buf_printf(&r->lines, "meta %02x ", type);
    if (type == 0x03 || type == 0x06) {
        aur_buf_add(&r->lines, r->at, len);
        r->at += len;
    } else {
        while (len--)
            aur_buf_printf(&r->lines, "%02x", number(r, 1));
    }
    aur_buf_text(&r->lines, "\n");
}

static void read_track(struct reader *r)
{
    assert_memory_equal(r->at, "MTrk", 4);
    r->at += 4;
    uint32_t len = number(r, 4), tick = 0;
    const unsigned char *track_end = r->at + len;
    assert_true(track_end <= r->end);
    while (r->at < track_end) {
        tick += length(r);
        uint32_t status = number(r, 1);
        aur_buf_printf(&r->lines, "%u ", tick);
        if (status == 0xff) {
            read_meta(r);
        } else if (status >> 4 == 12) {
            aur_buf_printf(&r->lines, "program %u on %u\n", number(r, 1), status & 15);
        } else {
            assert_true(status >> 4 == 8 || status >> 4 == 9);
            uint32_t key = number(r, 1), velocity = number(r, 1);
            aur_buf_printf(&r->lines, "%s %u on %u", status >> 4 == 9 ? "note" : "end", key, status & 15);
            if (status >> 4 == 9)
                aur_buf_printf(&r->lines, " at %u", velocity);
            aur_buf_text(&r->lines, "\n");
        }
    }
    assert_ptr_equal(r->at, track_end);
}

static void expect(struct aur_midi *midi, int tracks, const char *lines)
{
    struct aur_buf file;
    aur_buf_init(&file);
    assert_int_equal(aur_midi_write(midi, &file), AUR_OK);
    struct reader r = {(unsigned char *)file.data, (unsigned char *)file.data + file.len, {0}};
    aur_buf_init(&r.lines);
    assert_memory_equal(r.at, "MThd\0\0\0\6\0\1", 10);
    r.at += 10;
    assert_int_equal(number(&r, 2), tracks);
    assert_int_equal(number(&r, 2), 960);
    while (tracks--)
        read_track(&r);
    assert_ptr_equal(r.at, r.end);
    assert_string_equal(r.lines.data, lines);
    aur_buf_deinit(&r.lines);
    aur_buf_deinit(&file);
}

/* Of a bar of 4/4 at 120 in this key what lies at these frames. */
static void add_part(struct aur_midi *midi, uint64_t number, const char *key, const struct aur_note *notes, uint32_t n,
                     uint64_t start_frame, uint64_t length_frames)
{
    struct aur_patch patches[2];
    struct aur_phrase *phrase, header = {.number = number,
                                         .start_frame = start_frame,
                                         .length_frames = length_frames,
                                         .rate_hz = RATE,
                                         .bars = 1,
                                         .meter = {4, 4},
                                         .n_patches = 2,
                                         .n_notes = n};
    aur_patch_default(&patches[0], "pad", AUR_VOICE_PAD);
    aur_patch_default(&patches[1], "kick", AUR_VOICE_KICK);
    aur_controls_default(&header.controls, NULL);
    header.controls.bpm = 120;
    assert_int_equal(aur_key_parse(&header.controls.key, key, NULL), AUR_OK);
    assert_int_equal(aur_phrase_new(&phrase, &header, patches, notes, NULL), AUR_OK);
    aur_midi_add(midi, phrase);
    aur_phrase_free(phrase);
}

/* A whole bar after those that are there already. */
static void add_bar(struct aur_midi *midi, uint64_t number, const char *key, const struct aur_note *notes, uint32_t n)
{
    add_part(midi, number, key, notes, n, number * 2 * RATE, 2 * RATE);
}

static void a_track_for_each_patch(void **state)
{
    (void)state;
    const struct aur_note first[] = {
        {.at_q20 = 0, .beats_q20 = 8 * BEAT, .pitch_q16 = (60 << 16) + 40000, .velocity_q16 = 65536, .id = 0},
        {.on_frame = 64,
         .at_q20 = BEAT / 3,
         .beats_q20 = 1,
         .pitch_q16 = 10 << 16,
         .velocity_q16 = 1,
         .patch = 1,
         .id = 1},
    };
    const struct aur_note second[] = {
        {.at_q20 = 2 * BEAT, .beats_q20 = BEAT, .pitch_q16 = 127 << 16, .velocity_q16 = 32768}};
    struct aur_midi midi;
    aur_midi_init(&midi, "Two bars");
    add_bar(&midi, 0, "A minor", first, 2);
    add_bar(&midi, 1, "Eb major", second, 1);
    expect(&midi, 3,
           "0 meta 03 Two bars\n"
           "0 meta 58 04021808\n"
           "0 meta 59 0001\n"
           "0 meta 51 07a120\n"
           "0 meta 06 Phrase 0, A minor\n"
           "3840 meta 59 fd00\n"
           "3840 meta 06 Phrase 1, Eb major\n"
           "7680 meta 2f \n"
           "0 meta 03 pad\n"
           "0 program 89 on 0\n"
           "0 note 61 on 0 at 127\n"
           "5760 note 127 on 0 at 64\n"
           "6720 end 127 on 0\n"
           "7680 end 61 on 0\n"
           "7680 meta 2f \n"
           "0 meta 03 kick\n"
           "320 note 36 on 9 at 1\n"
           "321 end 36 on 9\n"
           "321 meta 2f \n");
    aur_midi_deinit(&midi);
}

static void a_key_sounds_once_at_a_time(void **state)
{
    (void)state;
    const struct aur_note notes[] = {
        {.at_q20 = 0, .beats_q20 = 4 * BEAT, .pitch_q16 = 60 << 16, .velocity_q16 = 65536, .id = 0},
        {.at_q20 = BEAT, .beats_q20 = BEAT, .pitch_q16 = 60 << 16, .velocity_q16 = 65536, .id = 1},
        {.at_q20 = BEAT, .beats_q20 = 2 * BEAT, .pitch_q16 = 60 << 16, .velocity_q16 = 32768, .id = 2},
        {.at_q20 = 3 * BEAT, .beats_q20 = BEAT, .pitch_q16 = 60 << 16, .velocity_q16 = 65536, .id = 3},
    };
    struct aur_midi midi;
    aur_midi_init(&midi, "");
    add_bar(&midi, 0, "C major", notes, 4);
    expect(&midi, 2,
           "0 meta 03 \n0 meta 58 04021808\n0 meta 59 0000\n0 meta 51 07a120\n0 meta 06 Phrase 0, C major\n"
           "3840 meta 2f \n"
           "0 meta 03 pad\n"
           "0 program 89 on 0\n"
           "0 note 60 on 0 at 127\n"
           "960 end 60 on 0\n"
           "960 note 60 on 0 at 127\n"
           "2880 end 60 on 0\n"
           "2880 note 60 on 0 at 127\n"
           "3840 end 60 on 0\n"
           "3840 meta 2f \n");
    aur_midi_deinit(&midi);
}

static void parts_of_bars_and_silence(void **state)
{
    (void)state;
    const struct aur_note note = {.at_q20 = BEAT, .beats_q20 = BEAT, .pitch_q16 = 60 << 16, .velocity_q16 = 65536};
    struct aur_midi midi;
    aur_midi_init(&midi, "");
    add_part(&midi, 7, "C major", &note, 1, 0, RATE);       /* the second half of a bar */
    add_part(&midi, 8, "C major", &note, 1, RATE, RATE);    /* one that was cut */
    add_part(&midi, 9, "C major", &note, 1, 3 * RATE, 500); /* after a second of silence */
    expect(&midi, 2,
           "0 meta 03 \n0 meta 58 04021808\n0 meta 59 0000\n0 meta 51 07a120\n0 meta 06 Phrase 7, C major\n"
           "1920 meta 06 Phrase 8, C major\n"
           "5760 meta 06 Phrase 9, C major\n"
           "5780 meta 2f \n"
           "0 meta 03 pad\n"
           "0 program 89 on 0\n"
           "960 note 60 on 0 at 127\n"
           "1920 end 60 on 0\n"
           "2880 note 60 on 0 at 127\n"
           "3840 end 60 on 0\n"
           "6720 note 60 on 0 at 127\n"
           "7680 end 60 on 0\n"
           "7680 meta 2f \n");
    aur_midi_deinit(&midi);
}

static void signatures(void **state)
{
    (void)state;
    static const struct {
        const char *key, *signature;
    } cases[] = {{"D dorian", "0001"},  {"G mixolydian", "0000"}, {"F lydian", "0000"}, {"E phrygian", "0001"},
                 {"B locrian", "0001"}, {"F# minor", "0301"},     {"Bb major", "fe00"}, {"Db major", "fb00"},
                 {"C# major", "0700"},  {"Gb major", "fa00"},     {"F# major", "0600"}, {"Eb minor", "fa01"},
                 {"D# minor", "0601"},  {"Ab minor", "f901"},     {"E major", "0400"},  {"A ionian", "0300"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char lines[256];
        struct aur_midi midi;
        aur_midi_init(&midi, "");
        add_bar(&midi, 0, cases[i].key, NULL, 0);
        snprintf(lines, sizeof lines,
                 "0 meta 03 \n0 meta 58 04021808\n0 meta 59 %s\n0 meta 51 07a120\n0 meta 06 Phrase 0, %s\n"
                 "3840 meta 2f \n",
                 cases[i].signature, cases[i].key);
        expect(&midi, 1, lines);
        aur_midi_deinit(&midi);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_track_for_each_patch),
        cmocka_unit_test(a_key_sounds_once_at_a_time),
        cmocka_unit_test(parts_of_bars_and_silence),
        cmocka_unit_test(signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
