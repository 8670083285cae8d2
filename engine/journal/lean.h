/* Session files without the texts that come with the program (shipped/shipped.h): a file of one session names them by their hash,
 * and whoever opens it puts them back before anything else is done with it.
 *
 * The table left_out, which only such files have, names the row of texts, which is empty there, and the version that wrote it. */
#ifndef AUR_JOURNAL_LEAN_H
#define AUR_JOURNAL_LEAN_H

#include <sqlite3.h>

#include "base/error.h"

/* Takes the texts of pieces that are shipped out of the database of a file. Returns a code of SQLite. */
AUR_MUST_USE int aur_lean_leave_out(sqlite3 *db);

/* Puts them back, into a database that was looked through but for them: what is shipped with this version, else what a text in the
 * journal `own` is (its path; NULL: there is none). path is for messages. Errors: AUR_ENOTFOUND (the message names the text, the
 * version that has it, and what to do), AUR_EINVAL, AUR_ENOMEM. */
AUR_MUST_USE int aur_lean_fill(sqlite3 *db, const char *own, const char *path, struct aur_error *err);

#endif
