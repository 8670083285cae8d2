/* Warnings about an edit. On the scripts worker. They never refuse it: the rehearsal that decides is the one on what plays
 * (scripts_try.c). This one starts from nothing and turns the controls, so it finds what would show only later. */
#include <stdio.h>
#include <string.h>

#include "channel/scripts_inner.h"
#include "compose/rehearsal.h"

#define PHRASES   4 /* with each setting of the controls */
#define BUDGET_NS 500000000u

struct hearing {
    const struct aur_scripts *scripts;
    struct aur_scripts_warnings *out;
};

static void note(void *user, const struct aur_diagnostic *warning)
{
    const struct hearing *hearing = user;
    struct aur_scripts_warnings *out = hearing->out;
    struct aur_diagnostic d = *warning;
    aur_scripts_shorten(hearing->scripts, d.file);
    aur_scripts_shorten(hearing->scripts, d.message);
    aur_scripts_shorten(hearing->scripts, d.traceback);
    d.severity = AUR_SEVERITY_WARNING;
    for (size_t i = 0; i < out->n; i++)
        if (out->items[i].line == d.line && strcmp(out->items[i].file, d.file) == 0 &&
            strcmp(out->items[i].message, d.message) == 0)
            return;
    if (out->n < AUR_SCRIPTS_WARNINGS_MAX)
        out->items[out->n++] = d;
}

static void rehearse(struct hearing *hearing, const struct aur_piece *piece, uint64_t budget_ns)
{
    struct aur_error err = {0};
    struct aur_diagnostic d;
    const struct aur_rehearsal rehearsal = {
        .piece = piece,
        .controls = &aur_piece_describe(piece)->start,
        .rate_hz = 44100,
        .phrases = PHRASES,
        .seed = 1,
        .budget_ns = budget_ns,
        .on_warning = note,
        .user = hearing,
    };
    int rc = aur_rehearse(&rehearsal, &err);
    if (rc != AUR_ESCRIPT && rc != AUR_ELIMIT)
        return;
    aur_diagnostic_read(&d, &err, NULL);
    note(hearing, &d);
}

void aur_scripts_warn(const struct aur_scripts *scripts, struct aur_scripts_warnings *out,
                      const struct aur_scripts_trial *trial)
{
    struct hearing hearing = {scripts, out};
    out->n = 0;
    for (size_t i = 0; i < trial->n; i++)
        rehearse(&hearing, trial->parts[i].piece, BUDGET_NS / trial->n);
    if (trial->alone)
        rehearse(&hearing, trial->alone, BUDGET_NS);
}
