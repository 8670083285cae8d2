/* Composing and rendering in one loop, on the thread of the render. The only difference to a live channel is that nobody
 * waits for a clock: both hand the same phrases to the same synth before they sound, so the samples are the same. A replay
 * differs in where phrases come from, and in live controls that act on the way. */
#include "bounce/player.h"

#include <stdlib.h>
#include <string.h>

#include "bounce/part.h"

int aur_player_init(struct aur_player *player, const struct aur_player_config *config, struct aur_error *err)
{
    memset(player, 0, sizeof *player);
    player->config = *config;
    aur_session_init(&player->session, config->piece, config->seed, config->synth.rate_hz);
    const uint64_t lead = config->lead_frames < config->from_frame ? config->lead_frames : config->from_frame;
    if (config->replay)
        return aur_replay_seek(config->replay, &player->synth, &player->held[0], &config->synth,
                               config->from_frame - lead, err);
    int rc = aur_synth_new(&player->synth, &config->synth, err);
    if (rc)
        return rc;
    const struct aur_controls *controls = &player->config.controls;
    const struct aur_live live = {(float)controls->level, (float)controls->brightness, (float)controls->intensity};
    aur_synth_live(player->synth, &live);
    return AUR_OK;
}

void aur_player_deinit(struct aur_player *player)
{
    if (player->synth)
        aur_synth_free(player->synth);
    player->synth = NULL;
    for (int i = 0; i < AUR_PLAYER_HELD; i++) {
        aur_phrase_free(player->held[i]);
        player->held[i] = NULL;
    }
    aur_phrase_free(player->waiting);
    player->waiting = NULL;
    aur_session_deinit(&player->session);
}

static void free_retired(struct aur_player *player)
{
    for (const struct aur_phrase *phrase; (phrase = aur_synth_retired(player->synth));)
        for (int i = 0; i < AUR_PLAYER_HELD; i++)
            if (player->held[i] == phrase) {
                aur_phrase_free(player->held[i]);
                player->held[i] = NULL;
                break;
            }
}

/* Drops what starts at or after stop_frame and ends there what sounds. */
static int cut_phrase(struct aur_phrase **phrase, uint64_t stop_frame, struct aur_error *err)
{
    const uint64_t stop = (stop_frame + AUR_BLOCK_FRAMES - 1) / AUR_BLOCK_FRAMES * AUR_BLOCK_FRAMES;
    struct aur_phrase header = **phrase, *shorter;
    struct aur_note *notes = calloc(header.n_notes + 1, sizeof *notes);
    if (!notes)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    header.n_notes = 0;
    for (uint32_t i = 0; i < (*phrase)->n_notes; i++) {
        struct aur_note note = (*phrase)->notes[i];
        if (note.on_frame >= stop)
            continue;
        note.off_frame = note.off_frame < stop ? note.off_frame : stop;
        notes[header.n_notes++] = note;
    }
    int rc = aur_phrase_new(&shorter, &header, header.patches, notes, header.chords);
    free(notes);
    if (rc)
        return aur_error_set(err, rc, "out of memory");
    aur_phrase_free(*phrase);
    *phrase = shorter;
    return AUR_OK;
}

static int compose(struct aur_player *player, struct aur_error *err)
{
    struct aur_phrase *phrase;
    int rc = aur_session_next(&player->session, &phrase, &player->config.controls, err);
    if (rc)
        return rc;
    player->waiting = phrase;
    if (player->config.cut)
        rc = cut_phrase(&player->waiting, player->config.stop_frame, err);
    if (!rc && player->config.on_phrase)
        player->config.on_phrase(player->config.user, player->waiting);
    return rc;
}

/* Tells what of the replayed phrase, which is over at `end`, can be heard. */
static int tell_part(const struct aur_player *player, const struct aur_phrase *phrase, uint64_t end,
                     struct aur_error *err)
{
    const struct aur_player_config *config = &player->config;
    const uint64_t from = phrase->start_frame > config->from_frame ? phrase->start_frame : config->from_frame;
    const uint64_t to = end < config->stop_frame ? end : config->stop_frame;
    const bool cut = end < phrase->start_frame + phrase->length_frames;
    struct aur_phrase *heard;
    if (!config->on_phrase || from >= to)
        return AUR_OK;
    if (aur_phrase_part(&heard, phrase, &(struct aur_part){from, to, config->from_frame, cut}) < 0)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    config->on_phrase(config->user, heard);
    aur_phrase_free(heard);
    return AUR_OK;
}

/* The phrase that comes next in the replay, which ends at `end`. */
static int recompose(struct aur_player *player, uint64_t end, struct aur_error *err)
{
    int rc = aur_replay_phrase(player->config.replay, &player->waiting, err);
    return rc ? rc : tell_part(player, player->waiting, end, err);
}

/* AUR_EBUSY: the synth takes no more for now. */
static int commit(struct aur_player *player, struct aur_error *err)
{
    int slot = 0;
    while (slot < AUR_PLAYER_HELD - 1 && player->held[slot])
        slot++;
    int rc = player->held[slot] ? AUR_EBUSY : aur_synth_commit(player->synth, player->waiting);
    if (rc == AUR_EBUSY)
        return rc;
    if (rc)
        return aur_error_set(err, AUR_EIO,
                             "phrase %llu cannot be played: it has another rate, or begins before the one before it",
                             (unsigned long long)player->waiting->number);
    player->held[slot] = player->waiting;
    player->waiting = NULL;
    return AUR_OK;
}

/* Live controls of a replay that act from `now` on. *until: where the next ones do. */
static int apply_live(struct aur_player *player, uint64_t now, uint64_t *until, struct aur_error *err)
{
    struct aur_replay *replay = player->config.replay;
    struct aur_replay_due due = {.live_frame = AUR_REPLAY_NEVER};
    int rc = replay ? aur_replay_due(replay, &due, err) : AUR_OK;
    while (!rc && due.live_frame <= now) {
        const struct aur_live live = aur_replay_live(replay);
        aur_synth_live(player->synth, &live);
        rc = aur_replay_due(replay, &due, err);
    }
    *until = due.live_frame;
    return rc;
}

/* Makes the phrase that is due at `now` the waiting one; if none is, *until is no later than when one will be. */
static int next_phrase(struct aur_player *player, uint64_t now, uint64_t *until, struct aur_error *err)
{
    const struct aur_player_config *config = &player->config;
    const uint64_t lead = (uint64_t)AUR_COMMIT_LEAD_SECONDS * player->session.rate_hz;
    struct aur_replay_due due = {.phrase_frame = player->session.next_frame};
    int rc = config->replay ? aur_replay_due(config->replay, &due, err) : AUR_OK;
    if (rc || due.phrase_frame >= config->stop_frame)
        return rc;
    if (due.phrase_frame <= now + lead)
        return config->replay ? recompose(player, due.phrase_end, err) : compose(player, err);
    if (due.phrase_frame - lead < *until)
        *until = due.phrase_frame - lead;
    return AUR_OK;
}

/* Does what is due at `now`. *until: the frame to which rendering may go on before the next call. */
static int do_due(struct aur_player *player, uint64_t now, uint64_t *until, struct aur_error *err)
{
    int rc = apply_live(player, now, until, err);
    while (!rc) {
        if (player->waiting)
            rc = commit(player, err);
        if (!rc)
            rc = next_phrase(player, now, until, err);
        if (!rc && !player->waiting)
            return AUR_OK;
    }
    if (rc != AUR_EBUSY)
        return rc;
    if (now + AUR_BLOCK_FRAMES < *until)
        *until = now + AUR_BLOCK_FRAMES;
    return AUR_OK;
}

int aur_player_approach(struct aur_player *player, float *scratch, size_t frames, uint64_t *left, struct aur_error *err)
{
    const uint64_t from = player->config.from_frame, now = aur_synth_frame(player->synth);
    *left = now < from ? from - now : 0;
    const size_t n = *left < frames ? (size_t)*left : frames;
    *left -= n;
    return n ? aur_player_pull(player, scratch, n, err) : AUR_OK;
}

int aur_player_pull(struct aur_player *player, float *out, size_t frames, struct aur_error *err)
{
    while (frames) {
        uint64_t now = aur_synth_frame(player->synth), until;
        int rc = do_due(player, now, &until, err);
        if (rc)
            return rc;
        size_t part = until - now < frames ? (size_t)(until - now) : frames;
        aur_synth_render(player->synth, out, part);
        free_retired(player);
        out += 2 * part;
        frames -= part;
    }
    return AUR_OK;
}
