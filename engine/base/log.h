/* Log lines with a time, a level and a subject, to stderr and optionally a file.
 *
 * A log object is made by app/ and handed down in config structs; NULL is a legal log that drops everything.
 * aur_log may be called from any thread except a render worker (it locks and writes). */
#ifndef AUR_BASE_LOG_H
#define AUR_BASE_LOG_H

#include "base/error.h"

enum aur_log_level { AUR_LOG_DEBUG, AUR_LOG_INFO, AUR_LOG_WARNING, AUR_LOG_ERROR, AUR_LOG_CRITICAL };

struct aur_log;

/* path may be NULL or "" (stderr only). Missing parent folders of path are created. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_log_new(struct aur_log **out, enum aur_log_level level, const char *path, struct aur_error *err);
void aur_log_free(struct aur_log *log);

/* One line: "2025-01-15T10:30:45.123456Z INFO subject: text". */
void aur_log(struct aur_log *log, enum aur_log_level level, const char *subject, const char *fmt, ...) AUR_PRINTF(4, 5);

/* "DEBUG" ... "ERROR", any case; AUR_EINVAL otherwise. */
AUR_MUST_USE int aur_log_level_parse(enum aur_log_level *out, const char *text);

#endif
