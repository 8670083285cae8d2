/* Phrases: one block of memory holds the header and its three arrays, so that freeing one is one call. */
#include "score/phrase.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct block { /* what aur_phrase_new allocates; the arrays follow */
    struct aur_phrase phrase;
    struct aur_patch patches[AUR_PATCHES_MAX];
    struct aur_note notes[];
};

static int by_onset(const void *a, const void *b)
{
    const struct aur_note *x = a, *y = b;
    if (x->on_frame != y->on_frame)
        return x->on_frame < y->on_frame ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Few chords, and those of one onset keep their order: an insertion sort. */
static void sort_chords(struct aur_chord *chords, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct aur_chord chord = chords[i];
        uint32_t k = i;
        for (; k > 0 && chords[k - 1].on_frame > chord.on_frame; k--)
            chords[k] = chords[k - 1];
        chords[k] = chord;
    }
}

int aur_phrase_new(struct aur_phrase **out, const struct aur_phrase *header, const struct aur_patch *patches,
                   const struct aur_note *notes, const struct aur_chord *chords)
{
    size_t notes_size = header->n_notes * sizeof *notes, chords_size = header->n_chords * sizeof *chords;
    if (header->n_patches > AUR_PATCHES_MAX)
        return AUR_EINVAL;
    struct block *block = calloc(1, sizeof *block + notes_size + chords_size);
    if (!block)
        return AUR_ENOMEM;
    struct aur_chord *own_chords = (struct aur_chord *)(void *)((char *)block->notes + notes_size);
    block->phrase = *header;
    if (header->n_patches)
        memcpy(block->patches, patches, header->n_patches * sizeof *patches);
    if (notes_size) {
        memcpy(block->notes, notes, notes_size);
        qsort(block->notes, header->n_notes, sizeof *notes, by_onset);
    }
    if (chords_size) {
        memcpy(own_chords, chords, chords_size);
        sort_chords(own_chords, header->n_chords);
    }
    block->phrase.patches = block->patches;
    block->phrase.notes = block->notes;
    block->phrase.chords = own_chords;
    *out = &block->phrase;
    return AUR_OK;
}

int aur_phrase_repeat(struct aur_phrase **out, const struct aur_phrase *phrase, uint64_t number, uint64_t start_frame)
{
    struct aur_phrase *copy;
    int rc = aur_phrase_new(&copy, phrase, phrase->patches, phrase->notes, phrase->chords);
    if (rc != AUR_OK)
        return rc;
    struct block *block = (struct block *)copy;
    uint64_t shift = start_frame - phrase->start_frame; /* modulo 2^64: backwards works too */
    for (uint32_t i = 0; i < copy->n_notes; i++) {
        block->notes[i].on_frame += shift;
        block->notes[i].off_frame += shift;
    }
    struct aur_chord *chords = (struct aur_chord *)(void *)(block->notes + copy->n_notes);
    for (uint32_t i = 0; i < copy->n_chords; i++) {
        chords[i].on_frame += shift;
        chords[i].off_frame += shift;
    }
    copy->number = number;
    copy->start_frame = start_frame;
    *out = copy;
    return AUR_OK;
}

/* ---- hash: value by value, so that neither padding nor byte order is in it ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return aur_mix64(hash ^ value) * 0x9e3779b97f4a7c15u;
}

static uint64_t mix_params(uint64_t hash, const float *params, const struct aur_param_table *table)
{
    for (size_t i = 0; i < table->n_params; i++) {
        uint32_t bits;
        memcpy(&bits, &params[i], sizeof bits);
        hash = mix(hash, bits);
    }
    return hash;
}

static uint64_t mix_patch(uint64_t hash, const struct aur_patch *patch)
{
    hash = mix(hash, aur_hash64(patch->name, strlen(patch->name), AUR_HASH_START));
    hash = mix(hash, (uint64_t)patch->voice);
    hash = mix(mix(hash, patch->table.hash), patch->table.shapes);
    return mix_params(hash, patch->params, &aur_voices[patch->voice]);
}

static uint64_t mix_note(uint64_t hash, const struct aur_note *note, uint64_t start)
{
    hash = mix(mix(hash, note->on_frame - start), note->off_frame - start);
    hash = mix(mix(hash, (uint64_t)note->at_q20), (uint64_t)note->beats_q20);
    hash = mix(mix(hash, (uint64_t)note->pitch_q16), (uint64_t)note->velocity_q16);
    return mix(mix(mix(hash, (uint64_t)note->pan_q16), note->patch), note->id);
}

uint64_t aur_phrase_hash(const struct aur_phrase *phrase)
{
    uint64_t hash = mix(mix(AUR_HASH_START, phrase->length_frames), phrase->rate_hz);
    hash = mix(hash, (uint64_t)phrase->controls.bpm);
    for (int e = 0; e < AUR_EFFECTS; e++)
        hash = mix_params(hash, phrase->effects.params[e], &aur_effects[e]);
    hash = mix(hash, phrase->n_patches);
    for (uint32_t i = 0; i < phrase->n_patches; i++)
        hash = mix_patch(hash, &phrase->patches[i]);
    hash = mix(hash, phrase->n_notes);
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        hash = mix_note(hash, &phrase->notes[i], phrase->start_frame);
    return hash;
}

void aur_phrase_free(struct aur_phrase *phrase)
{
    free(phrase);
}
