/* Cutting phrases. Any thread. Beats follow the frames: within a phrase both run evenly. */
#include "bounce/part.h"

#include <stdlib.h>

struct cutter {
    const struct aur_phrase *phrase;
    const struct aur_part *part;
};

/* Frames of the phrase in beats of 2^-20, to the nearest. */
static int64_t beats_of(const struct cutter *c, uint64_t frames)
{
    const uint64_t whole = c->phrase->length_frames;
    const uint64_t beats = (uint64_t)c->phrase->bars * (uint64_t)c->phrase->meter[0]; /* under 2^12 */
    return (int64_t)((frames / whole * beats * (uint64_t)AUR_BEAT_ONE) +
                     (frames % whole * beats * (uint64_t)AUR_BEAT_ONE + whole / 2) / whole);
}

/* False: it is not in the part. */
static bool clip(const struct cutter *c, uint64_t *on, uint64_t *off, int64_t *at_q20, int64_t *beats_q20)
{
    const struct aur_part *part = c->part;
    if (*on >= part->to_frame || (*on < part->from_frame && *off <= part->from_frame))
        return false;
    const bool early = *on < part->from_frame, late = part->cut && *off > part->to_frame;
    const int64_t skipped = beats_of(c, part->from_frame - c->phrase->start_frame);
    *at_q20 = early || *at_q20 < skipped ? 0 : *at_q20 - skipped;
    *on = (early ? part->from_frame : *on) - part->origin;
    *off = (late ? part->to_frame : *off) - part->origin;
    if (early || late)
        *beats_q20 = beats_of(c, *off - *on);
    return true;
}

int aur_phrase_part(struct aur_phrase **out, const struct aur_phrase *phrase, const struct aur_part *part)
{
    const struct cutter c = {phrase, part};
    struct aur_phrase header = *phrase;
    struct aur_note *notes = malloc((phrase->n_notes + 1) * sizeof *notes);
    struct aur_chord *chords = malloc((phrase->n_chords + 1) * sizeof *chords);
    int rc = notes && chords ? AUR_OK : AUR_ENOMEM;
    header.start_frame = part->from_frame - part->origin;
    header.length_frames = part->to_frame - part->from_frame;
    header.n_notes = header.n_chords = 0;
    for (uint32_t i = 0; rc == AUR_OK && i < phrase->n_notes; i++) {
        struct aur_note *note = &notes[header.n_notes];
        *note = phrase->notes[i];
        header.n_notes += clip(&c, &note->on_frame, &note->off_frame, &note->at_q20, &note->beats_q20);
    }
    for (uint32_t i = 0; rc == AUR_OK && i < phrase->n_chords; i++) {
        struct aur_chord *chord = &chords[header.n_chords];
        *chord = phrase->chords[i];
        header.n_chords += clip(&c, &chord->on_frame, &chord->off_frame, &chord->at_q20, &chord->beats_q20);
    }
    if (rc == AUR_OK)
        rc = aur_phrase_new(out, &header, phrase->patches, notes, chords);
    free(notes);
    free(chords);
    return rc;
}
