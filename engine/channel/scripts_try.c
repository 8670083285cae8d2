/* An edit's way from a text to a channel: loaded in a fresh VM, rehearsed on the channel's state as it is now, armed. On
 * the scripts worker, so that a text that takes its whole budget holds up nothing but other edits.
 *
 * A text that fails is told once. It is tried again when it is saved again, unless it did not even load: then it would
 * not now. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "channel/branch.h"
#include "channel/scripts_worker.h"
#include "compose/session.h"

#define WRITING_NS 50000000   /* a file that was written so lately may not be complete; the watch waits for longer */
#define CHEAP_NS   100000000u /* a phrase that took no longer is followed by a second one */

/* ---- loading ---- */

struct aur_piece_source aur_scripts_source(const struct aur_scripts *scripts, const char *path, const char *name)
{
    return (struct aur_piece_source){
        .path = path,
        .name = name,
        .lib_dir = *scripts->lib_dir ? scripts->lib_dir : NULL,
        .root = scripts->folder,
        .limits = scripts->limits,
        .log = scripts->log,
        .tables = scripts->tables,
    };
}

/* ---- rehearsing ---- */

/* Composes a phrase from the state, which becomes the state after it. */
static int rehearse_phrase(struct aur_session *session, const struct aur_controls *controls, struct aur_error *err)
{
    struct aur_phrase *phrase;
    int rc = aur_session_next(session, &phrase, controls, err);
    if (rc == AUR_OK)
        aur_phrase_free(phrase);
    return rc;
}

/* A phrase, and another one if that is cheap, from where `session` stands. */
static int rehearse_from(struct aur_session *session, const struct aur_controls *controls, struct aur_error *err)
{
    uint64_t began = aur_clock_mono_ns();
    int rc = rehearse_phrase(session, controls, err);
    if (rc == AUR_OK && aur_clock_mono_ns() - began < CHEAP_NS)
        rc = rehearse_phrase(session, controls, err);
    return rc;
}

/* On a channel's state and controls as they are now. */
static int rehearse(struct aur_channel *channel, const struct aur_piece *piece, struct aur_error *err)
{
    struct aur_channel_place place;
    struct aur_session session;
    struct aur_controls controls;
    int rc = aur_channel_place(channel, &place, err);
    if (rc < 0)
        return rc;
    const struct aur_control_specs *specs = &aur_piece_describe(piece)->controls;
    aur_controls_default(&controls, specs);
    aur_controls_carry(&controls, specs, &place.controls, &aur_piece_describe(place.piece)->controls);
    aur_session_init(&session, piece, place.seed, place.rate_hz);
    session.next_number = place.number;
    session.next_ordinal = place.ordinal;
    session.next_frame = place.start_frame;
    rc = aur_piece_migrate(piece, &session.state, place.state, err);
    if (rc == AUR_OK)
        rc = rehearse_from(&session, &controls, err);
    aur_session_deinit(&session);
    aur_channel_place_deinit(&place);
    return rc;
}

/* A piece that nobody plays, from its start with the controls it wants. */
static int rehearse_alone(const struct aur_piece *piece, struct aur_error *err)
{
    struct aur_session session;
    aur_session_init(&session, piece, 1, 44100);
    int rc = rehearse_from(&session, &aur_piece_describe(piece)->start, err);
    aur_session_deinit(&session);
    return rc;
}

/* ---- what was saved ---- */

static void forget_files(struct aur_follow *follow)
{
    for (size_t i = 0; i < follow->n_files; i++)
        free(follow->files[i]);
    follow->n_files = 0;
}

static void watch_folder_of(struct aur_scripts *scripts, const char *path)
{
    char folder[PATH_MAX];
    struct aur_error err;
    const char *slash = strrchr(path, '/');
    size_t n = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    if (n == 0 || n >= sizeof folder)
        return;
    memcpy(folder, path, n);
    folder[n] = '\0';
    if (aur_watch_folder(scripts->worker->watch, folder, &err) < 0)
        aur_log(scripts->log, AUR_LOG_WARNING, "scripts", "%s", err.message);
}

struct lister {
    struct aur_scripts *scripts;
    struct aur_follow *follow;
};

/* A file of the piece: the folder it is in is watched, and that of the file a link leads to. */
static void note_file(void *user, const char *path, const char *text)
{
    struct lister *lister = user;
    struct aur_follow *follow = lister->follow;
    char real[PATH_MAX], version[AUR_VERSION_SIZE];
    const char *name = aur_scripts_name_of(lister->scripts, path);
    watch_folder_of(lister->scripts, path);
    if (realpath(path, real) && strcmp(real, path) != 0)
        watch_folder_of(lister->scripts, real);
    if (follow->n_files < AUR_SCRIPTS_FILES && (follow->files[follow->n_files] = strdup(path)))
        follow->n_files++;
    if (text && name != path && aur_scripts_see(lister->scripts, version, NULL, name, NULL) < 0)
        return; /* gone again: the next look tells */
}

static void note_files(struct aur_scripts *scripts, struct aur_follow *follow, const struct aur_piece *piece)
{
    struct lister lister = {scripts, follow};
    forget_files(follow);
    aur_piece_files(piece, note_file, &lister);
}

static void knew_file(void *user, const char *path, const char *text)
{
    struct aur_scripts *scripts = user;
    const char *name = aur_scripts_name_of(scripts, path);
    if (text && name != path)
        aur_scripts_knew(scripts, name, text);
}

void aur_scripts_begin(struct aur_scripts *scripts, struct aur_follow *follow)
{
    struct aur_channel_place place;
    if (aur_channel_place(follow->channel, &place, NULL) == AUR_OK) {
        aur_piece_files(place.piece, knew_file, scripts);
        aur_channel_place_deinit(&place);
    }
    aur_scripts_turn(scripts, follow);
    follow->turned = false;
    follow->first = true;
    watch_folder_of(scripts, follow->path);
    aur_scripts_look(scripts, follow);
}

/* Files by their names in the folder, the script first where the error names none. */
static void refuse(struct aur_scripts *scripts, struct aur_follow *follow, const struct aur_error *err)
{
    struct aur_error named = *err;
    aur_scripts_shorten(scripts, named.message);
    aur_channel_refuse(follow->channel, follow->name, follow->tried.version, &named);
}

/* Opening what is no file, a pipe say, could take forever. */
static int check_file(const struct aur_follow *follow, struct aur_error *err)
{
    struct stat about;
    if (stat(follow->path, &about) == 0 && !S_ISREG(about.st_mode))
        return aur_error_set(err, AUR_ENOTFOUND, "%s: is not a file", follow->name);
    return AUR_OK;
}

/* Without a file what plays goes on. */
static bool is_gone(struct aur_scripts *scripts, struct aur_follow *follow)
{
    bool gone = access(follow->path, F_OK) != 0;
    if (gone && !follow->gone) {
        aur_log(scripts->log, AUR_LOG_WARNING, "scripts", "%s is gone; what plays goes on until it is back",
                follow->name);
        aur_scripts_keep_seen(scripts);
    }
    follow->gone = gone;
    return gone;
}

/* Whether there is nothing to do for a text with these marks. */
static bool is_known(struct aur_follow *follow, const struct aur_piece_marks *marks, bool loads)
{
    char armed[AUR_PIECE_HASH_SIZE], composing[AUR_PIECE_HASH_SIZE];
    aur_channel_hashes(follow->channel, armed, composing);
    bool same = strcmp(marks->hash, follow->tried.hash) == 0, saved = follow->saved;
    if (follow->turned && !saved)
        return true;
    if (!loads)
        return same && follow->failed && (*marks->hash || !saved); /* without one nothing was read */
    if (strcmp(marks->hash, composing) == 0)
        return aur_channel_disarm(follow->channel), true;
    if (follow->first && !saved && aur_channel_knows(follow->channel, marks->hash))
        return true;
    return strcmp(marks->hash, armed) == 0 || (same && !saved);
}

/* What failed may have been read while it was being written: then it is looked at once more, when that is over. */
static bool postpone(struct aur_scripts *scripts, struct aur_follow *follow, const struct timespec *began)
{
    struct stat about;
    if (follow->postponed || stat(follow->path, &about) != 0)
        return false;
    int64_t age_ns =
        (int64_t)(began->tv_sec - about.st_mtim.tv_sec) * 1000000000 + began->tv_nsec - about.st_mtim.tv_nsec;
    if (age_ns > WRITING_NS)
        return false;
    follow->tried.hash[0] = '\0';
    aur_scripts_look_again(scripts, follow);
    return true;
}

void aur_scripts_look(struct aur_scripts *scripts, struct aur_follow *follow)
{
    struct aur_piece_source source;
    struct aur_piece_marks marks = {.version = ""};
    struct aur_piece *piece = NULL;
    struct aur_msg_phrase first;
    struct aur_error err = {0};
    struct timespec began;
    clock_gettime(CLOCK_REALTIME, &began);
    aur_scripts_turn(scripts, follow);
    source = aur_scripts_source(scripts, follow->path, follow->name);
    if (is_gone(scripts, follow) || aur_scripts_desk_turn(scripts, &err) != AUR_OK)
        return;
    source.marks = &marks;
    int rc = check_file(follow, &err);
    if (rc == AUR_OK)
        rc = aur_piece_load(&piece, &source, &err);
    bool known = is_known(follow, &marks, rc == AUR_OK);
    follow->tried = marks;
    follow->failed = rc < 0;
    follow->saved = follow->changed = follow->turned = follow->first = false;
    if (rc == AUR_OK) {
        note_files(scripts, follow, piece);
        if (!known)
            rc = rehearse(follow->channel, piece, &err);
    }
    bool postponed = rc < 0 && !known && postpone(scripts, follow, &began);
    if (rc < 0 && !known && !postponed) {
        aur_scripts_keep_seen(scripts);
        refuse(scripts, follow, &err);
    }
    follow->postponed = postponed;
    if (rc == AUR_OK && !known)
        aur_channel_arm(follow->channel, &first, piece, scripts->swap);
    aur_piece_free(piece);
}

/* ---- a text from elsewhere ---- */

static bool is_made_of(const struct aur_follow *follow, const char *path)
{
    for (size_t i = 0; i < follow->n_files; i++)
        if (strcmp(follow->files[i], path) == 0)
            return true;
    return strcmp(follow->path, path) == 0;
}

static int try_alone(struct aur_scripts *scripts, struct aur_scripts_trial *out, const struct aur_piece_text *instead,
                     const char *name, struct aur_error *err)
{
    struct aur_piece_source source = aur_scripts_source(scripts, instead->path, name);
    bool is_piece = false;
    source.instead = instead;
    source.n_instead = 1;
    int rc = aur_piece_run_text(&source, &is_piece, err);
    if (rc < 0 || !is_piece)
        return rc;
    rc = aur_piece_load(&out->alone, &source, err);
    return rc == AUR_OK ? rehearse_alone(out->alone, err) : rc;
}

static int try_on(struct aur_scripts *scripts, struct aur_scripts_trial *out, const struct aur_follow *follow,
                  const struct aur_piece_text *instead, struct aur_error *err)
{
    struct aur_piece_source source = aur_scripts_source(scripts, follow->path, follow->name);
    struct aur_piece *piece = NULL;
    source.instead = instead;
    source.n_instead = 1;
    int rc = strcmp(instead->path, follow->path) == 0 ? AUR_OK : check_file(follow, err);
    if (rc == AUR_OK)
        rc = aur_piece_load(&piece, &source, err);
    if (rc < 0)
        return rc;
    out->parts[out->n].channel = follow->channel;
    out->parts[out->n++].piece = piece;
    return rehearse(follow->channel, piece, err);
}

int aur_scripts_try(struct aur_scripts *scripts, struct aur_scripts_trial *out, const char *name, const char *text,
                    size_t len, struct aur_error *err)
{
    struct aur_scripts_worker *w = scripts->worker;
    char *path = aur_scripts_path(scripts, name);
    struct aur_piece_text instead = {path, text, len};
    int rc = AUR_OK;
    memset(out, 0, sizeof *out);
    if (!path)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    snprintf(out->name, sizeof out->name, "%s", name);
    aur_version_of(out->version, text, len);
    aur_lock_take(&w->lock);
    size_t n = w->n_follows;
    aur_lock_drop(&w->lock);
    for (size_t i = 0; i < n; i++)
        aur_scripts_turned(scripts, w->follows[i].channel);
    for (size_t i = 0; rc == AUR_OK && i < n; i++)
        if (is_made_of(&w->follows[i], path))
            rc = try_on(scripts, out, &w->follows[i], &instead, err);
    if (rc == AUR_OK && out->n == 0)
        rc = try_alone(scripts, out, &instead, name, err);
    if (rc < 0)
        aur_scripts_trial_drop(out);
    free(path);
    return rc;
}

/* Arms one part, unless it is what plays or waits already; true if it waits now. */
static bool arm_part(struct aur_scripts *scripts, struct aur_msg_phrase *reply, struct aur_channel *channel,
                     struct aur_piece *piece)
{
    char composing[AUR_PIECE_HASH_SIZE];
    struct aur_follow *follow = aur_scripts_follow_of(scripts, channel);
    if (follow) {
        follow->tried = *aur_piece_marks(piece);
        follow->failed = follow->saved = false;
        note_files(scripts, follow, piece);
    }
    aur_channel_hashes(channel, NULL, composing);
    if (strcmp(composing, aur_piece_marks(piece)->hash) == 0) {
        aur_channel_disarm(channel);
        return false;
    }
    aur_channel_arm(channel, reply, piece, scripts->swap);
    return true;
}

bool aur_scripts_arm(struct aur_scripts *scripts, struct aur_msg_phrase *reply, const struct aur_scripts_trial *trial)
{
    struct aur_msg_phrase first;
    bool any = false;
    for (size_t i = 0; i < trial->n; i++) {
        if (arm_part(scripts, &first, trial->parts[i].channel, trial->parts[i].piece) && !any) {
            *reply = first;
            any = true;
        }
    }
    return any;
}

void aur_scripts_trial_drop(struct aur_scripts_trial *trial)
{
    for (size_t i = 0; i < trial->n; i++)
        aur_piece_free(trial->parts[i].piece);
    aur_piece_free(trial->alone);
    trial->alone = NULL;
    trial->n = 0;
}
