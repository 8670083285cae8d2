/* Which branches a session has and what played in them, from its phrases alone. On the reader's thread. */
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

int aur_archive_changes(struct aur_archive *archive, const char *session, uint32_t branch, int max,
                        aur_archive_change_fn *fn, void *user)
{
    sqlite3_stmt *rows = NULL;
    int rc = AUR_OK,
        code = sqlite3_prepare_v2(archive->db,
                                  "SELECT before, number FROM (SELECT number, piece, lag(number) OVER w AS before, "
                                  "lag(piece) OVER w AS former FROM phrases WHERE session = (SELECT key FROM sessions "
                                  "WHERE id = ?1) AND branch = ?2 WINDOW w AS (ORDER BY number)) "
                                  "WHERE former != piece ORDER BY number DESC LIMIT ?3",
                                  -1, &rows, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(rows, 1, session, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(rows, 2, branch);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int(rows, 3, max);
    while (code == SQLITE_OK && rc == AUR_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        rc = fn(user, (uint64_t)sqlite3_column_int64(rows, 0), (uint64_t)sqlite3_column_int64(rows, 1));
        code = SQLITE_OK;
    }
    if (rc == AUR_OK && code != SQLITE_OK && code != SQLITE_DONE)
        rc = aur_archive_fail(archive, NULL);
    sqlite3_finalize(rows);
    return rc;
}

int aur_archive_ordinal(struct aur_archive *archive, const char *session, uint32_t branch, uint64_t ordinal,
                        uint64_t *number)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(archive->db,
                                  "SELECT max(number) FROM phrases WHERE session = (SELECT key FROM sessions WHERE id "
                                  "= ?1) AND branch = ?2 AND ordinal = ?3",
                                  -1, &row, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(row, 1, session, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(row, 2, branch);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(row, 3, (int64_t)ordinal);
    if (code == SQLITE_OK)
        code = sqlite3_step(row);
    bool found = code == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL;
    *number = found ? (uint64_t)sqlite3_column_int64(row, 0) : UINT64_MAX;
    int rc = code == SQLITE_ROW ? AUR_OK : aur_archive_fail(archive, NULL);
    sqlite3_finalize(row);
    return rc;
}
