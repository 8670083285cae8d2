/* Composing and rendering in one loop, on the thread of the render. The only difference to a live channel is that nobody
 * waits for a clock: both hand the same phrases to the same synth before they sound, so the samples are the same. */
#include "bounce/player.h"

#include <stdlib.h>
#include <string.h>

int aur_player_init(struct aur_player *player, const struct aur_player_config *config, struct aur_error *err)
{
    memset(player, 0, sizeof *player);
    player->config = *config;
    aur_session_init(&player->session, config->piece, config->seed, config->synth.rate_hz);
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

/* False: the synth takes no more for now. */
static bool commit(struct aur_player *player)
{
    int slot = 0;
    while (slot < AUR_PLAYER_HELD - 1 && player->held[slot])
        slot++;
    if (player->held[slot] || aur_synth_commit(player->synth, player->waiting))
        return false;
    player->held[slot] = player->waiting;
    player->waiting = NULL;
    return true;
}

/* Commits what is due at `now`. *until: the frame to which rendering may go on before the next call. */
static int commit_due(struct aur_player *player, uint64_t now, uint64_t *until, struct aur_error *err)
{
    const uint64_t lead = (uint64_t)AUR_COMMIT_LEAD_SECONDS * player->session.rate_hz;
    *until = UINT64_MAX;
    for (;;) {
        if (player->waiting && !commit(player)) {
            *until = now + AUR_BLOCK_FRAMES;
            return AUR_OK;
        }
        const uint64_t next = player->session.next_frame;
        if (next >= player->config.stop_frame)
            return AUR_OK;
        if (next > now + lead) {
            *until = next - lead;
            return AUR_OK;
        }
        int rc = compose(player, err);
        if (rc)
            return rc;
    }
}

int aur_player_pull(struct aur_player *player, float *out, size_t frames, struct aur_error *err)
{
    while (frames) {
        uint64_t now = aur_synth_frame(player->synth), until;
        int rc = commit_due(player, now, &until, err);
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
