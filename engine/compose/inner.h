/* What the files of compose/ share: the loaded piece, and the job of one call into its script. */
#ifndef AUR_COMPOSE_INNER_H
#define AUR_COMPOSE_INNER_H

#include <stdatomic.h>

#include "base/buf.h"
#include "compose/piece.h"
#include "compose/rehearsal.h"
#include "script/vm.h"

#define AUR_MODULES_MAX 64

struct aur_module {
    char *name, *text;
    char *file;       /* as it was found */
    const char *path; /* as messages name it: the end of file */
    size_t len;
    bool library;        /* found in lib_dir */
    struct aur_buf code; /* its bytecode, made here; empty: none */
};

struct aur_piece {
    _Atomic unsigned references;
    char *name;
    char *file, *folder, *lib_dir; /* as given; folder is the file's */
    const char *path;              /* as messages name it: the end of file */
    const char *root;              /* while it is loaded */
    char *text;
    size_t len;
    struct aur_buf code;             /* of text */
    struct aur_script_limits limits; /* defaults filled in */
    struct aur_log *log;
    const struct aur_table_loader *tables; /* while it is loaded */
    struct aur_module modules[AUR_MODULES_MAX];
    size_t n_modules;
    const struct aur_piece_text *instead; /* while it is loaded, as are: */
    size_t n_instead;
    bool sealed;
    struct aur_piece_marks marks;
    struct aur_piece_info info;
};

/* One call into the script; the VM's user pointer. */
struct aur_job {
    const struct aur_piece *piece;
    struct aur_piece *loading; /* the same piece while it is loaded: require may read files */
    const struct aur_compose_request *request;
    struct aur_note *notes;   /* room for limits.notes */
    struct aur_chord *chords; /* room for AUR_CHORDS_MAX */
    int chord_lines[AUR_CHORDS_MAX];
    struct aur_phrase phrase;                  /* the header, filled on the way */
    struct aur_patch patches[AUR_PATCHES_MAX]; /* the piece's, with what this phrase sets */
    struct aur_buf state;
    bool over_events;              /* more notes or chords than a phrase may have */
    aur_diagnostic_fn *on_warning; /* in a rehearsal; else NULL */
    void *warning_user;
};

/* Finds a module among those read; while loading, reads it from the script's folder or the library. */
aur_vm_find_module aur_piece_find_module;

/* aur_piece_compose, which tells what phrase changes outside of state; on_warning may be NULL. */
AUR_MUST_USE int aur_piece_compose_watched(const struct aur_piece *piece, const struct aur_compose_request *request,
                                           struct aur_phrase **out, char **state_out, aur_diagnostic_fn *on_warning,
                                           void *user, struct aur_error *err);

/* Compiles the script and its modules once, so that composing need not. Limits and script errors leave the text in use;
 * errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_piece_compile(struct aur_piece *piece, struct aur_error *err);

/* A VM with the piece's limits, its modules and its log. */
AUR_MUST_USE int aur_job_open_vm(struct aur_vm **out, struct aur_job *job, struct aur_error *err);

/* Line of the field that a message is about, which begins with its path: "patches.pad: attack: ...", or ends the path with a
 * quoted name: "effects: 'revreb' ...". 0 if the text of the script does not show it. */
int aur_piece_field_line(const struct aur_piece *piece, const char *message);

/* ---- inside aur_vm_call ---- */

/* Runs the script's top and pushes the table it returns. *line: where it was returned, for errors in it. */
void aur_piece_run(lua_State *L, const struct aur_piece *piece, int *line);

/* Raises err at a line of the script, or as what it is when memory ran out. Not from a function that Lua called. */
int aur_piece_raise(lua_State *L, const struct aur_piece *piece, int line, const struct aur_error *err);

/* Reads the piece's table at index into info, or raises. */
void aur_piece_read(lua_State *L, int index, const struct aur_piece *piece, int line, struct aur_piece_info *info);

/* Pushes the state that text holds; NULL: what the piece's table at index starts with. */
void aur_piece_push_state(lua_State *L, int index, const char *text);

/* Line of the function on top of the stack; def where it has none, being no function of a script. */
int aur_function_line(lua_State *L, int def);

/* Pushes ctx for the job's request. */
void aur_ctx_push(lua_State *L, struct aur_job *job);

/* ctx:note, ctx:chord and ctx:set. */
int aur_ctx_note(lua_State *L);
int aur_ctx_chord(lua_State *L);
int aur_ctx_set(lua_State *L);

/* Raises at the line of the piece's script that called, wherever it called. */
int aur_ctx_bad(lua_State *L, const char *fmt, ...) AUR_PRINTF(2, 3) __attribute__((noreturn));

/* With the phrase function on top: pushes a snapshot of the script's locals. */
void aur_watch_begin(lua_State *L, const struct aur_piece *piece);
/* Tells which of the locals in the snapshot at index have changed. line: for those whose own line the text does not show. */
void aur_watch_end(lua_State *L, const struct aur_piece *piece, int locals, int line, aur_diagnostic_fn *on_warning,
                   void *user);

/* After phrase returned its bars: checks the events against the phrase's length and gives them their frames. */
void aur_events_finish(lua_State *L, struct aur_job *job);

#endif
