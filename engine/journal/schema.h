/* The tables of a journal's database: making them, and telling whether a file has them.
 *
 * application_id says that a database is a journal, user_version which tables it has. Versions are steps: step n turns
 * version n - 1 into n, so an old database is brought forward when it is opened for writing. An exported file has the same
 * tables without the indexes that only long databases need. */
#ifndef AUR_JOURNAL_SCHEMA_H
#define AUR_JOURNAL_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"

#define AUR_SCHEMA_VERSION 2
#define AUR_SCHEMA_LEAN    2 /* from this version on files of one session have the table left_out (journal/lean.h) */

/* Makes what is missing, in one transaction; exported: for a file of one session. path is for messages. Errors: AUR_EINVAL
 * (no journal, or a later version's), AUR_EIO. */
AUR_MUST_USE int aur_schema_make(sqlite3 *db, const char *path, bool exported, struct aur_error *err);
/* Whether the database is a journal that this program reads. Errors: AUR_EINVAL, AUR_EIO. */
AUR_MUST_USE int aur_schema_check(sqlite3 *db, const char *path, struct aur_error *err);
/* Whether an exported file has exactly the tables of its version, and nothing besides. Errors: AUR_EINVAL, AUR_ENOMEM. */
AUR_MUST_USE int aur_schema_same(sqlite3 *db, const char *path, struct aur_error *err);

/* The first column of the first row, or 0. *rc gets a SQLite code; NULL: not wanted. */
long long aur_sql_number(sqlite3 *db, const char *sql, int *rc);

#endif
