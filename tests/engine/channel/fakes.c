#include "fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/bundle.h"
#include "compose/piece.h"
#include "synth/keyframe.h"

/* ---- piece ---- */

void fake_piece_init(struct aur_piece *piece, uint64_t length_frames)
{
    memset(piece, 0, sizeof *piece);
    snprintf(piece->info.title, sizeof piece->info.title, "Fake");
    piece->info.meter[0] = piece->info.meter[1] = 4;
    piece->info.controls.n = 1;
    piece->info.controls.items[0] = (struct aur_control_spec){"density", "Density", 0, 1, 0.4};
    piece->length_frames = length_frames;
    fake_piece_mark(piece, 'a');
}

void fake_piece_mark(struct aur_piece *piece, char letter)
{
    memset(piece->marks.version, letter, sizeof piece->marks.version - 1);
    memset(piece->marks.hash, letter, sizeof piece->marks.hash - 1);
}

struct aur_piece *aur_piece_ref(const struct aur_piece *piece_)
{
    struct aur_piece *piece = (struct aur_piece *)(uintptr_t)piece_;
    piece->references++;
    return piece;
}

void aur_piece_free(struct aur_piece *piece)
{
    if (piece)
        piece->references--;
}

const char *aur_piece_name(const struct aur_piece *piece)
{
    (void)piece;
    return "fake.lua";
}

const struct aur_piece_marks *aur_piece_marks(const struct aur_piece *piece)
{
    return &piece->marks;
}

int aur_piece_migrate(const struct aur_piece *piece, char **out, const char *state, struct aur_error *err)
{
    char text[64];
    snprintf(text, sizeof text, "%s to %c", state ? state : "new", piece->marks.version[0]);
    if (piece->migrate_fails)
        return aur_error_set(err, AUR_ESCRIPT, "script.lua:9: migrate");
    *out = strdup(text);
    return *out ? AUR_OK : AUR_ENOMEM;
}

const struct aur_piece_info *aur_piece_describe(const struct aur_piece *piece)
{
    return &piece->info;
}

int aur_piece_compose(const struct aur_piece *piece_, const struct aur_compose_request *request,
                      struct aur_phrase **out, char **state_out, struct aur_error *err)
{
    struct aur_piece *piece = (struct aur_piece *)(uintptr_t)piece_;
    if (piece->during)
        piece->during(piece->user);
    if (piece->fails || (piece->fails_from && request->number >= (uint64_t)piece->fails_from))
        return aur_error_set(err, AUR_ESCRIPT, "script.lua:7: boom\ntraceback");
    int beats = piece->info.meter[0];
    struct aur_phrase header = {.number = request->number,
                                .ordinal = request->number,
                                .start_frame = request->start_frame,
                                .length_frames = piece->length_frames,
                                .rate_hz = request->rate_hz,
                                .bars = 2,
                                .meter = {beats, 4},
                                .controls = *request->controls};
    char state[32], seen[32];
    snprintf(seen, sizeof seen, "%s", request->state ? request->state : "new");
    snprintf(state, sizeof state, "after %llu", (unsigned long long)request->number);
    char *copy = strdup(state);
    int rc = copy ? aur_phrase_new(out, &header, NULL, NULL, NULL) : AUR_ENOMEM;
    if (rc < 0) {
        free(copy);
        return aur_error_set(err, rc, "out of memory");
    }
    if (!piece->shared) {
        memcpy(piece->seen_state, seen, sizeof seen);
        piece->seen_seed = request->seed;
        piece->seen_controls = *request->controls;
    }
    *state_out = copy;
    piece->composed++;
    return 0;
}

/* ---- synth ---- */

float fake_left(uint64_t frame)
{
    return (float)(frame % 65536) / 65536.0f;
}

float fake_right(uint64_t number)
{
    return (float)(number % 1024 + 1) / 1024.0f;
}

int aur_synth_new(struct aur_synth **out, const struct aur_synth_config *config, struct aur_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    (*out)->config = *config;
    return 0;
}

void aur_synth_free(struct aur_synth *synth)
{
    free(synth);
}

int aur_synth_commit(struct aur_synth *synth, const struct aur_phrase *phrase)
{
    if (synth->n == AUR_SYNTH_PHRASES_MAX)
        return AUR_EBUSY;
    uint64_t next_block = (synth->frame + AUR_BLOCK_FRAMES - 1) / AUR_BLOCK_FRAMES * AUR_BLOCK_FRAMES;
    if (phrase->start_frame < next_block)
        abort(); /* the contract of synth.h */
    synth->queue[synth->n++] = phrase;
    return 0;
}

const struct aur_phrase *aur_synth_retired(struct aur_synth *synth)
{
    if (synth->n == 0)
        return NULL;
    bool cut = synth->n > 1 && synth->queue[1]->start_frame <= synth->frame;
    if (!cut && synth->queue[0]->start_frame + synth->queue[0]->length_frames > synth->frame)
        return NULL;
    const struct aur_phrase *phrase = synth->queue[0];
    synth->n--;
    for (size_t i = 0; i < synth->n; i++)
        synth->queue[i] = synth->queue[i + 1];
    return phrase;
}

uint64_t aur_synth_live(struct aur_synth *synth, const struct aur_live *live)
{
    if (synth->n_lives < FAKE_LIVES) {
        synth->lives[synth->n_lives].frame = synth->frame;
        synth->lives[synth->n_lives++].live = *live;
    }
    return (synth->frame + AUR_BLOCK_FRAMES - 1) / AUR_BLOCK_FRAMES * AUR_BLOCK_FRAMES;
}

static float right_at(const struct aur_synth *synth, uint64_t frame)
{
    for (size_t i = synth->n; i-- > 0;) { /* a later one may cut an earlier one short */
        const struct aur_phrase *p = synth->queue[i];
        if (frame >= p->start_frame && frame - p->start_frame < p->length_frames)
            return fake_right(p->number);
    }
    return 0;
}

void aur_synth_render(struct aur_synth *synth, float *out, size_t frames)
{
    for (size_t i = 0; i < frames; i++, synth->frame++) {
        out[i * 2] = fake_left(synth->frame);
        out[i * 2 + 1] = right_at(synth, synth->frame);
    }
}

uint64_t aur_synth_frame(const struct aur_synth *synth)
{
    return synth->frame;
}

uint32_t aur_synth_voices(const struct aur_synth *synth)
{
    return (uint32_t)synth->n;
}

/* No backend. */
bool aur_synth_ready(struct aur_synth *synth, size_t frames)
{
    (void)synth;
    (void)frames;
    return true;
}

uint32_t aur_synth_lookahead(const struct aur_synth *synth)
{
    (void)synth;
    return 0;
}

void aur_synth_counts(const struct aur_synth *synth, struct aur_synth_counts *out)
{
    *out = synth->counts;
}

/* No keyframes. */
size_t aur_synth_keyframe_bytes(const struct aur_synth *synth)
{
    (void)synth;
    return 0;
}

uint64_t aur_synth_layout(const struct aur_synth *synth)
{
    (void)synth;
    return 0;
}

size_t aur_synth_save(const struct aur_synth *synth, void *out, size_t room)
{
    (void)synth;
    (void)out;
    (void)room;
    return 0;
}

/* ---- the journal's bundle: of no files ---- */

int aur_bundle_of(struct aur_bundle **out, const struct aur_piece *piece, const struct aur_tables *tables,
                  struct aur_error *err)
{
    (void)tables;
    *out = calloc(1, sizeof **out);
    if (!*out)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    (*out)->hash = piece->marks.hash;
    (*out)->name = aur_piece_name(piece);
    return AUR_OK;
}
