/* What people keep of what they heard: takes, and questions and orders about sessions, takes and presets.
 *
 * Three threads of its own, over the journal, so that whoever asks never waits for a disk: one answers requests; one, of the
 * lowest priority, makes files of sessions and takes them in, which may take seconds; one, of the lowest priority too, renders
 * takes by replaying the journal (bounce/replay.h), the oldest first.
 *
 * A take is a span of a session, fixed when it is asked for and in the journal before the answer: it survives the end of the
 * process at any moment, keeps its session from being dropped, and is rendered after a restart. Its files lie in
 * FOLDER/ID/, a folder that is complete or not there; what they are called: docs/protocol.md. */
#ifndef AUR_KEEP_KEEP_H
#define AUR_KEEP_KEEP_H

#include "base/buf.h"
#include "compose/piece.h"
#include "journal/journal.h"
#include "synth/synth.h"

#define AUR_KEEP_SECONDS_MAX 43200              /* of a take */
#define AUR_KEEP_NAME_SIZE   129                /* of a take or session, and NUL */
#define AUR_KEEP_ID_SIZE     65                 /* longer than any: what is no id is simply not found */
#define AUR_KEEP_QUEUE       64                 /* requests that wait */
#define AUR_KEEP_FILES       8                  /* of them, those for sessions as files */
#define AUR_KEEP_FILE_MAX    ((size_t)16 << 20) /* of a session as a file: imported, or beside a take */

struct aur_keep;

/* What the program knows about presets, which are its own kind of thing. Called on the thread that answers. */
struct aur_keep_presets {
    /* A preset of this name from a JSON object, ready to be offered; *name_out is the name it has. Errors: AUR_EINVAL with field,
     * value, allowed, AUR_ESCRIPT, AUR_EBUSY (a preset of the server's own file has the name), AUR_EIO, AUR_ENOMEM. */
    int (*make)(void *user, void **made, char name_out[AUR_KEEP_NAME_SIZE], const char *name, const char *json,
                struct aur_error *err);
    void (*discard)(void *made); /* any thread; NULL is legal */
    void *user;                  /* of make */
};

struct aur_keep_config {
    struct aur_journal *journal; /* borrowed; closed after this */
    const char *folder;          /* of takes; made when needed */
    struct aur_log *log;
    enum aur_isa isa;                /* that takes are rendered with */
    struct aur_script_limits limits; /* of the scripts that are replayed: at least those of any recording */
    struct aur_keep_presets presets;
    uint32_t waiting_max;       /* takes that wait to be rendered; 0: 20 */
    uint32_t presets_max;       /* own presets; 0: 100 */
    uint64_t takes_bytes_max;   /* of all takes' files; 0: any */
    uint64_t free_bytes_min;    /* of the disk, that takes leave; 0: 256 MiB */
    uint64_t session_bytes_max; /* of a take's session as a file, which is left out beyond; 0: AUR_KEEP_FILE_MAX */
};

/* Starts the threads; takes that waited when the process ended are rendered now. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_keep_new(struct aur_keep **out, const struct aur_keep_config *config, struct aur_error *err);
/* Ends them: a take that is being rendered goes on waiting for the next start; requests that wait are answered with
 * AUR_EBUSY. NULL is legal. */
void aur_keep_free(struct aur_keep *keep);

enum aur_keep_ask {
    AUR_KEEP_SESSIONS,     /* name: of a channel; "": all that are listed */
    AUR_KEEP_SESSION,      /* id, as in all that follow up to takes */
    AUR_KEEP_SESSION_NAME, /* name; "": none */
    AUR_KEEP_SESSION_DELETE,
    AUR_KEEP_SESSION_WAVEFORM,
    AUR_KEEP_SESSION_EXPORT, /* a file; whole */
    AUR_KEEP_SESSION_IMPORT, /* text: an exported file */
    AUR_KEEP_TAKE_NEW,       /* span, name, stems, midi */
    AUR_KEEP_TAKES,
    AUR_KEEP_TAKE,      /* id, as in all that follow up to presets */
    AUR_KEEP_TAKE_NAME, /* name */
    AUR_KEEP_TAKE_DELETE,
    AUR_KEEP_TAKE_RETRY, /* one that failed waits again */
    AUR_KEEP_TAKE_FILE,  /* name: as the take's list has it; a file */
    AUR_KEEP_TAKE_WAVEFORM,
    AUR_KEEP_PRESETS, /* a look at what another process may have changed of them: all, or nothing if they are as known */
    AUR_KEEP_PRESET_PUT,    /* id: its name; text: JSON object */
    AUR_KEEP_PRESET_DELETE, /* id: its name */
    AUR_KEEP_PRESET_EXPORT,
    AUR_KEEP_PRESET_IMPORT, /* text: {"presets":[...]}; all of them or none */
};

/* From where to where: of a channel that plays, the last last_s seconds up to `sounded`; else of a stored session. */
struct aur_keep_span {
    char channel[33]; /* "": session, from_s and to_s are meant */
    uint64_t sounded; /* frames that the channel has published, or that the listener has heard */
    double last_s;
    char session[AUR_KEEP_ID_SIZE];
    double from_s, to_s; /* from the session's start */
};

struct aur_keep_request {
    enum aur_keep_ask ask;
    char id[AUR_KEEP_ID_SIZE];
    char name[AUR_KEEP_NAME_SIZE];
    struct aur_keep_span span;
    bool stems, midi;
    bool whole;       /* of an export: with the texts that come with the program */
    int64_t asked_at; /* Unix milliseconds: when a take was asked for; 0: now */
    char *text;       /* malloc'd, or NULL; taken */
    size_t len;
};

struct aur_keep_offer { /* a preset to be offered from now on */
    char name[AUR_KEEP_NAME_SIZE];
    void *made;
    void (*discard)(void *made); /* as above */
};

/* error.code AUR_OK, and either a body or a file; or AUR_EINVAL (field, value, allowed), AUR_ENOTFOUND, AUR_EBUSY (not now: it
 * is being recorded, a take needs it, the name is taken), AUR_ELIMIT (too many wait, too many presets), AUR_ENOTSUP (the
 * span cannot be made again; a session file does without a text that is not here), AUR_ESCRIPT (a preset's script), AUR_EIO,
 * AUR_ENOMEM. */
struct aur_keep_reply {
    struct aur_error error;
    struct aur_buf body; /* JSON */
    int fd;              /* of a file to send, whoever takes the reply closes it; -1: none */
    uint64_t bytes;
    char name[AUR_KEEP_NAME_SIZE];      /* AUR_KEEP_PRESET_DELETE: the one that is gone */
    char file[AUR_KEEP_NAME_SIZE + 96]; /* what it is called where it is saved: letters, digits, . _ -; UTF-8 */
    const char *type;                   /* of what it holds */
    struct aur_keep_offer *offers;      /* malloc'd; theirs who takes the reply, as each `made` is */
    size_t n_offers;
    bool all; /* AUR_KEEP_PRESETS: there are no others any more */
};

/* Puts a request in the queue and returns at once; `done` is called once, on the thread that answers or on that of files, and
 * must not block. What it does not take of the reply (body, fd, offers) is freed. Any thread but a render worker. AUR_EBUSY: the
 * queue is full; nothing was taken, `done` is not called, and the text stays the caller's. */
AUR_MUST_USE int aur_keep_ask(struct aur_keep *keep, const struct aur_keep_request *request,
                              void (*done)(void *user, struct aur_keep_reply *reply), void *user);

/* Frees what a reply still holds. */
void aur_keep_reply_deinit(struct aur_keep_reply *reply);

/* The presets of the journal, each made; one that cannot be is told to the log and left out. Before anything is asked, by
 * one thread. *out is malloc'd. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_keep_offers(struct aur_keep *keep, struct aur_keep_offer **out, size_t *n, struct aur_error *err);

#endif
