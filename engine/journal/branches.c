/* Which branches a session has, from its phrases alone. On the reader's thread. */
#include "journal/branches.h"

#include "journal/transfer.h"

int aur_archive_branches(struct aur_archive *archive, const char *session, aur_archive_branch_fn *fn, void *user)
{
    sqlite3_stmt *rows = NULL;
    int rc = AUR_OK, code = sqlite3_prepare_v2(archive->db,
                                               "SELECT branch, min(number), max(number) AS last FROM phrases WHERE "
                                               "session = (SELECT key FROM sessions WHERE id = ?1) "
                                               "GROUP BY branch ORDER BY last DESC",
                                               -1, &rows, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(rows, 1, session, -1, SQLITE_STATIC);
    while (code == SQLITE_OK && rc == AUR_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        const struct aur_branch_span span = {.branch = (uint32_t)sqlite3_column_int64(rows, 0),
                                             .first = (uint64_t)sqlite3_column_int64(rows, 1),
                                             .last = (uint64_t)sqlite3_column_int64(rows, 2)};
        rc = fn(user, &span);
        code = SQLITE_OK;
    }
    if (rc == AUR_OK && code != SQLITE_OK && code != SQLITE_DONE)
        rc = aur_archive_fail(archive, NULL);
    sqlite3_finalize(rows);
    return rc;
}
