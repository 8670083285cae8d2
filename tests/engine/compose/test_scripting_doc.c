/* Every Lua block of docs/scripting.md is a piece that loads and composes, at the ends of its controls too. */
#include "engine/compose/piece_case.h"

static void play(struct piece_case *c, double intensity)
{
    struct aur_session session;
    aur_session_init(&session, c->piece, 3, 44100);
    c->controls.intensity = intensity;
    for (int i = 0; i < 4; i++) {
        struct aur_phrase *phrase;
        if (aur_session_next(&session, &phrase, &c->controls, &c->err) != AUR_OK)
            fail_msg("%s", c->err.message);
        assert_true(phrase->n_notes > 0);
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
}

static void every_block_plays(void **state)
{
    struct piece_case *c = *state;
    static const char open[] = "\n```lua\n", close[] = "\n```\n";
    struct aur_buf doc;
    aur_buf_init(&doc);
    assert_int_equal(aur_buf_read_file(&doc, AURALIS_SOURCE_DIR "/docs/scripting.md", 1 << 20, &c->err), AUR_OK);
    int blocks = 0;
    for (char *at = strstr(doc.data, open); at; at = strstr(at, open), blocks++) {
        char *text = at + strlen(open);
        at = strstr(text, close);
        assert_non_null(at);
        *at++ = '\0';
        piece_case_load(c, text);
        play(c, 0);
        play(c, 1);
    }
    assert_true(blocks >= 3);
    aur_buf_deinit(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_block_plays, piece_case_open, piece_case_close)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
