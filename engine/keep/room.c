/* Whether one more take may be kept: what takes use is limited, and the disk, which is often the database's too, is not filled.
 * What a take will need is estimated from how long it is. On the thread that answers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "keep/folder.h"
#include "keep/inner.h"

#define BYTES_A_SECOND 100000 /* of a take without stems */
#define STEMS_TIMES    11     /* with them, itself among them */

static void add_file(void *user, const char *name, uint64_t bytes)
{
    uint64_t *sum = user;
    (void)name;
    *sum += bytes;
}

static uint64_t estimate(const struct aur_take *take)
{
    uint64_t seconds = take->rate_hz ? (take->to_frame - take->from_frame) / take->rate_hz + 1 : 0;
    return seconds * BYTES_A_SECOND * (strstr(take->wanted, "\"stems\":true") ? STEMS_TIMES : 1);
}

/* What is there, and what those that are still to be made will need. */
static uint64_t used(struct aur_keep *keep)
{
    size_t n;
    struct aur_take *takes = aur_takes_copy(&keep->takes, &n);
    uint64_t sum = 0;
    char folder[AUR_FOLDER_PATH];
    for (size_t i = 0; i < n; i++) {
        aur_folder_of(folder, keep->config.folder, takes[i].id);
        if (strcmp(takes[i].state, "done") == 0)
            aur_folder_list(folder, add_file, &sum);
        else if (strcmp(takes[i].state, "failed") != 0)
            sum += estimate(&takes[i]);
    }
    free(takes);
    return sum;
}

/* Of the disk that the takes' folder lies on, or will lie on. */
static uint64_t free_bytes(const struct aur_keep *keep)
{
    struct statvfs about;
    if (statvfs(keep->config.folder, &about) != 0 && statvfs(keep->around, &about) != 0)
        return UINT64_MAX;
    return (uint64_t)about.f_bavail * about.f_frsize;
}

int aur_keep_room(struct aur_keep *keep, const struct aur_take *take, struct aur_error *err)
{
    const uint64_t needs = estimate(take), max = keep->config.takes_bytes_max, is_used = max ? used(keep) : 0,
                   is_free = free_bytes(keep), min = keep->config.free_bytes_min;
    if (max && (is_used > max || needs > max - is_used))
        return aur_error_set(err, AUR_EBUSY,
                             "takes use %" PRIu64 " MiB of the %" PRIu64
                             " MiB that they may (AURALIS_TAKES_MB), this one "
                             "needs about %" PRIu64 ": delete some, or keep less",
                             is_used >> 20, max >> 20, (needs >> 20) + 1);
    if (is_free < min || needs > is_free - min)
        return aur_error_set(err, AUR_EBUSY,
                             "the disk of takes has %" PRIu64 " MiB free, of which %" PRIu64 " MiB stay so; this one "
                             "needs about %" PRIu64 ": delete some, or keep less",
                             is_free >> 20, min >> 20, (needs >> 20) + 1);
    return AUR_OK;
}
