/* Part files and their renaming. Runs on the thread of the render. A rename within a folder is atomic, so a reader sees
 * the old file or the whole new one; without force the kernel refuses to replace a file that came up meanwhile. */
#include "bounce/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define PART_TRIES 100

static int exists_already(const char *path, struct aur_error *err)
{
    return aur_error_set(err, AUR_EIO, "%s: exists already and is not overwritten without --force", path);
}

/* "dir/.name.PID-N.part" */
static char *part_name(const char *path, int n)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_buf_add(&buf, path, (size_t)(name - path));
    aur_buf_printf(&buf, ".%s.%ld-%d.part", name, (long)getpid(), n);
    char *part = aur_buf_take(&buf);
    aur_buf_deinit(&buf);
    return part;
}

int aur_outfile_check(const char *path, bool force, struct aur_error *err)
{
    struct stat st;
    return !force && lstat(path, &st) == 0 ? exists_already(path, err) : AUR_OK;
}

int aur_outfile_open(struct aur_outfile *file, const char *path, bool force, struct aur_error *err)
{
    *file = (struct aur_outfile){.path = path, .fd = -1, .force = force};
    int rc = aur_outfile_check(path, force, err);
    if (rc)
        return rc;
    for (int n = 0; n < PART_TRIES; n++) {
        file->part = part_name(path, n);
        if (!file->part)
            return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
        file->fd = open(file->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file->fd >= 0)
            return AUR_OK;
        int reason = errno;
        free(file->part);
        file->part = NULL;
        if (reason != EEXIST)
            return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", path, strerror(reason));
    }
    return aur_error_set(err, AUR_EIO, "%s: cannot be written: too many part files beside it", path);
}

int aur_outfile_reserve(const struct aur_outfile *file, uint64_t bytes, struct aur_error *err)
{
    if (fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) && (errno == ENOSPC || errno == EFBIG))
        return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", file->path, strerror(errno));
    return AUR_OK;
}

int aur_outfile_write(struct aur_outfile *file, const void *data, size_t len, struct aur_error *err)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(file->fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", file->path, strerror(errno));
        at += n;
        len -= (size_t)n;
    }
    return AUR_OK;
}

void aur_outfile_trim(const struct aur_outfile *file)
{
    struct stat st;
    if (fstat(file->fd, &st) == 0 && ftruncate(file->fd, st.st_size))
        return; /* the room stays the file's: nothing is lost */
}

static int move(const struct aur_outfile *file)
{
    if (!file->force) {
        if (renameat2(AT_FDCWD, file->part, AT_FDCWD, file->path, RENAME_NOREPLACE) == 0 || errno == EEXIST)
            return errno == EEXIST ? -1 : 0;
        if (errno != EINVAL && errno != ENOSYS) /* some file systems know only the plain rename */
            return -1;
    }
    return rename(file->part, file->path);
}

int aur_outfile_publish(struct aur_outfile *file, struct aur_error *err)
{
    if (file->fd >= 0) {
        int rc = close(file->fd);
        file->fd = -1;
        if (rc)
            return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", file->path, strerror(errno));
    }
    errno = 0;
    if (move(file)) {
        if (errno == EEXIST)
            return exists_already(file->path, err);
        return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", file->path, strerror(errno));
    }
    free(file->part);
    file->part = NULL;
    return AUR_OK;
}

void aur_outfile_deinit(struct aur_outfile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    if (file->part)
        unlink(file->part);
    free(file->part);
    file->part = NULL;
}

/* The process whose part file this is: ".NAME.PID-N.part"; 0: it is none, or of another target. */
static long owner_of(const char *file, const char *name)
{
    static const char end[] = ".part";
    const size_t len = strlen(file);
    if (*file != '.' || len < sizeof end || strcmp(file + len - sizeof end + 1, end) != 0)
        return 0;
    if (name && (strncmp(file + 1, name, strlen(name)) != 0 || file[1 + strlen(name)] != '.'))
        return 0;
    const char *at = file + len - sizeof end + 1;
    while (at > file && at[-1] != '.')
        at--;
    if (name && at != file + strlen(name) + 2)
        return 0;
    char *rest;
    const long pid = strtol(at, &rest, 10);
    return rest != at && *rest == '-' ? pid : 0;
}

void aur_outfile_sweep(const char *folder, const char *name)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        const long pid = owner_of(entry->d_name, name);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            (void)!unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
}
