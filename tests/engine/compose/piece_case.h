/* Pieces from text, in a folder of their own under the temporary directory, for the tests of compose/. */
#ifndef AUR_TESTS_PIECE_CASE_H
#define AUR_TESTS_PIECE_CASE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "compose/session.h"
#include "support/unit.h"

#define PIECE_FILES 6

struct piece_case {
    char folder[64];
    char files[PIECE_FILES][160];
    int n_files;
    struct aur_piece *piece;
    struct aur_controls controls;
    struct aur_error err;
};

static inline int piece_case_open(void **state)
{
    struct piece_case *c = calloc(1, sizeof *c);
    const char *tmp = getenv("TMPDIR");
    snprintf(c->folder, sizeof c->folder, "%.40s/aur-piece-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(c->folder))
        return -1;
    char lib[80];
    snprintf(lib, sizeof lib, "%s/lib", c->folder);
    if (mkdir(lib, 0700) != 0)
        return -1;
    *state = c;
    return 0;
}

static inline int piece_case_close(void **state)
{
    struct piece_case *c = *state;
    char lib[80];
    aur_piece_free(c->piece);
    for (int i = 0; i < c->n_files; i++)
        unlink(c->files[i]);
    snprintf(lib, sizeof lib, "%s/lib", c->folder);
    rmdir(lib);
    rmdir(c->folder);
    free(c);
    return 0;
}

/* Writes folder/name and returns its path. */
static inline const char *piece_case_write(struct piece_case *c, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%.80s", c->folder, name);
    int i = 0;
    while (i < c->n_files && strcmp(c->files[i], path) != 0)
        i++;
    assert_true(i < PIECE_FILES);
    if (i == c->n_files)
        memcpy(c->files[c->n_files++], path, sizeof path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return c->files[i];
}

static inline int piece_case_load_with(struct piece_case *c, const char *text, const struct aur_script_limits *limits)
{
    char lib[80];
    snprintf(lib, sizeof lib, "%s/lib", c->folder);
    struct aur_piece_source source = {.path = piece_case_write(c, "piece.lua", text), .lib_dir = lib};
    if (limits)
        source.limits = *limits;
    aur_piece_free(c->piece);
    c->piece = NULL;
    int rc = aur_piece_load(&c->piece, &source, &c->err);
    if (rc == AUR_OK)
        aur_controls_default(&c->controls, &aur_piece_describe(c->piece)->controls);
    return rc;
}

static inline void piece_case_load(struct piece_case *c, const char *text)
{
    if (piece_case_load_with(c, text, NULL) != AUR_OK)
        fail_msg("%s\n -> %s", text, c->err.message);
}

/* The message without the folder: "piece.lua:3: ...". */
static inline const char *piece_case_message(const struct piece_case *c)
{
    size_t n = strlen(c->folder);
    return strncmp(c->err.message, c->folder, n) == 0 ? c->err.message + n + 1 : c->err.message;
}

static inline void piece_case_expect(const struct piece_case *c, int rc, int code, const char *want)
{
    if (rc != code || c->err.code != code || strncmp(piece_case_message(c), want, strlen(want)) != 0)
        fail_msg("got %d %s\n  instead of %d %s", rc, rc ? c->err.message : "", code, want);
}

/* Composes phrase `number` at frame 6400; state and state_out as in aur_piece_compose. */
static inline int piece_case_compose(struct piece_case *c, struct aur_phrase **out, char **state_out, uint64_t seed,
                                     uint64_t number, const char *state)
{
    struct aur_compose_request request = {.seed = seed,
                                          .number = number,
                                          .start_frame = 6400,
                                          .rate_hz = 44100,
                                          .controls = &c->controls,
                                          .state = state};
    return aur_piece_compose(c->piece, &request, out, state_out, &c->err);
}

/* Loads a piece whose phrase has this body (on line 2) and composes it; the phrase, or NULL with c->err. */
static inline struct aur_phrase *piece_case_play(struct piece_case *c, const char *body)
{
    struct aur_buf text;
    struct aur_phrase *phrase = NULL;
    char *state = NULL;
    aur_buf_init(&text);
    aur_buf_printf(&text,
                   "return { patches = { pad = { voice = 'pad' }, bell = { voice = 'lead' } }, phrase = function(ctx, "
                   "state)\n%s\nend }",
                   body);
    piece_case_load(c, text.data);
    if (piece_case_compose(c, &phrase, &state, 1, 0, NULL) != AUR_OK)
        phrase = NULL;
    free(state);
    aur_buf_deinit(&text);
    return phrase;
}

#endif
