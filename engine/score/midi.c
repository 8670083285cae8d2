/* Writing MIDI. Tracks keep plain notes until the end: a note may outlast its phrase, and events must be in order. */
#include "score/midi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS_A_QUARTER 960
#define TICKS_A_WHOLE   (4 * TICKS_A_QUARTER)
#define DRUMS           9 /* channel 10, counted from 0 */

struct midi_note {
    uint64_t on, off; /* ticks */
    uint32_t order;
    uint8_t key, velocity;
};

struct aur_midi_track {
    char name[AUR_PATCH_NAME_SIZE];
    enum aur_voice voice;
    struct midi_note *notes;
    size_t n_notes, room;
};

/* Programs of General MIDI, from 0; drums have a key instead. */
static const struct {
    uint8_t program, drum_key;
} sounds[AUR_VOICES] = {
    [AUR_VOICE_PAD] = {89, 0},     [AUR_VOICE_LEAD] = {80, 0}, [AUR_VOICE_KICK] = {0, 36},
    [AUR_VOICE_SWELL] = {122, 0},  [AUR_VOICE_BELL] = {14, 0}, [AUR_VOICE_BASS] = {38, 0},
    [AUR_VOICE_PLUCK] = {46, 0},   [AUR_VOICE_TICK] = {0, 42}, [AUR_VOICE_GRAIN] = {97, 0},
    [AUR_VOICE_MODULAR] = {93, 0}, [AUR_VOICE_WAVE] = {91, 0},
};

/* ---- bytes ---- */

static void put(struct aur_buf *out, uint64_t value, int bytes)
{
    unsigned char text[8];
    for (int i = 0; i < bytes; i++)
        text[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    aur_buf_add(out, text, (size_t)bytes);
}

/* Seven bits a byte, the highest first, all but the last marked. */
static void put_length(struct aur_buf *out, uint64_t value)
{
    unsigned char text[10];
    int at = sizeof text;
    text[--at] = value & 127;
    while (value >>= 7)
        text[--at] = (unsigned char)(128 | (value & 127));
    aur_buf_add(out, text + at, sizeof text - (size_t)at);
}

static void put_meta(struct aur_buf *out, uint64_t delta, int type, const void *data, size_t len)
{
    put_length(out, delta);
    put(out, 0xff00u | (unsigned)type, 2);
    put_length(out, len);
    aur_buf_add(out, data, len);
}

static void put_chunk(struct aur_buf *out, const char *type, const struct aur_buf *body)
{
    aur_buf_add(out, type, 4);
    put(out, body->len, 4);
    aur_buf_add(out, body->data, body->len);
}

/* ---- the first track ---- */

static void conduct(struct aur_midi *midi, int type, const void *data, size_t len)
{
    put_meta(&midi->conductor, midi->start_tick - midi->conductor_tick, type, data, len);
    midi->conductor_tick = midi->start_tick;
}

void aur_midi_init(struct aur_midi *midi, const char *title)
{
    *midi = (struct aur_midi){0};
    aur_buf_init(&midi->conductor);
    conduct(midi, 0x03, title, strlen(title));
}

void aur_midi_deinit(struct aur_midi *midi)
{
    for (size_t i = 0; i < midi->n_tracks; i++)
        free(midi->tracks[i].notes);
    free(midi->tracks);
    aur_buf_deinit(&midi->conductor);
    *midi = (struct aur_midi){0};
}

static void add_meter(struct aur_midi *midi, const struct aur_phrase *phrase)
{
    unsigned char text[4] = {(unsigned char)phrase->meter[0], 0, 24, 8};
    if (memcmp(midi->meter, phrase->meter, sizeof midi->meter) == 0)
        return;
    for (int denominator = phrase->meter[1]; denominator > 1; denominator /= 2)
        text[1]++;
    memcpy(midi->meter, phrase->meter, sizeof midi->meter);
    conduct(midi, 0x58, text, sizeof text);
}

/* Sharps (or, below 0, flats) of the major scale on each pitch class, and where in it a scale's tonic is. */
static int sharps_of(const struct aur_key *key)
{
    static const int8_t sharps[12] = {0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5};
    for (int i = 0; i < AUR_SCALE_NOTES; i++) { /* the tone above which the scale is major */
        static const int8_t major[AUR_SCALE_NOTES] = {0, 2, 4, 5, 7, 9, 11};
        int same = 0;
        for (int j = 0; j < AUR_SCALE_NOTES; j++)
            same += (key->scale[(i + j) % AUR_SCALE_NOTES] - key->scale[i] + 12) % 12 == major[j];
        if (same == AUR_SCALE_NOTES) {
            int n = sharps[(key->pitch_class + key->scale[i]) % 12];
            bool flat = strchr(key->tonic, 'b') != NULL;
            return n == 6 && flat ? -6 : n == 5 && flat ? -7 : n == -5 && strchr(key->tonic, '#') ? 7 : n;
        }
    }
    return 0;
}

static void add_key(struct aur_midi *midi, const struct aur_phrase *phrase)
{
    const struct aur_key *key = &phrase->controls.key;
    unsigned char text[2] = {(unsigned char)(int8_t)sharps_of(key), key->scale[2] == 3};
    if (strcmp(midi->key, key->name) == 0)
        return;
    snprintf(midi->key, sizeof midi->key, "%s", key->name);
    conduct(midi, 0x59, text, sizeof text);
}

/* Of the phrase's bars, and how many frames they take. */
static uint64_t ticks_of_bars(const struct aur_phrase *phrase, uint64_t *frames)
{
    uint64_t beats = (uint64_t)phrase->bars * (uint64_t)phrase->meter[0];
    *frames = aur_tempo_frames((int64_t)beats * AUR_BEAT_ONE, phrase->controls.bpm, phrase->rate_hz);
    return beats * TICKS_A_WHOLE / (uint64_t)phrase->meter[1];
}

/* At the tempo of the phrase, to the nearest. */
static uint64_t ticks_of(const struct aur_phrase *phrase, uint64_t frames)
{
    uint64_t whole, ticks = ticks_of_bars(phrase, &whole);
    return frames / whole * ticks + (frames % whole * ticks + whole / 2) / whole;
}

static void add_tempo(struct aur_midi *midi, const struct aur_phrase *phrase)
{
    uint64_t frames, ticks = ticks_of_bars(phrase, &frames);
    double seconds = (double)frames / phrase->rate_hz;
    double us = 1e6 * seconds * TICKS_A_QUARTER / (double)ticks;
    uint32_t quarter_us = us < 0xffffff ? (uint32_t)(us + 0.5) : 0xffffff;
    unsigned char text[3] = {(unsigned char)(quarter_us >> 16), (unsigned char)(quarter_us >> 8),
                             (unsigned char)quarter_us};
    if (midi->quarter_us == quarter_us)
        return;
    midi->quarter_us = quarter_us;
    conduct(midi, 0x51, text, sizeof text);
}

/* ---- notes ---- */

static struct aur_midi_track *find_track(struct aur_midi *midi, const struct aur_patch *patch)
{
    for (size_t i = 0; i < midi->n_tracks; i++)
        if (midi->tracks[i].voice == patch->voice && strcmp(midi->tracks[i].name, patch->name) == 0)
            return &midi->tracks[i];
    struct aur_midi_track *tracks = realloc(midi->tracks, (midi->n_tracks + 1) * sizeof *tracks);
    if (!tracks)
        return NULL;
    midi->tracks = tracks;
    tracks[midi->n_tracks] = (struct aur_midi_track){.voice = patch->voice};
    memcpy(tracks[midi->n_tracks].name, patch->name, sizeof patch->name);
    return &tracks[midi->n_tracks++];
}

static bool reserve(struct aur_midi_track *track)
{
    if (track->n_notes < track->room)
        return true;
    size_t room = track->room ? 2 * track->room : 64;
    struct midi_note *notes = realloc(track->notes, room * sizeof *notes);
    if (!notes)
        return false;
    track->notes = notes;
    track->room = room;
    return true;
}

static int within(int value, int min, int max)
{
    return value < min ? min : value > max ? max : value;
}

static void add_note(struct aur_midi *midi, const struct aur_phrase *phrase, const struct aur_note *note)
{
    struct aur_midi_track *track = find_track(midi, &phrase->patches[note->patch]);
    if (!track || !reserve(track)) {
        midi->failed = true;
        return;
    }
    int64_t ticks = TICKS_A_WHOLE / phrase->meter[1], half = AUR_BEAT_ONE / 2;
    uint64_t on = midi->start_tick + (uint64_t)((note->at_q20 * ticks + half) / AUR_BEAT_ONE);
    uint64_t length = (uint64_t)((note->beats_q20 * ticks + half) / AUR_BEAT_ONE);
    int drum = sounds[track->voice].drum_key, key = (note->pitch_q16 + AUR_Q16_ONE / 2) / AUR_Q16_ONE;
    track->notes[track->n_notes] = (struct midi_note){
        .on = on,
        .off = on + (length ? length : 1),
        .order = (uint32_t)track->n_notes,
        .key = (uint8_t)within(drum ? drum : key, 0, 127),
        .velocity = (uint8_t)within((note->velocity_q16 * 127 + AUR_Q16_ONE / 2) / AUR_Q16_ONE, 1, 127),
    };
    track->n_notes++;
}

void aur_midi_add(struct aur_midi *midi, const struct aur_phrase *phrase)
{
    char marker[64];
    if (phrase->start_frame > midi->end_frame)
        midi->start_tick += ticks_of(phrase, phrase->start_frame - midi->end_frame);
    add_meter(midi, phrase);
    add_key(midi, phrase);
    add_tempo(midi, phrase);
    int len = snprintf(marker, sizeof marker, "Phrase %llu, %s", (unsigned long long)phrase->number,
                       phrase->controls.key.name);
    conduct(midi, 0x06, marker, (size_t)len);
    for (uint32_t i = 0; i < phrase->n_notes; i++)
        add_note(midi, phrase, &phrase->notes[i]);
    midi->start_tick += ticks_of(phrase, phrase->length_frames);
    midi->end_frame = phrase->start_frame + phrase->length_frames;
}

/* ---- the file ---- */

static int by_onset(const void *a, const void *b)
{
    const struct midi_note *x = a, *y = b;
    return x->on != y->on ? (x->on < y->on ? -1 : 1) : (x->order > y->order) - (x->order < y->order);
}

static int by_end(const void *a, const void *b)
{
    const struct midi_note *const *x = a, *const *y = b;
    return (*x)->off != (*y)->off ? ((*x)->off < (*y)->off ? -1 : 1) : ((*x)->order > (*y)->order ? 1 : -1);
}

/* In order of onset; of one key at most one note at a time, the louder of two that start together. */
static void sort_notes(struct aur_midi_track *track)
{
    struct midi_note *last[128] = {NULL};
    size_t kept = 0;
    if (track->n_notes)
        qsort(track->notes, track->n_notes, sizeof *track->notes, by_onset);
    for (size_t i = 0; i < track->n_notes; i++) {
        struct midi_note note = track->notes[i], *before = last[note.key];
        if (before && before->on == note.on) {
            before->off = note.off > before->off ? note.off : before->off;
            before->velocity = note.velocity > before->velocity ? note.velocity : before->velocity;
            continue;
        }
        if (before && before->off > note.on)
            before->off = note.on;
        track->notes[kept] = note;
        last[note.key] = &track->notes[kept++];
    }
    track->n_notes = kept;
}

static void put_event(struct aur_buf *out, uint64_t *now, uint64_t at, int status, int key, int value)
{
    put_length(out, at - *now);
    *now = at;
    put(out, (unsigned)(status << 16 | key << 8 | value), 3);
}

/* Ends come before onsets of the same tick. */
static void put_notes(struct aur_buf *out, const struct aur_midi_track *track, const struct midi_note **ends,
                      int channel)
{
    uint64_t now = 0;
    for (size_t on = 0, off = 0; off < track->n_notes;) {
        const struct midi_note *next = on < track->n_notes ? &track->notes[on] : NULL;
        if (next && next->on < ends[off]->off) {
            put_event(out, &now, next->on, 0x90 | channel, next->key, next->velocity);
            on++;
        } else {
            put_event(out, &now, ends[off]->off, 0x80 | channel, ends[off]->key, 64);
            off++;
        }
    }
}

static bool put_track(struct aur_buf *out, struct aur_midi_track *track, int channel)
{
    const struct midi_note **ends = malloc((track->n_notes + 1) * sizeof(struct midi_note *));
    struct aur_buf body;
    if (!ends)
        return false;
    aur_buf_init(&body);
    sort_notes(track);
    for (size_t i = 0; i < track->n_notes; i++)
        ends[i] = &track->notes[i];
    qsort(ends, track->n_notes, sizeof(struct midi_note *), by_end);
    put_meta(&body, 0, 0x03, track->name, strlen(track->name));
    if (channel != DRUMS)
        put(&body, (unsigned)((0xc0 | channel) << 8 | sounds[track->voice].program), 3); /* after a time of 0 */
    put_notes(&body, track, ends, channel);
    put_meta(&body, 0, 0x2f, "", 0);
    put_chunk(out, "MTrk", &body);
    bool ok = aur_buf_ok(&body);
    aur_buf_deinit(&body);
    free(ends);
    return ok;
}

int aur_midi_write(struct aur_midi *midi, struct aur_buf *out)
{
    struct aur_buf first;
    bool ok = !midi->failed;
    aur_buf_init(&first);
    aur_buf_add(&first, midi->conductor.data, midi->conductor.len);
    put_meta(&first, midi->start_tick - midi->conductor_tick, 0x2f, "", 0);
    aur_buf_add(out, "MThd", 4);
    put(out, 6, 4);
    put(out, 1, 2);
    put(out, midi->n_tracks + 1, 2);
    put(out, TICKS_A_QUARTER, 2);
    put_chunk(out, "MTrk", &first);
    for (size_t i = 0, channel = 0; i < midi->n_tracks && ok; i++) {
        bool drum = sounds[midi->tracks[i].voice].drum_key != 0;
        ok = put_track(out, &midi->tracks[i], drum ? DRUMS : (int)(channel % 15 + (channel % 15 >= DRUMS)));
        channel += !drum;
    }
    ok = ok && aur_buf_ok(&first) && aur_buf_ok(&midi->conductor) && aur_buf_ok(out);
    aur_buf_deinit(&first);
    return ok ? AUR_OK : AUR_ENOMEM;
}
