/* Channels that come and go while others play. On the scripts worker, because composing a first phrase runs a script, and
 * because whatever else still knows a channel by its address is on this thread, or ahead in its queue: once a channel's end
 * is its turn, nobody asks for it any more. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "channel/scripts_desk.h"
#include "channel/scripts_worker.h"

/* What a channel that follows the file plays: it is known to work, with every edit that was taken. Not what it was rolled back to,
 * if that is another script. A reference, or NULL. */
static struct aur_piece *piece_that_plays(const struct aur_scripts *scripts, const char *path, const char *called)
{
    const struct aur_scripts_worker *w = scripts->worker;
    for (size_t i = 0; i < w->n_looked; i++) {
        struct aur_channel_place place;
        if (strcmp(w->follows[i].path, path) != 0 || aur_channel_place(w->follows[i].channel, &place, NULL) < 0)
            continue;
        bool is_it = *called == '.' || strcmp(aur_piece_name(place.piece), called) == 0;
        struct aur_piece *piece = is_it ? aur_piece_ref(place.piece) : NULL;
        aur_channel_place_deinit(&place);
        if (piece)
            return piece;
    }
    return NULL;
}

/* As it is on disk. */
static struct aur_piece *load(const struct aur_scripts *scripts, const char *path, const char *called,
                              struct aur_error *err)
{
    struct aur_piece *piece = NULL;
    struct stat about;
    if (stat(path, &about) != 0 || !S_ISREG(about.st_mode)) {
        (void)!aur_error_set(err, AUR_ENOTFOUND, "%s: is not a file", called);
        return NULL;
    }
    struct aur_piece_source source = aur_scripts_source(scripts, path, called);
    return aur_piece_load(&piece, &source, err) == AUR_OK ? piece : NULL;
}

static int start(struct aur_scripts *scripts, struct aur_channel **out, const struct aur_opening *opening,
                 const struct aur_piece *piece, struct aur_error *err)
{
    const struct aur_piece_info *info = aur_piece_describe(piece);
    struct aur_channel_config config = *scripts->opening;
    config.name = opening->name;
    config.piece = piece;
    config.seed = opening->seed;
    config.controls = info->start;
    config.unlisted = true;
    aur_wanted_apply_known(&opening->wanted, &config.controls, &info->controls);
    return aur_station_add(scripts->station, out, &config, err);
}

/* With what plays already, or with the text on disk; where neither works, with what the asker brought. */
static int start_best(struct aur_scripts *scripts, struct aur_channel **out, const struct aur_opening *opening,
                      const char *path, const char *called, struct aur_error *err)
{
    struct aur_piece *piece = piece_that_plays(scripts, path, called);
    if (!piece)
        piece = load(scripts, path, called, err);
    int rc = piece ? start(scripts, out, opening, piece, err) : AUR_ESCRIPT;
    if ((rc == AUR_ESCRIPT || (rc == AUR_ELIMIT && piece)) && opening->piece != piece) {
        aur_log(scripts->log, AUR_LOG_WARNING, "scripts", "a private channel begins with a former text: %s",
                err->message);
        rc = start(scripts, out, opening, opening->piece, err);
    }
    aur_piece_free(piece);
    return rc;
}

int aur_scripts_open(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                     struct aur_scripts_reply *reply)
{
    const struct aur_opening *opening = request->opening;
    struct aur_error err = {0};
    struct aur_channel *channel = NULL;
    char called[AUR_SCRIPTS_NAME_SIZE], *path = NULL;
    int rc = scripts->station ? aur_scripts_find(scripts, &path, called, opening->script, &err)
                              : aur_error_set(&err, AUR_ENOTSUP, "no channels can be opened here");
    if (rc == AUR_OK && path)
        rc = start_best(scripts, &channel, opening, path, called, &err);
    if (rc == AUR_OK)
        rc = aur_scripts_follow(scripts, channel, opening->script, &err);
    if (rc < 0 && channel)
        aur_station_remove(scripts->station, channel);
    free(path);
    aur_scripts_shorten(scripts, err.message);
    if (rc == AUR_OK)
        reply->channel = channel;
    else
        aur_buf_text(&reply->body, err.message);
    return reply->code = rc;
}

int aur_scripts_close(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply)
{
    if (scripts->desk->preview.channel == request->channel)
        aur_preview_deinit(&scripts->desk->preview);
    aur_scripts_unfollow(scripts, request->channel);
    aur_station_remove(scripts->station, request->channel);
    malloc_trim(0); /* a channel has megabytes of rings, which the C library would keep */
    return reply->code = AUR_OK;
}
