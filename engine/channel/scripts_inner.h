/* What the files of the scripts worker share. Not for other rooms. Everything here runs on that one worker, except where a
 * function says otherwise, so nothing in it is locked but the queue of requests and the list of channels (scripts.c).
 *
 *   scripts.c      the worker: queue, watcher, who plays what
 *   scripts_try.c  an edit's way: loading, rehearsing, arming
 *   scripts_warn.c what is allowed in it, but likely a mistake
 *   scripts_ask.c  the answers to requests: names, files, versions, phrases
 *   scripts_open.c channels that come and go
 *   scripts_branch.c going back in a channel's music
 *   scripts_turn.c which file a channel follows */
#ifndef AUR_CHANNEL_SCRIPTS_INNER_H
#define AUR_CHANNEL_SCRIPTS_INNER_H

#include "base/diagnostic.h"
#include "channel/scripts.h"
#include "channel/versions.h"

#define AUR_SCRIPTS_CHANNELS_MAX 64
#define AUR_SCRIPTS_VERSIONS_MAX 256               /* kept of a file, at most */
#define AUR_SCRIPTS_WARNINGS_MAX 16                /* told of an edit, at most */
#define AUR_SCRIPTS_TEXT_MAX     ((size_t)1 << 20) /* bytes, where limits.source_bytes is 0 */

struct aur_scripts_worker; /* scripts_worker.h: thread, queue, watch, channels that follow a file */
struct aur_scripts_desk;   /* scripts_ask.c: texts seen, versions, the phrase previewed last */

struct aur_scripts {
    /* immutable */
    char *folder, *lib_dir; /* absolute, without links (realpath); lib_dir: "" if there is none */
    struct aur_script_limits limits;
    const struct aur_table_loader *tables;
    enum aur_swap swap;
    struct aur_log *log;
    struct aur_station *station;              /* or NULL */
    const struct aur_channel_config *opening; /* what channels that are opened have in common */

    struct aur_scripts_worker *worker;
    struct aur_scripts_desk *desk;
};

/* ---- scripts_ask.c; scripts.c calls them ---- */

/* Before the worker starts, and after it ended. versions: as in the config, the default filled in. */
AUR_MUST_USE int aur_scripts_desk_new(struct aur_scripts_desk **out, const struct aur_scripts *scripts,
                                      const char *versions_dir, uint32_t versions, struct aur_error *err);
void aur_scripts_desk_free(struct aur_scripts_desk *desk);

/* The scripts folder's path may lead to another folder than before: the desk reads and writes there from now on. Errors:
 * AUR_EBUSY (there is none just now). */
AUR_MUST_USE int aur_scripts_desk_turn(struct aur_scripts *scripts, struct aur_error *err);

/* Answers a request: fills reply (body empty at first) and returns reply->code. The request's text stays the caller's. */
int aur_scripts_answer(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply);

/* Tells what is on disk under this name now: to be called for a file when a channel begins to follow it and whenever the
 * watcher saw it change. Remembers the text; if it is another than the last one, both go to the versions. version gets
 * its hash. *changed (may be NULL): it is another than the last one seen, by this function or written by a request, so the
 * worker's own writes are no news to the watcher. Errors: AUR_ENOTFOUND, AUR_EIO, AUR_ELIMIT (over limits.source_bytes). */
int aur_scripts_see(struct aur_scripts *scripts, char version[AUR_VERSION_SIZE], bool *changed, const char *name,
                    struct aur_error *err);

/* What is on disk is not what plays (it does not hold, or is gone): the texts remembered go to the versions where the files
 * have another now, so that they can be had back. */
void aur_scripts_keep_seen(struct aur_scripts *scripts);

/* The file had this text when a piece was made of it; it may be another by now, and is to be kept then. */
void aur_scripts_knew(struct aur_scripts *scripts, const char *name, const char *text);

/* A file's path as pieces and errors name it: "ambient.lua" for FOLDER/ambient.lua, the path itself if it lies elsewhere.
 * Points into path. */
const char *aur_scripts_name_of(const struct aur_scripts *scripts, const char *path);

/* Takes the folder's path out of an error's text, in place: files are named as in aur_scripts_name_of. */
void aur_scripts_shorten(const struct aur_scripts *scripts, char *text);

/* ---- scripts_try.c, scripts.c; scripts_ask.c calls them ---- */

/* A text that has been loaded and rehearsed, ready to be armed. */
struct aur_scripts_trial {
    char name[AUR_SCRIPTS_NAME_SIZE];
    char version[AUR_VERSION_SIZE];
    size_t n; /* channels that play the file or require it */
    struct {
        struct aur_channel *channel;
        struct aur_piece *piece; /* with the text in place of the file's; a reference of the trial */
    } parts[AUR_SCRIPTS_CHANNELS_MAX];
    struct aur_piece *alone; /* where no channel plays it: the piece, a reference; NULL: a module */
};

/* Loads text (len bytes, NUL-terminated) in place of the file `name`, whatever is on disk, and rehearses it: for every
 * channel that plays the file or requires it on the state of now; where none does, on its own with the default controls (a
 * text that returns no piece, a module, is only compiled and run). Tells nobody. Errors: AUR_ESCRIPT, AUR_ELIMIT,
 * AUR_ENOMEM, with err->message "path:line: ..." and the traceback, paths shortened; then out is empty. */
AUR_MUST_USE int aur_scripts_try(struct aur_scripts *scripts, struct aur_scripts_trial *out, const char *name,
                                 const char *text, size_t len, struct aur_error *err);
/* Arms the trial's pieces and tells of it (AUR_EVENT_SCRIPT). True: a channel plays it, reply is its first phrase with
 * sounds_in_ms. */
bool aur_scripts_arm(struct aur_scripts *scripts, struct aur_msg_phrase *reply, const struct aur_scripts_trial *trial);
/* Frees what the trial holds. */
void aur_scripts_trial_drop(struct aur_scripts_trial *trial);

/* scripts_warn.c: what the trial's pieces show when they are rehearsed from their start, each control at its ends: what is
 * allowed but likely a mistake, and errors that only a control's end brings. Files are named as in aur_scripts_name_of.
 * Takes half a second at most (and the phrase begun then). */
struct aur_scripts_warnings {
    size_t n;
    struct aur_diagnostic items[AUR_SCRIPTS_WARNINGS_MAX];
};
void aur_scripts_warn(const struct aur_scripts *scripts, struct aur_scripts_warnings *out,
                      const struct aur_scripts_trial *trial);

/* How a piece of this file is loaded. */
struct aur_piece_source aur_scripts_source(const struct aur_scripts *scripts, const char *path, const char *name);

/* The channels that follow a file; returns how many. What each plays is in its status (script, script_version). */
size_t aur_scripts_channels(struct aur_scripts *scripts, struct aur_channel *out[AUR_SCRIPTS_CHANNELS_MAX]);

#endif
