/* Text files below a folder. On the scripts worker. A text is written to a temporary file beside its place, synced, and
 * renamed over it: an editor, a watcher or a crash sees one whole text or the other. */
#include "channel/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- opening ---- */

/* One part after another and through no link: where the kernel or a container lacks openat2. */
static int walk(int folder_fd, const char *path, int flags)
{
    char part[NAME_MAX + 1];
    int at = folder_fd;
    for (;;) {
        size_t len = strcspn(path, "/");
        bool last = path[len] == '\0';
        int next = -1;
        if (len == 0 || len > NAME_MAX || (len <= 2 && strspn(path, ".") >= len)) {
            errno = EXDEV;
        } else {
            memcpy(part, path, len);
            part[len] = '\0';
            next = openat(at, part, (last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
        }
        int error = errno;
        if (at != folder_fd)
            close(at);
        errno = error;
        if (last || next < 0)
            return next;
        at = next;
        path += len + 1;
    }
}

int aur_beneath_open(int folder_fd, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, folder_fd, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = walk(folder_fd, path, flags);
    return fd;
}

int aur_textfile_folder(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part) {
        errno = len ? ENAMETOOLONG : ENOENT;
        return -1;
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST && access(part, F_OK) != 0)
            return -1;
    }
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* ---- reading ---- */

static bool read_all(struct aur_buf *out, int fd, size_t max)
{
    char block[16384];
    size_t from = out->len;
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0 && out->len - from <= max)
        aur_buf_add(out, block, (size_t)n);
    return n >= 0;
}

int aur_textfile_read(struct aur_buf *out, uint64_t *saved_us, int folder_fd, const char *name, size_t max,
                      struct aur_error *err)
{
    struct stat about;
    size_t from = out->len;
    int rc = AUR_OK, fd = aur_beneath_open(folder_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == EACCES || errno == EMFILE || errno == ENFILE || errno == EIO))
        return aur_error_set(err, AUR_EIO, "%s: cannot be read: %s", name, strerror(errno));
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        rc = aur_error_set(err, AUR_ENOTFOUND, "no such file: %s", name);
    else if (!read_all(out, fd, max))
        rc = aur_error_set(err, AUR_EIO, "%s: cannot be read: %s", name, strerror(errno));
    else if (!aur_buf_ok(out))
        rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", name);
    else if (out->len - from > max)
        rc = aur_error_set(err, AUR_ELIMIT, "%s: longer than %zu bytes", name, max);
    else if (saved_us)
        *saved_us = (uint64_t)about.st_mtim.tv_sec * 1000000u + (uint64_t)about.st_mtim.tv_nsec / 1000u;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- writing ---- */

static int refuse(struct aur_error *err, const char *name)
{
    bool denied = errno == EACCES || errno == EPERM || errno == EROFS;
    return aur_error_set(err, denied ? AUR_ENOTSUP : AUR_EIO, "%s: cannot be written: %s", name, strerror(errno));
}

static bool write_all(int fd, const struct aur_textfile *file)
{
    for (size_t done = 0; done < file->len;) {
        ssize_t n = write(fd, file->text + done, file->len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    struct timespec at = {.tv_sec = (time_t)(file->saved_us / 1000000u),
                          .tv_nsec = (long)(file->saved_us % 1000000u) * 1000};
    struct timespec times[2] = {at, at};
    if (file->saved_us && futimens(fd, times) != 0)
        return false;
    return (!file->mode || fchmod(fd, file->mode) == 0) && fsync(fd) == 0;
}

int aur_textfile_write(int folder_fd, const char *leaf, const struct aur_textfile *file, struct aur_error *err)
{
    char temporary[NAME_MAX + 1];
    snprintf(temporary, sizeof temporary, ".%.150s.%ld.tmp", leaf, (long)getpid());
    int fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return refuse(err, leaf);
    bool ok = write_all(fd, file);
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && renameat(folder_fd, temporary, folder_fd, leaf) != 0) {
        ok = false;
        error = errno;
    }
    if (!ok) {
        (void)unlinkat(folder_fd, temporary, 0);
        errno = error;
        return refuse(err, leaf);
    }
    int folder = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* fsync does not take O_PATH */
    if (folder >= 0) {
        (void)fsync(folder);
        close(folder);
    }
    return AUR_OK;
}

/* Where the file at fd really lies, relative to the folder; false if that is not beneath it. */
static bool real_name(char out[PATH_MAX], int fd, const char *folder)
{
    char link[40], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    size_t len = strlen(folder);
    if (n <= 0)
        return false;
    path[n] = '\0';
    if (len == 1) /* the root itself */
        len = 0;
    if (strncmp(path, folder, len) != 0 || path[len] != '/' || !path[len + 1])
        return false;
    snprintf(out, PATH_MAX, "%s", path + len + 1);
    return true;
}

/* Where the text is to go, and the mode it keeps: the file itself, the end of a link, or a place where nothing is yet. */
static int find_place(char out[PATH_MAX], mode_t *mode, int folder_fd, const char *folder, const char *name,
                      struct aur_error *err)
{
    struct stat about;
    int fd = aur_beneath_open(folder_fd, name, O_PATH);
    *mode = 0;
    snprintf(out, PATH_MAX, "%s", name);
    if (fd < 0 && errno == ENOENT && (fstatat(folder_fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0))
        return AUR_OK;
    int rc = AUR_OK;
    if (fd < 0)
        rc = aur_error_set(err, AUR_ENOTSUP, "%s: a link that leads out of the scripts folder, or nowhere", name);
    else if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        rc = aur_error_set(err, AUR_ENOTSUP, "%s: is not a file", name);
    else if (!real_name(out, fd, folder))
        rc = aur_error_set(err, AUR_ENOTSUP, "%s: does not lie in the scripts folder", name);
    else
        *mode = about.st_mode & 07777;
    if (fd >= 0)
        close(fd);
    return rc;
}

int aur_textfile_replace(int folder_fd, const char *folder, const char *name, const char *text, size_t len,
                         struct aur_error *err)
{
    char place[PATH_MAX];
    struct aur_textfile file = {.text = text, .len = len};
    int rc = find_place(place, &file.mode, folder_fd, folder, name, err);
    if (rc != AUR_OK)
        return rc;
    char *slash = strrchr(place, '/');
    if (slash)
        *slash = '\0';
    int at = aur_beneath_open(folder_fd, slash ? place : ".", O_PATH | O_DIRECTORY);
    if (at < 0)
        return aur_error_set(err, AUR_ENOTFOUND, "%s: there is no folder %s", name, slash ? place : folder);
    rc = aur_textfile_write(at, slash ? slash + 1 : place, &file, err);
    close(at);
    return rc;
}
