/* What is armed, and who asks for it: any thread but a render worker, under the lock. Composing with it is swap.c's. */
#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"

static const struct aur_control_specs *specs_of(const struct aur_piece *piece)
{
    return &aur_piece_describe(piece)->controls;
}

/* ---- where a bar swap can be: under the lock ---- */

uint64_t aur_channel_bar_line(const struct aur_channel *ch, const struct aur_phrase_record *record, int *bars)
{
    uint64_t from = aur_channel_published(ch) + (uint64_t)ch->rate_hz * AUR_COMMIT_LEAD_SECONDS;
    if (!record->piece)
        return 0;
    int64_t beats = aur_piece_describe(record->piece)->meter[0];
    for (*bars = 1; *bars < record->bars; ++*bars) {
        uint64_t at =
            record->start_frame + aur_tempo_frames(*bars * beats * AUR_BEAT_ONE, record->controls.bpm, ch->rate_hz);
        if (at >= from)
            return at < record->start_frame + record->length_frames ? at : 0;
    }
    return 0;
}

/* The next bar line that a piece armed for a bar can take; 0: none. */
static uint64_t next_bar(const struct aur_channel *ch, enum aur_swap swap)
{
    const struct aur_session *session = &ch->compose.session;
    const struct aur_phrase_record *last = &ch->shared.records[(session->next_number - 1) % AUR_CHANNEL_RECORDS];
    int bars;
    return swap == AUR_SWAP_BAR && !ch->shared.composing && !ch->shared.turn.at.piece
               ? aur_channel_bar_line(ch, last, &bars)
               : 0;
}

/* The first phrase that a piece armed now would compose. */
static struct aur_msg_phrase first_phrase(const struct aur_channel *ch, const struct aur_piece *piece,
                                          enum aur_swap swap)
{
    const struct aur_session *session = &ch->compose.session;
    struct aur_msg_phrase open = aur_channel_open(ch);
    struct aur_controls controls;
    aur_controls_default(&controls, specs_of(piece));
    const struct aur_turn *turn = &ch->shared.turn;
    if (turn->at.piece)
        aur_controls_carry(&controls, specs_of(piece), &turn->at.controls, specs_of(turn->at.piece));
    else
        aur_controls_carry(&controls, specs_of(piece), &ch->shared.controls, specs_of(session->piece));
    struct aur_msg_phrase out = aur_channel_coming(ch, piece, &controls, open.phrase, 0);
    out.sounds_in_ms = open.sounds_in_ms;
    if (turn->at.piece) { /* that comes first: its phrase is taken to be as long as the one before it */
        out.phrase++;
        out.sounds_in_ms += aur_channel_frames_ms(ch, ch->compose.last ? ch->compose.last->length_frames : 0);
        return out;
    }
    uint64_t bar = next_bar(ch, swap);
    if (bar)
        out.sounds_in_ms = aur_channel_frames_ms(ch, bar - aur_channel_published(ch));
    return out;
}

/* ---- any thread but a render worker ---- */

void aur_channel_arm(struct aur_channel *ch, struct aur_msg_phrase *reply, struct aur_piece *piece, enum aur_swap swap)
{
    struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    struct aur_piece *old = s->armed;
    s->armed = aur_piece_ref(piece);
    s->armed_swap = swap;
    *reply = first_phrase(ch, piece, swap);
    aur_channel_event_piece(ch, AUR_SCRIPT_ARMED, piece, reply, NULL);
    aur_lock_drop(&ch->lock);
    aur_log(ch->log, AUR_LOG_INFO, ch->name, "%s of version %s takes over with phrase %llu in %.1f s",
            aur_piece_name(piece), aur_piece_marks(piece)->version, (unsigned long long)reply->phrase,
            reply->sounds_in_ms / 1000);
    aur_piece_free(old);
    aur_channel_wake(ch);
}

bool aur_channel_disarm(struct aur_channel *ch)
{
    aur_lock_take(&ch->lock);
    struct aur_piece *old = ch->shared.armed;
    ch->shared.armed = NULL;
    if (old) {
        struct aur_msg_phrase current = aur_channel_current(ch);
        aur_channel_event_piece(ch, AUR_SCRIPT_PLAYING, ch->compose.session.piece, &current, NULL);
    }
    aur_lock_drop(&ch->lock);
    if (old)
        aur_log(ch->log, AUR_LOG_INFO, ch->name, "the waiting edit is taken back");
    bool any = old != NULL;
    aur_piece_free(old);
    aur_channel_wake(ch);
    return any;
}

void aur_channel_refuse(struct aur_channel *ch, const char *script, const char *version, const struct aur_error *err)
{
    aur_log(ch->log, AUR_LOG_ERROR, ch->name, "%s%s%s is refused: %s", script, *version ? " of version " : "", version,
            err->message);
    aur_lock_take(&ch->lock);
    struct aur_msg_phrase current = aur_channel_current(ch);
    aur_channel_event_script(ch, AUR_SCRIPT_REFUSED, script, version, &current, err);
    aur_lock_drop(&ch->lock);
    aur_channel_wake(ch);
}

void aur_channel_hashes(struct aur_channel *ch, char armed[AUR_PIECE_HASH_SIZE], char composing[AUR_PIECE_HASH_SIZE])
{
    aur_lock_take(&ch->lock);
    if (armed)
        strcpy(armed, ch->shared.armed ? aur_piece_marks(ch->shared.armed)->hash : "");
    if (composing)
        strcpy(composing, aur_piece_marks(aur_channel_next_piece(ch))->hash);
    aur_lock_drop(&ch->lock);
}

int aur_channel_place(struct aur_channel *ch, struct aur_channel_place *out, struct aur_error *err)
{
    const struct aur_session *session = &ch->compose.session;
    const struct aur_shared_side *s = &ch->shared;
    aur_lock_take(&ch->lock);
    const struct aur_standing *turn = s->turn.at.piece ? &s->turn.at : NULL;
    const char *state = turn ? turn->state : session->state;
    uint64_t bar = s->armed ? next_bar(ch, s->armed_swap) : 0;
    *out = (struct aur_channel_place){
        .piece = aur_piece_ref(aur_channel_next_piece(ch)),
        .armed = s->armed && !s->composing && !turn ? aur_piece_ref(s->armed) : NULL,
        .armed_frame = bar ? bar : session->next_frame,
        .state = state ? strdup(state) : NULL,
        .seed = turn ? turn->seed : session->seed,
        .number = session->next_number,
        .ordinal = turn ? turn->ordinal : session->next_ordinal,
        .start_frame = session->next_frame,
        .rate_hz = session->rate_hz,
        .controls = *aur_channel_next_controls(ch),
    };
    bool failed = state && !out->state;
    aur_lock_drop(&ch->lock);
    if (!failed)
        return AUR_OK;
    aur_channel_place_deinit(out);
    return aur_error_set(err, AUR_ENOMEM, "out of memory");
}

void aur_channel_place_deinit(struct aur_channel_place *place)
{
    aur_piece_free(place->piece);
    aur_piece_free(place->armed);
    free(place->state);
    memset(place, 0, sizeof *place);
}
