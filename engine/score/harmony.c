/* Counting chord, scale and chromatic tones. */
#include "score/harmony.h"

static int pitch_class(int32_t pitch_q16)
{
    return (int)((((int64_t)pitch_q16 + AUR_Q16_ONE / 2) >> 16) % 12);
}

static const struct aur_chord *chord_at(const struct aur_phrase *phrase, int64_t at_q20)
{
    const struct aur_chord *found = NULL;
    for (uint32_t i = 0; i < phrase->n_chords; i++) {
        const struct aur_chord *c = &phrase->chords[i];
        if (c->at_q20 <= at_q20 && at_q20 < c->at_q20 + c->beats_q20)
            found = c;
    }
    return found;
}

enum aur_harmony aur_harmony_of(const struct aur_phrase *phrase, const struct aur_note *note)
{
    int64_t half = note->beats_q20 / 2, quarter = AUR_BEAT_ONE / 4;
    const struct aur_chord *chord = chord_at(phrase, note->at_q20 + (half < quarter ? half : quarter));
    int pc = pitch_class(note->pitch_q16);
    for (uint32_t i = 0; chord && i < chord->n_pitches; i++)
        if (pitch_class(chord->pitches_q16[i]) == pc)
            return AUR_HARMONY_CHORD;
    for (int i = 0; i < AUR_SCALE_NOTES; i++)
        if ((phrase->controls.key.pitch_class + phrase->controls.key.scale[i]) % 12 == pc)
            return AUR_HARMONY_SCALE;
    return AUR_HARMONY_CHROMATIC;
}

void aur_harmony_count(struct aur_harmony_counts *counts, const struct aur_phrase *phrase)
{
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        counts[note->patch].notes++;
        counts[note->patch].n[aur_harmony_of(phrase, note)]++;
    }
}
