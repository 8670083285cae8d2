/* inotify. On the scripts worker.
 *
 * The system watches inodes, not paths: when a folder is replaced, its watch goes on with the folder that was there. So
 * the folder above each one is watched too, and whenever something happens to a folder itself, all watches are made anew
 * by their paths: for an inode that is watched already that is the same watch again. */
#include "channel/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define WATCHES_MAX (2 * AUR_WATCH_FOLDERS_MAX + 16)
#define MASK                                                                                                           \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct aur_watch {
    int fd;
    size_t n;
    char *folders[AUR_WATCH_FOLDERS_MAX]; /* wanted */
    size_t n_wds;
    int wds[WATCHES_MAX]; /* in use, those of folders above included */
    int wd_of[AUR_WATCH_FOLDERS_MAX];
};

int aur_watch_new(struct aur_watch **out, struct aur_error *err)
{
    struct aur_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        free(watch);
        return aur_error_set(err, AUR_EIO, "files cannot be watched: %s", strerror(errno));
    }
    *out = watch;
    return AUR_OK;
}

void aur_watch_free(struct aur_watch *watch)
{
    if (!watch)
        return;
    close(watch->fd);
    for (size_t i = 0; i < watch->n; i++)
        free(watch->folders[i]);
    free(watch);
}

int aur_watch_fd(const struct aur_watch *watch)
{
    return watch->fd;
}

static bool has(const int *wds, size_t n, int wd)
{
    for (size_t i = 0; i < n; i++)
        if (wds[i] == wd)
            return true;
    return false;
}

static int add(struct aur_watch *watch, const char *path)
{
    int wd = inotify_add_watch(watch->fd, path, MASK);
    if (wd >= 0 && !has(watch->wds, watch->n_wds, wd) && watch->n_wds < WATCHES_MAX)
        watch->wds[watch->n_wds++] = wd;
    return wd;
}

/* The folder above, or the nearest of those above it that is there. */
static void add_above(struct aur_watch *watch, const char *folder)
{
    char path[PATH_MAX];
    size_t n = strlen(folder);
    if (n >= sizeof path)
        return;
    memcpy(path, folder, n + 1);
    for (char *slash; (slash = strrchr(path, '/'));) {
        slash[slash == path] = '\0';
        if (add(watch, path) >= 0 || slash == path)
            return;
    }
}

/* All watches by their paths, as they lead now. */
static int refresh(struct aur_watch *watch)
{
    int old[WATCHES_MAX], rc = 0;
    size_t n_old = watch->n_wds;
    memcpy(old, watch->wds, sizeof old);
    watch->n_wds = 0;
    for (size_t i = 0; i < watch->n; i++) {
        watch->wd_of[i] = add(watch, watch->folders[i]);
        if (watch->wd_of[i] < 0 && (errno == ENOSPC || errno == ENOMEM))
            rc = errno;
        add_above(watch, watch->folders[i]);
    }
    for (size_t i = 0; i < n_old; i++)
        if (!has(watch->wds, watch->n_wds, old[i]))
            inotify_rm_watch(watch->fd, old[i]);
    return rc;
}

int aur_watch_folder(struct aur_watch *watch, const char *path, struct aur_error *err)
{
    for (size_t i = 0; i < watch->n; i++)
        if (strcmp(watch->folders[i], path) == 0)
            return AUR_OK;
    if (watch->n == AUR_WATCH_FOLDERS_MAX)
        return aur_error_set(err, AUR_ELIMIT, "%s: more than %d folders to watch", path, AUR_WATCH_FOLDERS_MAX);
    char *copy = strdup(path);
    if (!copy)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    watch->folders[watch->n++] = copy;
    int failed = refresh(watch);
    if (failed)
        return aur_error_set(err, AUR_EIO, "%s cannot be watched: %s", path, strerror(failed));
    return AUR_OK;
}

/* A new file comes again when it has been written; a link is all there. */
static bool is_complete(const char *folder, const char *name)
{
    struct aur_buf path;
    struct stat info;
    aur_buf_init(&path);
    aur_buf_printf(&path, "%s/%s", folder, name);
    bool unfinished = aur_buf_ok(&path) && lstat(path.data, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink == 1;
    aur_buf_deinit(&path);
    return !unfinished;
}

/* Whether the event is about a folder on the way to a wanted one, not about a file in it. */
static bool is_folders(const struct aur_watch *watch, const struct inotify_event *event)
{
    bool wanted = has(watch->wd_of, watch->n, event->wd);
    return event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_ISDIR | IN_Q_OVERFLOW) ||
           (!wanted && event->mask & (IN_CREATE | IN_MOVED_TO)); /* a link to a folder */
}

static void tell(struct aur_watch *watch, const struct inotify_event *event, aur_watch_fn *on_change, void *user)
{
    for (size_t i = 0; i < watch->n; i++)
        if (watch->wd_of[i] == event->wd && event->len > 0 &&
            (!(event->mask & IN_CREATE) || is_complete(watch->folders[i], event->name)))
            on_change(user, watch->folders[i], event->name);
}

/* Folders that lead elsewhere than before hold other files. */
static void look_again(struct aur_watch *watch, bool all, aur_watch_fn *on_change, void *user)
{
    int old[AUR_WATCH_FOLDERS_MAX];
    memcpy(old, watch->wd_of, sizeof old);
    refresh(watch);
    for (size_t i = 0; i < watch->n; i++)
        if (all || watch->wd_of[i] != old[i])
            on_change(user, watch->folders[i], "");
}

void aur_watch_read(struct aur_watch *watch, aur_watch_fn *on_change, void *user)
{
    char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool again = false, all = false;
    ssize_t n;
    while ((n = read(watch->fd, buf, sizeof buf)) > 0)
        for (char *at = buf; at < buf + n;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            all |= (event->mask & IN_Q_OVERFLOW) != 0;
            again |= is_folders(watch, event);
            tell(watch, event, on_change, user);
            at += sizeof *event + event->len;
        }
    if (again)
        look_again(watch, all, on_change, user);
}
