/* The head of a binary frame, byte by byte; names of formats. */
#include "wire/frame.h"

#include "support/unit.h"

static void head_byte_by_byte(void **state)
{
    (void)state;
    const struct aur_frame frame = {AUR_FORMAT_OPUS, AUR_FRAME_CODEC, 0x12c0, 0x0102030405060708u, 48000, 0x00a1b2c3};
    const unsigned char want[AUR_FRAME_HEAD] = {'A', 'U', 'R', '1', 3,    1,    0xc0, 0x12, 8,    7,    6,    5,
                                                4,   3,   2,   1,   0x80, 0xbb, 0,    0,    0xc3, 0xb2, 0xa1, 0};
    unsigned char got[AUR_FRAME_HEAD + 1] = {[AUR_FRAME_HEAD] = 0x5a};
    aur_frame_head(got, &frame);
    assert_memory_equal(got, want, sizeof want);
    assert_int_equal(got[AUR_FRAME_HEAD], 0x5a);
}

static void formats_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum aur_format format;
    } cases[] = {{"json", AUR_FORMAT_JSON}, {"pcm", AUR_FORMAT_PCM}, {"flac", AUR_FORMAT_FLAC},
                 {"opus", AUR_FORMAT_OPUS}, {"mp3", AUR_FORMATS},    {"", AUR_FORMATS},
                 {"PCM", AUR_FORMATS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(aur_format_find(cases[i].name), cases[i].format);
    assert_string_equal(aur_format_name(AUR_FORMAT_FLAC), "flac");
    char list[64];
    aur_format_list(list, sizeof list, AUR_FORMATS_ALL & ~(1u << AUR_FORMAT_OPUS));
    assert_string_equal(list, "json, pcm, flac");
    aur_format_list(list, 7, AUR_FORMATS_ALL); /* cut short, not overrun */
    assert_string_equal(list, "json, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(head_byte_by_byte), cmocka_unit_test(formats_by_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
