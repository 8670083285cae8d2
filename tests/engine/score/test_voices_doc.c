/* docs/voices.md says what the tables of score/patch.c say. Where it does not, the right text is in voices.md where the
 * test ran. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "score/patch.h"
#include "support/unit.h"

static const char intro[] = "# Voices and effects\n\n"
                            "What a patch and the effects of a piece can be set to. A value out of its range, or a "
                            "name that is not here, is an "
                            "error\nthat names what is allowed. Changes from phrase to phrase glide over half a second "
                            "where they concern gains, "
                            "sends and\neffects; other parameters of a voice hold for the notes of their phrase.\n\n"
                            "```lua\n"
                            "patches = { star = { voice = \"bell\", ratio = 2.76, decay = 9, chorus = 0.3 } },\n"
                            "effects = { chorus = { rate = 0.2 }, tilt = { tilt = -2 } },\n"
                            "```\n";

static const char *const about_voice[AUR_VOICES] = {
    [AUR_VOICE_PAD] =
        "Two saws, a little apart in pitch and place, and a sine below, through a low-pass that moves slowly.",
    [AUR_VOICE_LEAD] = "A sine with a few odd partials, a vibrato that comes late, and a low-pass.",
    [AUR_VOICE_KICK] = "A sine that falls in pitch. Rings out whatever the note's length.",
    [AUR_VOICE_SWELL] = "Noise in a band that rises and moves.",
    [AUR_VOICE_BELL] =
        "One sine modulates the frequency of another, on each side. Ratios between whole numbers sound of "
        "metal, whole ones of glass and reeds.",
    [AUR_VOICE_BASS] =
        "Two oscillators whose partials are each weaker than the one before, a sine an octave below, and a "
        "low-pass that closes.",
    [AUR_VOICE_PLUCK] = "A string: plucked somewhere along its length, it loses its high partials first.",
    [AUR_VOICE_TICK] = "A short burst of noise in a band: ticks, wood, seeds. Rings out whatever the note's length.",
    [AUR_VOICE_GRAIN] = "Four short grains at a time, each with its own pitch and place, over a breath of noise.",
    [AUR_VOICE_MODULAR] =
        "A sine, an oscillator between saw and square, and noise, through a low-pass. Two envelopes and "
        "two LFOs move pitches, levels and cutoff; each LFO has an envelope for its amount and one for "
        "its rate.",
    [AUR_VOICE_WAVE] =
        "Two oscillators read wavetables and wander slowly between shapes: five built-in ones, or with `table = "
        "\"name\"` the cycles of one of the piece's `tables` (see scripting.md).",
};

static const char *const about_effect[AUR_EFFECTS] = {
    [AUR_EFFECT_REVERB] = "Hears what patches, delay and chorus send to it.",
    [AUR_EFFECT_DELAY] = "Repeats in time with the music, each darker than the last.",
    [AUR_EFFECT_MASTER] = "The last stage: level and limiter.",
    [AUR_EFFECT_CHORUS] = "Two slowly moving copies a side of what patches send to it.",
    [AUR_EFFECT_TILT] = "Tilts the whole spectrum; at 0 dB it is not there.",
};

static void number(char out[32], float x)
{
    snprintf(out, 32, "%.6g", (double)x);
}

static void put_row(struct aur_buf *out, const struct aur_param *p)
{
    char min[32], max[32], def[32];
    number(min, p->min);
    number(max, p->max);
    number(def, p->def);
    aur_buf_printf(out, "| `%s` | %s | %s to %s | %s | %s |\n", p->name, p->unit, min, max, def, p->about);
}

static void put_table(struct aur_buf *out, const struct aur_param_table *table, const char *about, size_t from)
{
    aur_buf_printf(out, "\n### %s\n\n%s\n\n| parameter | unit | range | default | |\n|---|---|---|---|---|\n",
                   table->name, about);
    for (size_t i = from; i < table->n_params; i++)
        put_row(out, &table->params[i]);
}

static void page(struct aur_buf *out)
{
    const struct aur_param_table common = {"every voice", aur_voices[0].params, AUR_COMMON_PARAMS};
    aur_buf_printf(out, "%s\n## Voices\n", intro);
    put_table(out, &common, "What all voices have. The defaults of the sends are the same for all.", 0);
    for (int i = 0; i < AUR_VOICES; i++)
        put_table(out, &aur_voices[i], about_voice[i], AUR_COMMON_PARAMS);
    aur_buf_printf(out, "\n## Effects\n");
    for (int i = 0; i < AUR_EFFECTS; i++)
        put_table(out, &aur_effects[i], about_effect[i], 0);
}

static void the_page_is_true(void **state)
{
    (void)state;
    struct aur_buf want, got;
    struct aur_error err;
    aur_buf_init(&want);
    aur_buf_init(&got);
    page(&want);
    assert_true(aur_buf_ok(&want));
    int rc = aur_buf_read_file(&got, AURALIS_SOURCE_DIR "/docs/voices.md", 1 << 20, &err);
    if (rc != AUR_OK || want.len != got.len || memcmp(want.data, got.data, want.len) != 0) {
        FILE *f = fopen("voices.md", "w");
        if (f) {
            fwrite(want.data, 1, want.len, f);
            fclose(f);
        }
        fail_msg("docs/voices.md differs from the tables; the right text is in voices.md here");
    }
    aur_buf_deinit(&want);
    aur_buf_deinit(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_page_is_true)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
