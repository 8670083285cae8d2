/* A piece as the journal keeps it, and back: every text and wavetable it is made of, under names that no machine matters for.
 *
 * A piece made from a bundle reads nothing else, and is the piece that was recorded or is refused: its hash is that of its
 * name and of all its texts and tables (struct aur_piece_marks). Any thread but a render worker. */
#ifndef AUR_BUNDLE_BUNDLE_H
#define AUR_BUNDLE_BUNDLE_H

#include "compose/piece.h"
#include "journal/records.h"
#include "synth/tables.h"

/* What the piece is made of, for aur_recorder_piece. tables: the store that it was loaded with; NULL for a piece without any.
 * One block, freed with free(); it borrows texts and cycles, so piece and store stay as long as it is used. Errors:
 * AUR_ENOTFOUND (a wavetable is not in the store), AUR_ENOMEM. */
AUR_MUST_USE int aur_bundle_of(struct aur_bundle **out, const struct aur_piece *piece, const struct aur_tables *tables,
                               struct aur_error *err);

/* The piece of a bundle, which nothing is borrowed from. Its wavetables go into the store. limits: 0 means the default, but
 * wall_ms. log: where print goes; NULL: nowhere. Errors: AUR_EINVAL (a text or a wavetable is not what was recorded), and those of
 * aur_piece_load. */
AUR_MUST_USE int aur_bundle_load(struct aur_piece **out, const struct aur_bundle *bundle, struct aur_tables *tables,
                                 const struct aur_script_limits *limits, struct aur_log *log, struct aur_error *err);

#endif
