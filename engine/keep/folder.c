/* Files of takes. A folder appears by a rename once everything in it is on the disk, so that it is complete or not there
 * whatever happens meanwhile. Names that come from outside are never joined to a path: a file is found in the list. */
#include "keep/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 256
#define NAME_SIZE 300

void aur_folder_of(char out[AUR_FOLDER_PATH], const char *folder, const char *id)
{
    snprintf(out, AUR_FOLDER_PATH, "%.4096s/%.32s", folder, id);
}

void aur_folder_part(char out[AUR_FOLDER_PATH], const char *folder, const char *id)
{
    snprintf(out, AUR_FOLDER_PATH, "%.4096s/.%.32s.part", folder, id);
}

static int failed(const char *path, const char *what, struct aur_error *err)
{
    return aur_error_set(err, AUR_EIO, "%.500s: %s: %s", path, what, strerror(errno));
}

int aur_folder_make(const char *path, struct aur_error *err)
{
    char at[AUR_FOLDER_PATH];
    snprintf(at, sizeof at, "%s", path);
    for (char *slash = strchr(at + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(at, 0777) != 0 && errno != EEXIST)
            return failed(at, "cannot be made", err);
        *slash = '/';
    }
    return mkdir(at, 0777) == 0 || errno == EEXIST ? AUR_OK : failed(at, "cannot be made", err);
}

bool aur_folder_exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* ---- lists ---- */

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void remove_at(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || depth == 0)
        return;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (!is_dots(entry->d_name))
            remove_at(fd, entry->d_name, depth - 1);
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void aur_folder_remove(const char *path)
{
    remove_at(AT_FDCWD, path, 3);
}

void aur_folder_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.' && n > 6 && strcmp(entry->d_name + n - 5, ".part") == 0)
            remove_at(dirfd(dir), entry->d_name, 3);
    }
    if (dir)
        closedir(dir);
}

struct files {
    char (*names)[NAME_SIZE];
    size_t n;
};

static void find_files(struct files *out, int parent, const char *folder, const char *prefix)
{
    int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    const struct dirent *entry;
    struct stat about;
    while (out->n < FILES_MAX && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(about.st_mode))
            snprintf(out->names[out->n++], NAME_SIZE, "%.32s%s%.255s", prefix, *prefix ? "/" : "", entry->d_name);
        else if (S_ISDIR(about.st_mode) && !*prefix)
            find_files(out, fd, entry->d_name, entry->d_name);
    }
    closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool read_files(struct files *out, const char *path)
{
    *out = (struct files){.names = calloc(FILES_MAX, sizeof *out->names)};
    if (!out->names)
        return false;
    find_files(out, AT_FDCWD, path, "");
    qsort(out->names, out->n, sizeof *out->names, by_name);
    return true;
}

void aur_folder_list(const char *path, aur_folder_file_fn *fn, void *user)
{
    struct files files;
    struct stat about;
    char whole[AUR_FOLDER_PATH + NAME_SIZE];
    if (!read_files(&files, path))
        return;
    for (size_t i = 0; i < files.n; i++) {
        snprintf(whole, sizeof whole, "%s/%s", path, files.names[i]);
        if (stat(whole, &about) == 0)
            fn(user, files.names[i], (uint64_t)about.st_size);
    }
    free(files.names);
}

int aur_folder_open_path(const char *path, int *fd, uint64_t *bytes, struct aur_error *err)
{
    struct stat about;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd >= 0 && fstat(*fd, &about) == 0) {
        *bytes = (uint64_t)about.st_size;
        return AUR_OK;
    }
    int rc = failed(path, "cannot be read", err);
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return rc;
}

int aur_folder_open(const char *path, const char *name, int *fd, uint64_t *bytes, struct aur_error *err)
{
    struct files files;
    char whole[AUR_FOLDER_PATH + NAME_SIZE];
    bool known = strcmp(name, AUR_FOLDER_WAVEFORM) == 0, read = read_files(&files, path);
    for (size_t i = 0; read && i < files.n; i++)
        known = known || strcmp(files.names[i], name) == 0;
    free(files.names);
    *fd = -1;
    snprintf(whole, sizeof whole, "%s/%.299s", path, name);
    return known ? aur_folder_open_path(whole, fd, bytes, err)
                 : aur_error_set(err, AUR_ENOTFOUND, "no such file: %.255s", name);
}

/* ---- writing ---- */

int aur_folder_write(const char *path, const void *data, size_t len, struct aur_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    const char *at = data;
    if (fd < 0)
        return failed(path, "cannot be written", err);
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        at += n;
        len -= (size_t)n;
    }
    int rc = len ? failed(path, "cannot be written", err) : AUR_OK;
    if (close(fd) != 0 && rc == AUR_OK)
        rc = failed(path, "cannot be written", err);
    return rc;
}

int aur_folder_publish(const char *part, const char *path, struct aur_error *err)
{
    int fd = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && syncfs(fd) == 0;
    if (fd >= 0)
        close(fd);
    if (!synced)
        return failed(part, "cannot be written", err);
    return rename(part, path) == 0 ? AUR_OK : failed(path, "cannot be made", err);
}

/* ---- names ---- */

const char *aur_folder_type(const char *name)
{
    static const char *const types[][2] = {
        {".flac", "audio/flac"},          {".wav", "audio/wav"},         {".opus", "audio/ogg"},
        {".mid", "audio/midi"},           {".json", "application/json"}, {".txt", "text/plain; charset=utf-8"},
        {".auralis", "application/gzip"},
    };
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static bool is_kept(char c)
{
    return (unsigned char)c >= 0x80 || strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", c);
}

void aur_folder_slug(char *out, size_t size, const char *name)
{
    size_t n = 0;
    for (const char *at = name; *at && n + 1 < size; at++) {
        bool kept = is_kept(*at) && !(n == 0 && (*at == '.' || *at == '-'));
        if (kept)
            out[n++] = *at;
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    }
    size_t begin = n; /* of the last character: all of it, or nothing */
    while (begin && ((unsigned char)out[begin - 1] & 0xc0) == 0x80)
        begin--;
    unsigned char lead = begin ? (unsigned char)out[begin - 1] : 0;
    size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (n - begin < more)
        n = begin - 1;
    while (n && (out[n - 1] == '-' || out[n - 1] == '.'))
        n--;
    out[n] = '\0';
}

void aur_folder_shorten(const char *folder, char *text)
{
    size_t n = strlen(folder);
    for (char *at = text; n > 1 && (at = strstr(at, folder));) {
        size_t cut = n + (at[n] == '/');
        memmove(at, at + cut, strlen(at + cut) + 1);
    }
}
