/* Counting chord, scale and chromatic tones. */
#include "score/harmony.h"

#include <stdbool.h>

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

/* When the harmony is asked that a note belongs to. */
static int64_t moment_of(const struct aur_note *note)
{
    int64_t half = note->beats_q20 / 2, quarter = AUR_BEAT_ONE / 4;
    return note->at_q20 + (half < quarter ? half : quarter);
}

static bool in_chord(const struct aur_chord *chord, int pc)
{
    for (uint32_t i = 0; i < chord->n_pitches; i++)
        if (pitch_class(chord->pitches_q16[i]) == pc)
            return true;
    return false;
}

static bool in_scale(const struct aur_key *key, int pc)
{
    for (int i = 0; i < AUR_SCALE_NOTES; i++)
        if ((key->pitch_class + key->scale[i]) % 12 == pc)
            return true;
    return false;
}

enum aur_harmony aur_harmony_of(const struct aur_phrase *phrase, const struct aur_note *note)
{
    const struct aur_chord *chord = chord_at(phrase, moment_of(note));
    int pc = pitch_class(note->pitch_q16);
    if (chord && in_chord(chord, pc))
        return AUR_HARMONY_CHORD;
    return in_scale(&phrase->controls.key, pc) ? AUR_HARMONY_SCALE : AUR_HARMONY_CHROMATIC;
}

void aur_harmony_count(struct aur_harmony_counts *counts, const struct aur_phrase *phrase)
{
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        counts[note->patch].notes++;
        counts[note->patch].n[aur_harmony_of(phrase, note)]++;
    }
}

/* Pitch classes, as bits, of the long notes that sound at this moment. */
static unsigned held_at(const struct aur_phrase *phrase, int64_t at_q20)
{
    unsigned held = 0;
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        bool is_long = note->beats_q20 >= AUR_HARMONY_LONG || phrase->patches[note->patch].voice == AUR_VOICE_PAD;
        if (is_long && note->at_q20 <= at_q20 && at_q20 < note->at_q20 + note->beats_q20)
            held |= 1u << pitch_class(note->pitch_q16);
    }
    return held;
}

void aur_harmony_watch(struct aur_harmony_watch *out, const struct aur_phrase *phrase)
{
    *out = (struct aur_harmony_watch){.notes = phrase->n_notes};
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        const struct aur_chord *chord = chord_at(phrase, moment_of(note));
        int pc = pitch_class(note->pitch_q16);
        unsigned held = chord ? 0 : held_at(phrase, moment_of(note));
        out->outside_key += !in_scale(&phrase->controls.key, pc);
        out->chorded += chord || held;
        out->outside_chord += chord ? !in_chord(chord, pc) : held && !(held & 1u << pc);
    }
}
