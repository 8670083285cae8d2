/* Where recorded sessions are: the database of the settings, or a file that one was exported to. Main thread. */
#ifndef AUR_APP_RECORDED_H
#define AUR_APP_RECORDED_H

#include "app/settings.h"
#include "journal/archive.h"

/* Path of the database: AURALIS_DB, else auralis/auralis.db in XDG_STATE_HOME or ~/.local/state. False: none is wanted, or there
 * is no home either, or the path is too long; then *why says so. */
bool aur_db_path(char out[AUR_PATH_SIZE], const char **why, const struct aur_settings *settings);

/* Opens what the command line calls SESSION: a file, if it names one; else the id, or the beginning of one, of a session in the
 * database; "last" is the newest that was recorded there. info: its strings live as long as the archive. Errors: AUR_ENOTFOUND, AUR_EIO, AUR_EINVAL,
 * AUR_ENOMEM, with what was looked for and where. */
AUR_MUST_USE int aur_recorded_open(struct aur_archive **out, struct aur_session_info *info, const char *session,
                                   const struct aur_settings *settings, struct aur_error *err);

#endif
