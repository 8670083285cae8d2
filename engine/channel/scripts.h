/* The scripts folder of a server: watched, read, checked, written with its history, and armed on the channels that play
 * from it.
 *
 * One worker thread of its own does all of it, so neither the network thread nor a composer worker ever waits for a file
 * or for a script that is not playing yet. An edit, saved by any editor or sent by the network, goes one way:
 *
 *   text -> piece (a fresh VM) -> the state of the channel as it is now, migrated -> a phrase or more rehearsed off to the
 *   side under the limits -> armed (aur_channel_arm) -> taken by the composer at the next commit point
 *
 * What fails on the way is told (AUR_EVENT_SCRIPT, the log, the answer to a request) and changes nothing that sounds.
 *
 * Channels that come and go while others play are made and ended here too: composing their first phrase runs a script. */
#ifndef AUR_CHANNEL_SCRIPTS_H
#define AUR_CHANNEL_SCRIPTS_H

#include "base/buf.h"
#include "channel/channel.h"
#include "channel/opening.h"

struct aur_scripts;

#define AUR_SCRIPTS_NAME_SIZE 128 /* "ambient.lua", "night/sleep.lua": a file below the folder */
#define AUR_SCRIPTS_KEPT      20  /* kept of each file by default */

struct aur_scripts_config {
    const char *folder;       /* that of --script */
    const char *lib_dir;      /* scripts/lib */
    const char *versions_dir; /* where former texts are kept; made when needed */
    uint32_t versions;        /* of each file; 0: AUR_SCRIPTS_KEPT */
    struct aur_script_limits limits;
    const struct aur_table_loader *tables; /* borrowed; NULL: pieces with wavetables are refused */
    enum aur_swap swap;
    struct aur_log *log;
    struct aur_station *station; /* where channels are opened; NULL: none can be */
    const struct aur_channel_config
        *opening; /* borrowed: all that they have in common, but for name, piece, seed, controls */
};

/* Starts the worker. Errors: AUR_EIO (the folder cannot be watched), AUR_ENOMEM. */
AUR_MUST_USE int aur_scripts_new(struct aur_scripts **out, const struct aur_scripts_config *config,
                                 struct aur_error *err);
/* Ends the worker; requests that wait are answered with AUR_EBUSY. Before the station is freed. */
void aur_scripts_free(struct aur_scripts *scripts);

/* Whether a file may have this name: parts of A-Z, a-z, 0-9, _, . and - divided by /, none beginning with a dot, ending
 * with .lua. Any thread. */
bool aur_scripts_name_ok(const char *name);

/* What a script is called, from the path of its file: its path below the folder, or ".../sleep.lua" where it lies elsewhere
 * (which no file of the folder can be called). Errors: AUR_EIO (there is no such folder), AUR_ELIMIT (too long). Any thread. */
AUR_MUST_USE int aur_scripts_call(char out[AUR_SCRIPTS_NAME_SIZE], const char *folder, const char *path,
                                  struct aur_error *err);

/* From now on the channel follows the file `name`, below the folder or with its absolute path, and every file its piece
 * requires. Not on a worker. */
AUR_MUST_USE int aur_scripts_follow(struct aur_scripts *scripts, struct aur_channel *channel, const char *name,
                                    struct aur_error *err);

enum aur_scripts_ask {
    AUR_SCRIPTS_LIST,     /* the files of the folder */
    AUR_SCRIPTS_READ,     /* one file's text, as it is on disk; with version: a former text */
    AUR_SCRIPTS_CHECK,    /* rehearses text under name, without writing it */
    AUR_SCRIPTS_WRITE,    /* checks text; if it holds, writes it atomically, keeps the text before and arms it */
    AUR_SCRIPTS_VERSIONS, /* the kept texts of a file, newest first */
    AUR_SCRIPTS_RESTORE,  /* writes a kept text, as AUR_SCRIPTS_WRITE does */
    AUR_SCRIPTS_PHRASES,  /* the notes of the channel's current phrase and of the next as it would be now */
    AUR_SCRIPTS_OPEN,     /* makes an unlisted channel that follows its script */
    AUR_SCRIPTS_CLOSE,    /* ends it: nobody asks for it or listens to it any more */
    AUR_SCRIPTS_REWIND, /* goes back in the channel's music (channel/branch.h), with the script `name` if there is one */
    AUR_SCRIPTS_SWITCH,   /* goes on with another branch of it */
    AUR_SCRIPTS_BRANCHES, /* the branches there are */
};

struct aur_scripts_branch {
    uint32_t phrases; /* for AUR_SCRIPTS_REWIND: how many to go back, */
    bool seeded;      /* and whether with another seed */
    uint64_t seed;
    uint32_t id; /* for AUR_SCRIPTS_SWITCH */
};

struct aur_scripts_request {
    enum aur_scripts_ask ask;
    char name[AUR_SCRIPTS_NAME_SIZE];
    char version[17];            /* 16 hexadecimal digits of a text's hash; "": none. Which one to read or restore; for
                                    AUR_SCRIPTS_WRITE the one that must be on disk */
    struct aur_channel *channel; /* for AUR_SCRIPTS_PHRASES, AUR_SCRIPTS_CLOSE and branches */
    struct aur_scripts_branch branch;
    struct aur_opening *opening; /* for AUR_SCRIPTS_OPEN; malloc'd, the worker frees it */
    char *text;                  /* malloc'd, or NULL; the worker frees it */
    size_t len;
};

struct aur_scripts_reply {
    int code;   /* AUR_OK; AUR_EINVAL (a name or body that is not allowed), AUR_ENOTFOUND, AUR_ENOTSUP (may not be
                            written), AUR_ESCRIPT (refused, with diagnostics), AUR_ELIMIT (too long), AUR_EBUSY (the worker
                            ends; or stale), AUR_EIO, AUR_ENOMEM */
    bool stale; /* AUR_EBUSY because the text on disk is not request.version */
    struct aur_buf body; /* JSON as docs/protocol.md has it, or for AUR_SCRIPTS_READ the text itself; empty where memory
                            ran out */
    char version[17];    /* of the text that was read, checked or written */
    char playing[64];    /* AUR_SCRIPTS_READ: the channel that plays this very text; "": none */
    struct aur_channel *channel; /* AUR_SCRIPTS_OPEN: the new one; NULL: the body says why not */
};

/* Puts a request in the worker's queue and returns at once; `done` is called on the worker, once, and must not block; the
 * reply's body is its to take or to leave. Any thread but a render worker. AUR_EBUSY: the queue is full; nothing was
 * taken, `done` is not called, and text and opening stay the caller's. */
AUR_MUST_USE int aur_scripts_ask(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                                 void (*done)(void *user, struct aur_scripts_reply *reply), void *user);

#endif
