/* Finding recorded sessions. Main thread; no state. */
#include "app/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool aur_db_path(char out[AUR_PATH_SIZE], const char **why, const struct aur_settings *settings)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n;
    *why = "AURALIS_DB is none";
    if (strcmp(settings->db, "none") == 0)
        return false;
    *why = "neither AURALIS_DB nor XDG_STATE_HOME nor HOME is set";
    if (*settings->db)
        n = snprintf(out, AUR_PATH_SIZE, "%s", settings->db);
    else if (state && *state == '/') /* others are to be passed over, says the XDG Base Directory Specification */
        n = snprintf(out, AUR_PATH_SIZE, "%s/auralis/auralis.db", state);
    else if (home && *home)
        n = snprintf(out, AUR_PATH_SIZE, "%s/.local/state/auralis/auralis.db", home);
    else
        return false;
    *why = "the path of the database is too long";
    return n < AUR_PATH_SIZE;
}

static bool is_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* The session in an open archive; what was looked for stands in the message. */
static int find(struct aur_archive *archive, struct aur_session_info *info, const char *id, const char *path,
                struct aur_error *err)
{
    int rc = aur_archive_session(archive, info, id, err);
    if (rc == AUR_ENOTFOUND)
        return *id ? aur_error_set(err, rc, "%s: no session begins with %s", path, id)
                   : aur_error_set(err, rc, "%s: there is no session in it that was recorded here", path);
    return rc;
}

int aur_recorded_open(struct aur_archive **out, struct aur_session_info *info, const char *session,
                      const struct aur_settings *settings, struct aur_error *err)
{
    char path[AUR_PATH_SIZE];
    const char *why, *id = strcmp(session, "last") == 0 ? "" : session;
    *out = NULL;
    if (is_file(session)) {
        snprintf(path, sizeof path, "%s", session);
        id = "";
    } else if (strchr(session, '/')) {
        return aur_error_set(err, AUR_ENOTFOUND, "%s: no such file", session);
    } else if (!aur_db_path(path, &why, settings)) {
        return aur_error_set(err, AUR_EINVAL, "there is no file %s, and no database to look for it: %s", session, why);
    } else if (!is_file(path)) {
        return aur_error_set(err, AUR_ENOTFOUND, "there is no file %s, and no database %s to look for it", session,
                             path);
    }
    int rc = aur_archive_open(out, path, err);
    if (rc == AUR_OK)
        rc = find(*out, info, id, path, err);
    if (rc == AUR_OK)
        return rc;
    aur_archive_close(*out);
    *out = NULL;
    return rc;
}
