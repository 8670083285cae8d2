/* write, fsync, renameat, futimens and fchmod that fail on demand; linked with --wrap. One thread. */
#ifndef FAILING_DISK_H
#define FAILING_DISK_H

#include <stdbool.h>

/* The nth of these calls from now on (from 0) fails with this errno. */
void failing_disk_arm(long nth, int error);
/* Whether one failed since. */
bool failing_disk_disarm(void);

#endif
