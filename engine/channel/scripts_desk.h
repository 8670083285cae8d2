/* The desk: what answering needs beside the folder itself. Shared by scripts_ask.c (reading), scripts_edit.c (checking,
 * writing), scripts_phrases.c, scripts_open.c and scripts_desk.c (texts seen). On the scripts worker. */
#ifndef AUR_CHANNEL_SCRIPTS_DESK_H
#define AUR_CHANNEL_SCRIPTS_DESK_H

#include "channel/scripts_inner.h"

#define AUR_SCRIPTS_SEEN 64 /* files whose text is remembered */

struct aur_seen { /* a text as it was on disk */
    char name[AUR_SCRIPTS_NAME_SIZE], version[AUR_VERSION_SIZE];
    char *text;
    size_t len;
    uint64_t saved_us;
};

struct aur_preview { /* the next phrase as it would be, and for what it was composed */
    struct aur_channel *channel;
    struct aur_piece *piece; /* a reference: its address is no other's meanwhile */
    uint64_t seed, number, ordinal, start_frame;
    struct aur_controls controls;
    struct aur_phrase *phrase; /* NULL: it failed */
};

struct aur_scripts_desk {
    int folder_fd; /* O_PATH */
    struct aur_versions *versions;
    struct aur_seen seen[AUR_SCRIPTS_SEEN];
    size_t next_seen; /* the place to take when all are taken */
    struct aur_preview preview;
};

struct aur_script_text { /* a file as it is on disk */
    struct aur_buf text;
    uint64_t saved_us;
    char version[AUR_VERSION_SIZE];
};

/* ---- scripts_desk.c ---- */

/* Reads a file below the scripts folder. The caller frees the text (aur_buf_deinit), also after an error. */
AUR_MUST_USE int aur_scripts_load(const struct aur_scripts *scripts, struct aur_script_text *out, const char *name,
                                  struct aur_error *err);
/* Remembers what is on disk under the name now. */
void aur_scripts_remember(struct aur_scripts *scripts, const char *name, const char *text, size_t len,
                          uint64_t saved_us);

/* ---- the answers; each fills reply->body ---- */

/* An error as the body of the reply, in the words of the protocol; returns reply->code, which is err's. */
int aur_scripts_refuse(struct aur_scripts_reply *reply, const struct aur_error *err);
/* Whether the file belongs to the library, which is read only. */
bool aur_scripts_is_library(const struct aur_scripts *scripts, const char *name);

int aur_scripts_check(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply);
int aur_scripts_write(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply);
int aur_scripts_restore(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                        struct aur_scripts_reply *reply);
int aur_scripts_phrases(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                        struct aur_scripts_reply *reply);
void aur_preview_deinit(struct aur_preview *preview);
/* scripts_open.c; the body of a refusal is its reason, plain text */
int aur_scripts_open(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                     struct aur_scripts_reply *reply);
int aur_scripts_close(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply);
/* scripts_branch.c */
int aur_scripts_rewind(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply);
int aur_scripts_switch(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply);
int aur_scripts_branches(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                         struct aur_scripts_reply *reply);

#endif
