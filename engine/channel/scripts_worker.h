/* Inside the scripts worker: the channels that follow a file, and what was tried last for each. On the worker, but for the
 * list's growth, which is under the lock. Not for other rooms. */
#ifndef AUR_CHANNEL_SCRIPTS_WORKER_H
#define AUR_CHANNEL_SCRIPTS_WORKER_H

#include <stdatomic.h>

#include "channel/scripts_inner.h"
#include "channel/watch.h"
#include "rt/thread.h"

#define AUR_SCRIPTS_QUEUE 64
#define AUR_SCRIPTS_FILES 96 /* of a piece */

struct aur_follow {
    struct aur_channel *channel;
    char own_name[AUR_SCRIPTS_NAME_SIZE]; /* the channel's script, and its path */
    char *own_path;
    char name[AUR_SCRIPTS_NAME_SIZE]; /* the one that is followed: of the branch that composes next */
    char *path;
    char *files[AUR_SCRIPTS_FILES]; /* of the piece loaded last, the script first */
    size_t n_files;
    struct aur_piece_marks tried; /* of the text tried last */
    bool failed;                  /* it did not even load */
    bool gone;                    /* there was no file, and that was told */
    bool saved;                   /* the script itself was saved since it was tried */
    bool changed;                 /* something was, in a folder of its files */
    bool postponed;               /* it failed while something was: not told yet */
    bool turned; /* to this script just now: the text on disk is no edit, but where it was saved since */
    bool first;  /* the first look: a text that a branch has played is no edit either */
};

struct aur_scripts_job {
    struct aur_scripts_request request;
    void (*done)(void *user, struct aur_scripts_reply *reply);
    void *user;
};

struct aur_scripts_worker {
    struct aur_thread thread;
    struct aur_watch *watch;
    int wake_fd; /* an eventfd: something was put, or the end has come */
    _Atomic bool stop;
    size_t n_looked;            /* channels that have been looked at */
    uint64_t first_ns, last_ns; /* of the changes not looked at yet; 0: none */

    struct aur_lock lock; /* of what follows */
    struct aur_scripts_job queue[AUR_SCRIPTS_QUEUE];
    size_t first, n;
    struct aur_follow
        follows[AUR_SCRIPTS_CHANNELS_MAX]; /* only the number is the lock's; an entry, once there, the worker's */
    size_t n_follows;
};

/* An absolute path: of a file of the folder by its name, or as it is. malloc'd; NULL: out of memory. Any thread. */
char *aur_scripts_path(const struct aur_scripts *scripts, const char *name);
/* The file that aur_scripts_follow would follow, and what it is called. The caller frees *path. Errors: as there. Any thread. */
AUR_MUST_USE int aur_scripts_find(const struct aur_scripts *scripts, char **path, char called[AUR_SCRIPTS_NAME_SIZE],
                                  const char *name, struct aur_error *err);
/* NULL: it follows nothing. On the worker. */
struct aur_follow *aur_scripts_follow_of(struct aur_scripts *scripts, const struct aur_channel *channel);
/* The channel follows nothing any more. */
void aur_scripts_unfollow(struct aur_scripts *scripts, const struct aur_channel *channel);

/* As aur_scripts_new, without the thread: a test takes its steps. */
AUR_MUST_USE int aur_scripts_make(struct aur_scripts **out, const struct aur_scripts_config *config,
                                  struct aur_error *err);
/* All there is to do: requests, channels that are new, and, without waiting for a burst to be over, what changed. */
void aur_scripts_step(struct aur_scripts *scripts);

/* The first look: remembers the texts that the channel's piece was made of, which may be others on disk by now. */
void aur_scripts_begin(struct aur_scripts *scripts, struct aur_follow *follow);
/* Follows the script of the branch that composes next; false: it does already. */
bool aur_scripts_turn(struct aur_scripts *scripts, struct aur_follow *follow);
/* Somebody asked for another branch of the channel: its script is followed from now on. */
void aur_scripts_turned(struct aur_scripts *scripts, struct aur_channel *channel);
/* As if something had just changed in a folder of its files. */
void aur_scripts_look_again(struct aur_scripts *scripts, struct aur_follow *follow);
/* Looks whether the texts on disk are other ones than those tried last; if so, rehearses and arms them. */
void aur_scripts_look(struct aur_scripts *scripts, struct aur_follow *follow);

#endif
