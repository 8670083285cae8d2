/* .env files: one NAME=VALUE a line.
 *
 * Blank lines and lines that start with # are skipped; "export " may stand before a name. A value may be bare (spaces
 * around it are dropped, " #" starts a comment), 'single quoted' (taken as it is) or "double quoted" (\n, \t, \", \\ and
 * \$ are understood). Nothing is expanded. Pure; any thread. */
#ifndef AUR_APP_DOTENV_H
#define AUR_APP_DOTENV_H

#include "base/error.h"

/* Called for each assignment; a negative return stops the reading and is handed back. name and value are the reader's. */
typedef int aur_dotenv_fn(void *user, const char *name, const char *value, int line, struct aur_error *err);

/* Reads a file's text, which it takes apart in place. AUR_EINVAL names path (for the message), line and what is wrong. */
AUR_MUST_USE int aur_dotenv_read(char *text, const char *path, aur_dotenv_fn *on_value, void *user,
                                 struct aur_error *err);

#endif
