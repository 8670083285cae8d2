/* See failing_disk.h. */
#include "failing_disk.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static long left = -1;
static int failure;
static bool failed;

void failing_disk_arm(long nth, int error)
{
    left = nth;
    failure = error;
    failed = false;
}

bool failing_disk_disarm(void)
{
    left = -1;
    return failed;
}

static bool fails(void)
{
    if (left < 0 || left-- > 0)
        return false;
    failed = true;
    errno = failure;
    return true;
}

#define WRAP(result, name, parameters, arguments)                                                                      \
    result __real_##name parameters;                                                                                   \
    result __wrap_##name parameters;                                                                                   \
    result __wrap_##name parameters                                                                                    \
    {                                                                                                                  \
        return fails() ? -1 : __real_##name arguments;                                                                 \
    }

WRAP(ssize_t, write, (int fd, const void *data, size_t len), (fd, data, len))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to), (from_fd, from, to_fd, to))
WRAP(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
