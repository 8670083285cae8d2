/* The synthesiser: queue of phrases, the clock of blocks, and the hand-out of frames. Render thread but for new and free.
 *
 * All memory is one allocation, so a synth is made or not made, and its state is one stretch of bytes. */
#include "synth/synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synth/inner.h"
#include "synth/memory.h"
#include "synth/tables.h"
#include "synth/wavetable.h"

#define DEFAULT_VOICES 256
#define GLIDE_SECONDS  0.5

_Static_assert(AUR_SYNTH_LATENCY_FRAMES == AUR_LIMITER_FRAMES, "the header tells the limiter's look-ahead");

static int check_config(const struct aur_synth_config *config, struct aur_error *err)
{
    if (config->rate_hz != 44100 && config->rate_hz != 48000 && config->rate_hz != 96000) {
        char value[16];
        snprintf(value, sizeof value, "%u", config->rate_hz);
        return aur_error_value(err, "rate_hz", value, "44100, 48000, 96000");
    }
    if (!aur_isa_supported(config->isa))
        return aur_error_value(err, "isa", aur_isa_name(config->isa), "what this processor runs");
    if (config->max_voices > AUR_VOICES_LIMIT) {
        char value[16];
        snprintf(value, sizeof value, "%u", config->max_voices);
        return aur_error_value(err, "max_voices", value, "0 to 1024");
    }
    return AUR_OK;
}

int aur_synth_new(struct aur_synth **out, const struct aur_synth_config *config, struct aur_error *err)
{
    *out = NULL;
    int rc = check_config(config, err);
    if (rc != AUR_OK)
        return rc;
    uint32_t voices = config->max_voices ? config->max_voices : DEFAULT_VOICES;
    size_t pool = aur_buses_pool(voices) * sizeof(struct aur_group);
    size_t floats = aur_effects_floats(config->rate_hz, config->effects) * sizeof(float);
    size_t tables = config->tables ? 0 : AUR_WAVE_FLOATS * sizeof(float);
    size_t total = (sizeof(struct aur_synth) + pool + tables + floats + 63) / 64 * 64;
    struct aur_synth *synth = aur_memory_new(total);
    if (!synth)
        return aur_error_set(err, AUR_ENOMEM, "out of memory for a synthesiser of %zu bytes", total);
    memset(synth, 0, total);
    synth->config = *config;
    synth->config.max_voices = voices;
    synth->glide_blocks = (uint32_t)(GLIDE_SECONDS * config->rate_hz / AUR_BLOCK);
    synth->used = AUR_BLOCK;
    const struct aur_kernels *kernels = aur_kernels_get(config->isa);
    char *memory = (char *)(synth + 1);
    aur_buses_init(&synth->buses, kernels, config->rate_hz, voices, (struct aur_group *)(void *)memory,
                   config->tables ? aur_tables_values(config->tables) : (const float *)(const void *)(memory + pool));
    synth->buses.lasting = config->tables;
    if (!config->tables)
        aur_wavetable_fill((float *)(void *)(memory + pool));
    aur_effects_init(&synth->effects, kernels, config->rate_hz, config->effects,
                     (float *)(void *)(memory + pool + tables));
    rc = aur_ahead_init(&synth->ahead, config, err);
    if (rc < 0) {
        aur_synth_free(synth);
        return rc;
    }
    *out = synth;
    return AUR_OK;
}

void aur_synth_free(struct aur_synth *synth)
{
    if (synth)
        aur_ahead_deinit(&synth->ahead);
    free(synth);
}

/* Whether all that its patches read is there. */
static bool tables_are_here(const struct aur_synth *synth, const struct aur_phrase *phrase)
{
    const uint32_t floats = synth->config.tables ? AUR_TABLES_FLOATS : AUR_WAVE_FLOATS;
    for (uint32_t i = 0; i < phrase->n_patches; i++) {
        const struct aur_table *table = &phrase->patches[i].table;
        if (phrase->patches[i].voice == AUR_VOICE_WAVE && table->shapes == 0 && synth->config.tables &&
            !aur_tables_have_builtin(synth->config.tables))
            return false;
        if (table->at > floats || table->shapes > (floats - table->at) / AUR_WAVE_SHAPE_FLOATS || table->shapes == 1)
            return false;
    }
    return true;
}

int aur_synth_commit(struct aur_synth *synth, const struct aur_phrase *phrase)
{
    if (synth->n_pending == AUR_SYNTH_PHRASES_MAX || synth->n_pending + synth->n_retired >= 2 * AUR_SYNTH_PHRASES_MAX)
        return AUR_EBUSY;
    uint64_t after = synth->buses.block * AUR_BLOCK;
    if (synth->n_pending > 0)
        after = synth->pending[synth->n_pending - 1]->start_frame;
    if (phrase->start_frame < after || phrase->start_frame % AUR_BLOCK || phrase->rate_hz != synth->config.rate_hz ||
        phrase->n_patches > AUR_PATCHES_MAX || !tables_are_here(synth, phrase))
        return AUR_EINVAL;
    synth->pending[synth->n_pending++] = phrase;
    return AUR_OK;
}

const struct aur_phrase *aur_synth_retired(struct aur_synth *synth)
{
    if (synth->n_retired == 0)
        return NULL;
    const struct aur_phrase *phrase = synth->retired[0];
    synth->n_retired--;
    memmove(synth->retired, synth->retired + 1, synth->n_retired * sizeof(const struct aur_phrase *));
    return phrase;
}

uint64_t aur_synth_live(struct aur_synth *synth, const struct aur_live *live)
{
    if (!aur_ahead_live(synth, live))
        aur_effects_live(&synth->effects, live->level, live->brightness, live->intensity,
                         synth->blocks ? synth->glide_blocks : 0);
    return synth->buses.block * AUR_BLOCK;
}

static void begin_phrase(struct aur_synth *synth, const struct aur_phrase *phrase)
{
    uint32_t glide = synth->played ? synth->glide_blocks : 0;
    aur_buses_begin(&synth->buses, phrase, glide);
    aur_buses_release(&synth->buses, phrase->start_frame < synth->end_frame);
    synth->end_frame = phrase->start_frame + phrase->length_frames;
    if (synth->planned)
        aur_job_set_effects(synth->planned, &phrase->effects, phrase->controls.bpm, glide);
    else
        aur_effects_set(&synth->effects, &phrase->effects, phrase->controls.bpm, glide);
    for (uint32_t i = 0; i < phrase->n_patches; i++)
        aur_plan_init(&synth->plans[i], &phrase->patches[i]);
    synth->begun = synth->played = true;
    synth->next_note = 0;
}

static void retire(struct aur_synth *synth)
{
    synth->retired[synth->n_retired++] = synth->pending[0];
    synth->n_pending--;
    memmove(synth->pending, synth->pending + 1, synth->n_pending * sizeof(const struct aur_phrase *));
    synth->begun = false;
}

/* Where the phrase that has begun ends at the latest: the next one may begin before it said that it would end. */
static uint64_t cut_of(const struct aur_synth *synth)
{
    return synth->n_pending > 1 ? synth->pending[1]->start_frame : UINT64_MAX;
}

/* Starts the notes of a phrase that are due; true if none is left. */
static bool play(struct aur_synth *synth, const struct aur_phrase *phrase, uint64_t frame)
{
    const uint64_t cut = cut_of(synth);
    for (; synth->next_note < phrase->n_notes; synth->next_note++) {
        const struct aur_note *note = &phrase->notes[synth->next_note];
        if (note->on_frame >= cut && cut <= frame)
            return true;
        if (note->on_frame > frame)
            return false;
        aur_buses_note(&synth->buses, &phrase->patches[note->patch], &synth->plans[note->patch], note, phrase->number);
    }
    return true;
}

void aur_synth_events(struct aur_synth *synth)
{
    uint64_t frame = synth->buses.block * AUR_BLOCK;
    while (synth->n_pending > 0 && synth->pending[0]->start_frame <= frame) {
        const struct aur_phrase *phrase = synth->pending[0];
        if (!synth->begun)
            begin_phrase(synth, phrase);
        if (!play(synth, phrase, frame))
            return;
        retire(synth);
    }
}

void aur_synth_due(const struct aur_synth *synth, uint32_t *notes, uint32_t *phrases, bool *releases)
{
    uint64_t frame = synth->buses.block * AUR_BLOCK;
    *notes = *phrases = 0;
    *releases = false;
    for (uint32_t i = 0; i < synth->n_pending && synth->pending[i]->start_frame <= frame; i++) {
        const struct aur_phrase *phrase = synth->pending[i];
        bool begun = i == 0 && synth->begun;
        *phrases += !begun;
        *releases |= !begun && (phrase->start_frame < synth->end_frame || aur_buses_outlive(&synth->buses, phrase));
        for (uint32_t k = begun ? synth->next_note : 0; k < phrase->n_notes && phrase->notes[k].on_frame <= frame; k++)
            ++*notes;
    }
}

static void render_now(struct aur_synth *synth)
{
    aur_ahead_catch_up(synth);
    aur_synth_events(synth);
    struct aur_voice_control control = {aur_effects_bright(&synth->effects), 0, synth->buses.tables};
    aur_buses_render(&synth->buses, &synth->sends, &control);
    synth->ahead.counts.cpu_blocks++;
}

static void render_block(struct aur_synth *synth)
{
    memset(&synth->sends, 0, offsetof(struct aur_sends, chorus));
    if (synth->sends.chorused)
        memset(&synth->sends.chorus, 0, sizeof synth->sends.chorus);
    synth->sends.chorused = false;
    synth->sends.taps = synth->taps;
    if (!synth->ahead.seat || !aur_ahead_play(synth))
        render_now(synth);
    aur_effects_render(&synth->effects, &synth->block, &synth->sends);
    synth->blocks++;
    synth->used = 0;
}

void aur_synth_render(struct aur_synth *synth, float *out, size_t frames)
{
    synth->frames += frames;
    while (frames > 0) {
        if (synth->used == AUR_BLOCK)
            render_block(synth);
        size_t n = AUR_BLOCK - synth->used < frames ? AUR_BLOCK - synth->used : frames;
        if (n == AUR_BLOCK)
            aur_kernels_get(synth->config.isa)->interleave(out, &synth->block);
        for (size_t i = 0; i < n && n < AUR_BLOCK; i++) {
            out[2 * i] = synth->block.l[synth->used + i];
            out[2 * i + 1] = synth->block.r[synth->used + i];
        }
        synth->used += (uint32_t)n;
        out += 2 * n;
        frames -= n;
    }
}

int aur_synth_tap(struct aur_synth *synth, const struct aur_taps *taps)
{
    if (taps && synth->ahead.seat)
        return AUR_ENOTSUP;
    synth->taps = taps;
    return AUR_OK;
}

uint64_t aur_synth_frame(const struct aur_synth *synth)
{
    return synth->frames;
}

uint32_t aur_synth_voices(const struct aur_synth *synth)
{
    return synth->buses.voices;
}
