/* What is told of recorded sessions. Main thread. */
#ifndef AUR_APP_SESSION_TELL_H
#define AUR_APP_SESSION_TELL_H

#include "base/buf.h"
#include "journal/archive.h"

/* A line, or a member of an array in JSON, for each session; channel NULL: those that are listed. */
AUR_MUST_USE int aur_session_list(struct aur_buf *out, struct aur_archive *archive, const char *channel, bool json);
/* All that is known of one, but for the phrases where it is text. */
AUR_MUST_USE int aur_session_show(struct aur_buf *out, struct aur_archive *archive,
                                  const struct aur_session_info *session, bool json);

#endif
