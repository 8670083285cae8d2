/* Overviews: characters from samples and back, and reading them. On whichever thread meters the stream (channel/), and any
 * that reads; no state of its own. */
#include "journal/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "journal/schema.h"
#include "journal/transfer.h"

#define STEPS (AUR_OVERVIEW_FULL - AUR_OVERVIEW_SILENT) /* of a decibel */
#define QUIET 0.001                                     /* -60 dBFS */
#define STEP  1.1220184543019633                        /* 10^(1/20) */
#define LANES 8

char aur_overview_of(float loudest)
{
    int n = 0;
    if (loudest < 0)
        return AUR_OVERVIEW_UNKNOWN;
    /* A comparison that NaN fails, too. */
    for (double most = QUIET; n < STEPS && !((double)loudest < most); most *= STEP)
        n++;
    return (char)(AUR_OVERVIEW_SILENT + n);
}

double aur_overview_level(char second)
{
    if (second <= AUR_OVERVIEW_SILENT || second > AUR_OVERVIEW_FULL)
        return 0;
    return pow(10, (second - AUR_OVERVIEW_FULL) / 20.0);
}

void aur_overview_begin(struct aur_overview_maker *maker, uint64_t minute)
{
    maker->minute = minute;
    for (int i = 0; i < AUR_OVERVIEW_SECONDS; i++)
        maker->loudest[i] = -1;
}

void aur_overview_add(struct aur_overview_maker *maker, unsigned second, const float *samples, size_t frames)
{
    float lanes[LANES] = {0}, most = maker->loudest[second];
    size_t i = 0, n = 2 * frames;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const float size = fabsf(samples[i + (size_t)k]);
            lanes[k] = size > lanes[k] ? size : lanes[k];
        }
    for (; i < n; i++)
        lanes[i % LANES] = fabsf(samples[i]) > lanes[i % LANES] ? fabsf(samples[i]) : lanes[i % LANES];
    for (int k = 0; k < LANES; k++)
        most = lanes[k] > most ? lanes[k] : most;
    maker->loudest[second] = most;
}

bool aur_overview_make(struct aur_overview *out, const struct aur_overview_maker *maker)
{
    size_t n = 0;
    memset(out, 0, sizeof *out);
    out->minute = maker->minute;
    for (size_t i = 0; i < AUR_OVERVIEW_SECONDS; i++) {
        out->seconds[i] = aur_overview_of(maker->loudest[i]);
        if (out->seconds[i] != AUR_OVERVIEW_UNKNOWN)
            n = i + 1;
    }
    out->seconds[n] = '\0';
    return n > 0;
}

static void read_overview(struct aur_overview *out, sqlite3_stmt *row)
{
    const char *seconds = (const char *)sqlite3_column_text(row, 1);
    out->minute = (uint64_t)sqlite3_column_int64(row, 0);
    snprintf(out->seconds, sizeof out->seconds, "%s", seconds ? seconds : "");
}

int aur_archive_overviews(struct aur_archive *archive, const char *session, aur_archive_overview_fn *fn, void *user)
{
    static const char sql[] = "SELECT minute, seconds FROM overviews WHERE session = (SELECT key FROM sessions WHERE "
                              "id = ?1) ORDER BY minute";
    sqlite3_stmt *rows = NULL;
    struct aur_overview overview;
    int code, rc = AUR_OK;
    const bool any = aur_sql_number(archive->db, "SELECT count(*) FROM sqlite_schema WHERE name = 'overviews'", &code);
    if (code != SQLITE_OK || !any)
        return code == SQLITE_OK ? AUR_OK : aur_archive_fail(archive, NULL);
    code = sqlite3_prepare_v2(archive->db, sql, -1, &rows, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(rows, 1, session, -1, SQLITE_STATIC);
    while (code == SQLITE_OK && rc == AUR_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        read_overview(&overview, rows);
        rc = fn(user, &overview);
        code = SQLITE_OK;
    }
    if (rc == AUR_OK && code != SQLITE_OK && code != SQLITE_DONE)
        rc = aur_archive_fail(archive, NULL);
    sqlite3_finalize(rows);
    return rc;
}
