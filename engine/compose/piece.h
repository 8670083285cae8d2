/* A piece: a script with the library files it requires, read once, and what it declares.
 *
 * Immutable once loaded: any thread may use it, and aur_piece_compose may run on several threads at once, because each
 * call builds a fresh Lua VM. Pieces are counted: who keeps one has a reference of its own. Hot reload is another piece,
 * which goes on from the state that the piece before left, as aur_piece_migrate turns it into its own. */
#ifndef AUR_COMPOSE_PIECE_H
#define AUR_COMPOSE_PIECE_H

#include "base/log.h"
#include "score/control.h"
#include "score/patch.h"
#include "score/phrase.h"

struct aur_piece;

struct aur_script_limits { /* 0 means the default */
    uint64_t instructions; /* VM instructions a call may spend; default 50 million */
    size_t memory_bytes;   /* of one VM; default 64 MiB */
    size_t source_bytes;   /* of one script file; default 1 MiB */
    uint32_t notes;        /* events a phrase; default and at most AUR_NOTES_MAX */
    uint32_t wall_ms; /* live only: how long one call may take by the clock; 0: as long as it likes. What sounds must
                              not depend on the machine, so an offline render leaves it 0 */
};

#define AUR_PIECE_HASH_SIZE 17 /* 16 hexadecimal digits and NUL */

struct aur_piece_text { /* stands for the file of this path, whatever is on disk */
    const char *path, *text;
    size_t len;
};

/* What tells texts apart; filled also where loading fails, with what was read until then ("" without a script). */
struct aur_piece_marks {
    char version[AUR_PIECE_HASH_SIZE]; /* of the script's own text */
    char
        hash[AUR_PIECE_HASH_SIZE]; /* of its name and all that it is made of, names too: aur_hash_named (base/hash.h) */
};

struct aur_piece_source {
    const char *path;    /* the script; `require` looks in its folder, then in lib_dir */
    const char *name;    /* what listeners are told; NULL: the last part of path */
    const char *lib_dir; /* scripts/lib */
    const char *root;    /* messages name files by their path below it; NULL: as they are found */
    struct aur_script_limits limits;
    struct aur_log *log;                   /* where print goes; NULL: nowhere */
    const struct aur_table_loader *tables; /* used while loading; NULL: a piece with tables is refused */
    const struct aur_piece_text *instead;  /* texts that stand for files; of several for one path the first */
    size_t n_instead;
    bool sealed;                   /* there are no files but these: nothing is looked for on disk */
    struct aur_piece_marks *marks; /* NULL, or filled when loading ends */
};

/* A wavetable that the piece names, as it was when the piece was loaded. */
struct aur_piece_table {
    char name[AUR_TABLE_NAME_SIZE];
    char file[AUR_TABLE_FILE_SIZE]; /* relative to the script's folder; the piece depends on it as on its modules */
    uint32_t cycles;
    struct aur_table table;
};

struct aur_piece_info {
    char title[128];
    int meter[2];
    struct aur_control_specs controls;
    struct aur_controls start; /* what the piece wants to begin with: its `defaults`, else aur_controls_default */
    uint32_t n_tables, n_patches;
    struct aur_piece_table tables[AUR_TABLES_OF_PIECE_MAX];
    struct aur_patch patches[AUR_PATCHES_MAX];
    struct aur_effect_settings effects;
};

/* Called for each file a piece is made of, the script first. text: NULL for a file that is not Lua. */
typedef void aur_piece_file_fn(void *user, const char *path, const char *text);

/* Loads, checks and describes a script. Errors: AUR_EIO (no such file), AUR_ESCRIPT ("file:line: message" and a traceback
 * after it), AUR_ELIMIT, AUR_ENOMEM. */
AUR_MUST_USE int aur_piece_load(struct aur_piece **out, const struct aur_piece_source *source, struct aur_error *err);
/* Whether a text runs, be it a piece or a module: runs its top, and says which it is (a piece returns a table with
 * `phrase`). Errors: as aur_piece_load. */
AUR_MUST_USE int aur_piece_run_text(const struct aur_piece_source *source, bool *is_piece, struct aur_error *err);
/* One reference more; returns the piece. Any thread. */
struct aur_piece *aur_piece_ref(const struct aur_piece *piece);
/* One reference fewer; the last one frees it. Any thread but a render worker; NULL is legal. */
void aur_piece_free(struct aur_piece *piece);
const struct aur_piece_info *aur_piece_describe(const struct aur_piece *piece);

const char *aur_piece_name(const struct aur_piece *piece);
const struct aur_piece_marks *aur_piece_marks(const struct aur_piece *piece);
void aur_piece_files(const struct aur_piece *piece, aur_piece_file_fn *on_file, void *user);
/* Called for each text, the script first and once even if it requires itself, under a name that does not tell of this machine: "ambient.lua" and
 * "sub/mine.lua" from the script's folder, "./lib/mine.lua" from a folder "lib" in it, "lib/theory.lua" from the library. */
typedef void aur_piece_text_fn(void *user, const char *name, const char *text, size_t len);
void aur_piece_texts(const struct aur_piece *piece, aur_piece_text_fn *on_text, void *user);

/* What composing took. */
struct aur_compose_usage {
    size_t memory_bytes;  /* most that the VM had at once */
    uint32_t collections; /* of garbage */
};

struct aur_compose_request {
    uint64_t seed;
    uint64_t number;      /* of the phrase in the music, from 0: the phrase gets it as number and ordinal */
    uint64_t start_frame; /* a multiple of 64 */
    uint32_t rate_hz;
    const struct aur_controls *controls;
    const char *state;               /* serialised by the phrase before; NULL: the piece's initial state */
    struct aur_compose_usage *usage; /* NULL, or filled also where the script fails; zeros where there was no VM */
};

/* Composes one phrase in a fresh VM. On success *out belongs to the caller, and *state_out (malloc'd text of sorted keys,
 * lossless numbers) is what the next phrase gets; on failure neither is touched. The same request gives the same phrase,
 * bit for bit, on every machine. Errors: AUR_ESCRIPT, AUR_ELIMIT, AUR_ENOMEM. */
AUR_MUST_USE int aur_piece_compose(const struct aur_piece *piece, const struct aur_compose_request *request,
                                   struct aur_phrase **out, char **state_out, struct aur_error *err);

/* Turns the state that another piece left into the state this one goes on from: what its migrate function returns, called
 * in a fresh VM under the piece's limits; the state as it is where it has none. *out is malloc'd; NULL for NULL. Errors: as
 * aur_piece_compose. */
AUR_MUST_USE int aur_piece_migrate(const struct aur_piece *piece, char **out, const char *state, struct aur_error *err);

#endif
