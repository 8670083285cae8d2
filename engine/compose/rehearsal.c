/* Rehearsals: phrases composed one after another, each with its state, and what they show kept until the end. The caller's
 * thread. */
#include "compose/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "compose/inner.h"
#include "compose/session.h"
#include "script/lexer.h"

#define WARNINGS_MAX 32
#define PITCH_LOW    12 /* MIDI notes below 16 Hz */
#define PITCH_HIGH   120

struct stage {
    const struct aur_rehearsal *of;
    bool used[AUR_PATCHES_MAX];
    struct aur_diagnostic warnings[WARNINGS_MAX];
    size_t n_warnings;
    bool heard;
    uint64_t end_ns; /* when the budget runs out; 0: never */
    bool cut_short;
};

static void keep_warning(void *user, const struct aur_diagnostic *warning)
{
    struct stage *stage = user;
    for (size_t i = 0; i < stage->n_warnings; i++)
        if (stage->warnings[i].line == warning->line && strcmp(stage->warnings[i].message, warning->message) == 0)
            return;
    if (stage->n_warnings < WARNINGS_MAX)
        stage->warnings[stage->n_warnings++] = *warning;
}

static void warn(struct stage *stage, int line, const char *fmt, ...) AUR_PRINTF(3, 4);

static void warn(struct stage *stage, int line, const char *fmt, ...)
{
    const struct aur_piece *piece = stage->of->piece;
    struct aur_diagnostic d = {.severity = AUR_SEVERITY_WARNING, .line = line};
    va_list args;
    snprintf(d.file, sizeof d.file, "%s", piece->path);
    d.column = aur_diagnostic_indent(piece->text, line);
    va_start(args, fmt);
    vsnprintf(d.message, sizeof d.message, fmt, args);
    va_end(args);
    keep_warning(stage, &d);
}

static int field_line(const struct stage *stage, const char *table, const char *name)
{
    const char *path[] = {table, name, NULL};
    return aur_lexer_find_field(stage->of->piece->text, stage->of->piece->len, path);
}

/* Whether the script names a patch or control only where it declares it. Otherwise it may well matter later. */
static bool is_idle(const struct stage *stage, const char *name)
{
    return aur_lexer_count(stage->of->piece->text, stage->of->piece->len, name) <= 1;
}

/* Whether a note's pitch is heard as one. */
static bool is_tonal(enum aur_voice voice)
{
    return voice == AUR_VOICE_PAD || voice == AUR_VOICE_LEAD || voice == AUR_VOICE_BELL || voice == AUR_VOICE_BASS ||
           voice == AUR_VOICE_PLUCK;
}

static void look_at_notes(struct stage *stage, const struct aur_phrase *phrase)
{
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        double pitch = note->pitch_q16 / 65536.0;
        stage->used[note->patch] = stage->heard = true;
        if (is_tonal(phrase->patches[note->patch].voice) && (pitch < PITCH_LOW || pitch > PITCH_HIGH))
            warn(stage, (int)note->line, "note: pitch: %g is %s to be heard as a pitch (middle C is 60)", pitch,
                 pitch < PITCH_LOW ? "too low" : "too high");
    }
}

static uint64_t hash_phrase(const struct aur_phrase *phrase, const char *state, uint64_t hash)
{
    hash = aur_hash64(&phrase->bars, sizeof phrase->bars, hash);
    for (uint32_t i = 0; i < phrase->n_notes; i++) {
        const struct aur_note *note = &phrase->notes[i];
        int64_t values[] = {note->at_q20,       note->beats_q20, note->pitch_q16,
                            note->velocity_q16, note->pan_q16,   note->patch};
        hash = aur_hash64(values, sizeof values, hash);
    }
    for (uint32_t i = 0; i < phrase->n_chords; i++)
        hash = aur_hash64(phrase->chords[i].pitches_q16, sizeof phrase->chords[i].pitches_q16, hash);
    return aur_hash64(state, strlen(state), hash);
}

/* The phrases with these controls. *hash: of what they hold. */
static int play(struct stage *stage, const struct aur_controls *controls, bool as_they_start, uint64_t *hash,
                struct aur_error *err)
{
    const struct aur_rehearsal *of = stage->of;
    struct aur_session session;
    aur_session_init(&session, of->piece, of->seed, of->rate_hz);
    int rc = AUR_OK;
    *hash = AUR_HASH_START;
    for (uint32_t i = 0; rc == AUR_OK && i < of->phrases; i++) {
        struct aur_compose_request request = {
            .seed = of->seed,
            .number = session.next_ordinal,
            .start_frame = session.next_frame,
            .rate_hz = of->rate_hz,
            .controls = controls,
            .state = session.state,
        };
        struct aur_phrase *phrase = NULL;
        char *state = NULL;
        rc = aur_piece_compose_watched(of->piece, &request, &phrase, &state, keep_warning, stage, err);
        if (rc != AUR_OK)
            break;
        look_at_notes(stage, phrase);
        *hash = hash_phrase(phrase, state, *hash);
        if (as_they_start && of->on_phrase)
            of->on_phrase(of->user, phrase);
        free(session.state);
        session.state = state;
        aur_session_skip(&session, phrase);
        aur_phrase_free(phrase);
    }
    aur_session_deinit(&session);
    return rc;
}

/* Adds which control it was to the first line of the error. */
static void name_control(struct aur_error *err, const char *name, double value)
{
    char whole[sizeof err->message + AUR_CONTROL_NAME_SIZE + 48];
    size_t line = strcspn(err->message, "\n");
    snprintf(whole, sizeof whole, "%.*s (with %s = %g)%s", (int)line, err->message, name, value, err->message + line);
    snprintf(err->message, sizeof err->message, "%.*s", (int)sizeof err->message - 1, whole);
}

static int play_with(struct stage *stage, const char *name, double value, uint64_t *hash, struct aur_error *err)
{
    struct aur_controls controls = *stage->of->controls;
    int rc = aur_controls_set(&controls, &stage->of->piece->info.controls, name, value, err);
    if (rc != AUR_OK)
        return rc;
    rc = play(stage, &controls, false, hash, err);
    if (err && (rc == AUR_ESCRIPT || rc == AUR_ELIMIT))
        name_control(err, name, value);
    return rc;
}

/* With one control at both its ends. */
static int play_ends(struct stage *stage, const char *name, double min, double max, bool of_the_piece,
                     struct aur_error *err)
{
    uint64_t low, high;
    stage->cut_short |= stage->end_ns && aur_clock_mono_ns() > stage->end_ns;
    if (stage->cut_short)
        return AUR_OK;
    int rc = play_with(stage, name, min, &low, err);
    if (rc == AUR_OK)
        rc = play_with(stage, name, max, &high, err);
    if (rc == AUR_OK && of_the_piece && low == high && is_idle(stage, name))
        warn(stage, field_line(stage, "controls", name), "controls.%s: the script does not use it", name);
    return rc;
}

static int play_all(struct stage *stage, struct aur_error *err)
{
    const struct aur_control_specs *specs = &stage->of->piece->info.controls;
    uint64_t hash;
    int rc = play(stage, stage->of->controls, true, &hash, err);
    for (const struct aur_control_builtin *b = aur_control_builtins; rc == AUR_OK && b->name; b++)
        rc = play_ends(stage, b->name, b->min, b->max, false, err);
    for (size_t i = 0; rc == AUR_OK && i < specs->n; i++)
        rc = play_ends(stage, specs->items[i].name, specs->items[i].min, specs->items[i].max, true, err);
    return rc;
}

int aur_rehearse(const struct aur_rehearsal *rehearsal, struct aur_error *err)
{
    const struct aur_piece_info *info = &rehearsal->piece->info;
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", rehearsal->piece->path);
    stage->of = rehearsal;
    stage->end_ns = rehearsal->budget_ns ? aur_clock_mono_ns() + rehearsal->budget_ns : 0;
    int rc = play_all(stage, err);
    if (rc == AUR_OK && !stage->cut_short && !stage->heard && info->n_patches > 0)
        warn(stage,
             aur_lexer_find_field(rehearsal->piece->text, rehearsal->piece->len, (const char *[]){"phrase", NULL}),
             "phrase: it plays no note, whatever the controls");
    for (uint32_t i = 0; rc == AUR_OK && !stage->cut_short && i < info->n_patches; i++)
        if (!stage->used[i] && is_idle(stage, info->patches[i].name))
            warn(stage, field_line(stage, "patches", info->patches[i].name), "patches.%s: the script does not use it",
                 info->patches[i].name);
    for (size_t i = 0; rc == AUR_OK && rehearsal->on_warning && i < stage->n_warnings; i++)
        rehearsal->on_warning(rehearsal->user, &stage->warnings[i]);
    free(stage);
    return rc;
}
