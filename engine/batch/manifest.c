/* The manifest as a table of its lines by name, appended to on disk. A killed process can leave a line cut short at the end:
 * a new one begins on a line of its own. */
#include "batch/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "bounce/outfile.h"

#define BYTES_MAX ((size_t)1 << 30)

struct aur_manifest {
    char *dir, *path;
    json_t *lines; /* name -> line */
    int fd;        /* -1: not written */
};

static char *joined(const char *dir, const char *name)
{
    struct aur_buf buf;
    aur_buf_init(&buf);
    aur_buf_printf(&buf, "%s/%s", dir, name);
    return aur_buf_take(&buf);
}

static void read_line(struct aur_manifest *manifest, const char *text, size_t len)
{
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const char *name = json_string_value(json_object_get(line, "name"));
    if (name && json_is_array(json_object_get(line, "files")))
        json_object_set(manifest->lines, name, line);
    json_decref(line);
}

static int read_all(struct aur_manifest *manifest, struct aur_error *err)
{
    struct aur_buf text;
    struct stat about;
    if (stat(manifest->path, &about) != 0)
        return AUR_OK;
    aur_buf_init(&text);
    int rc = aur_buf_read_file(&text, manifest->path, BYTES_MAX, err);
    for (char *at = text.data; rc == AUR_OK && at && *at;) {
        size_t n = strcspn(at, "\n");
        read_line(manifest, at, n);
        at += n + (at[n] == '\n');
    }
    aur_buf_deinit(&text);
    return rc;
}

static int take(struct aur_manifest *manifest, struct aur_error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    manifest->fd = open(manifest->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (manifest->fd < 0)
        return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", manifest->path, strerror(errno));
    if (fcntl(manifest->fd, F_OFD_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES))
        return aur_error_set(err, AUR_EIO, "%s: another batch is writing here", manifest->path);
    return AUR_OK;
}

int aur_manifest_open(struct aur_manifest **out, const char *dir, bool write, struct aur_error *err)
{
    struct aur_manifest *manifest = calloc(1, sizeof *manifest);
    int rc = AUR_ENOMEM;
    if (manifest) {
        *manifest = (struct aur_manifest){strdup(dir), joined(dir, AUR_MANIFEST_NAME), json_object(), -1};
        rc = manifest->dir && manifest->path && manifest->lines ? AUR_OK : AUR_ENOMEM;
    }
    if (rc != AUR_OK)
        (void)!aur_error_set(err, rc, "%s: out of memory", dir);
    if (rc == AUR_OK && write)
        rc = take(manifest, err);
    if (rc == AUR_OK)
        rc = read_all(manifest, err);
    if (rc != AUR_OK) {
        aur_manifest_close(manifest);
        return rc;
    }
    *out = manifest;
    return AUR_OK;
}

void aur_manifest_close(struct aur_manifest *manifest)
{
    if (!manifest)
        return;
    if (manifest->fd >= 0)
        close(manifest->fd);
    json_decref(manifest->lines);
    free(manifest->dir);
    free(manifest->path);
    free(manifest);
}

const json_t *aur_manifest_find(const struct aur_manifest *manifest, const char *name)
{
    return json_object_get(manifest->lines, name);
}

/* Bytes of a file below the folder; -1: it is not there. */
static json_int_t size_of(const struct aur_manifest *manifest, const char *file)
{
    struct stat about;
    char *path = joined(manifest->dir, file);
    bool there = path && stat(path, &about) == 0 && S_ISREG(about.st_mode);
    free(path);
    return there ? (json_int_t)about.st_size : -1;
}

static bool as_made(const struct aur_manifest *manifest, const json_t *file)
{
    const char *name = json_string_value(json_object_get(file, "file"));
    return name && size_of(manifest, name) == json_integer_value(json_object_get(file, "bytes"));
}

bool aur_manifest_whole(const struct aur_manifest *manifest, const json_t *line)
{
    const json_t *files = json_object_get(line, "files"), *file;
    size_t i;
    bool whole = json_array_size(files) > 0;
    json_array_foreach(files, i, file) whole = whole && as_made(manifest, file);
    return whole;
}

bool aur_manifest_owns(const struct aur_manifest *manifest, const char *name, const char *file)
{
    const json_t *line = aur_manifest_find(manifest, name), *files = json_object_get(line, "files"), *item;
    const char *state = json_string_value(json_object_get(line, "state"));
    size_t i;
    json_array_foreach(files, i, item)
    {
        const char *own = json_string_value(json_object_get(item, "file"));
        const size_t n = strlen(file);
        if (own && strncmp(own, file, n) == 0 && (!own[n] || own[n] == '/'))
            return (state && strcmp(state, "begun") == 0) || as_made(manifest, item);
    }
    return false;
}

/* ---- what earlier runs made ---- */

json_t *aur_manifest_former(const struct aur_manifest *manifest, const char *name)
{
    const json_t *line = aur_manifest_find(manifest, name);
    const char *state = json_string_value(json_object_get(line, "state"));
    json_t *former = json_object_get(line, state && strcmp(state, "done") == 0 ? "files" : "former");
    return json_is_array(former) ? json_incref(former) : json_array();
}

static bool is_named(const json_t *files, const char *file)
{
    const json_t *item;
    size_t i;
    json_array_foreach(files, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "file"));
        if (name && strcmp(name, file) == 0)
            return true;
    }
    return false;
}

/* NAME.ending or NAME.stems/FILE, whoever wrote the manifest. */
static bool is_of(const char *file, const char *name)
{
    const size_t n = strlen(name);
    return strncmp(file, name, n) == 0 && file[n] == '.' && !strstr(file + n, "..");
}

void aur_manifest_drop(const struct aur_manifest *manifest, const char *name, const json_t *former)
{
    const json_t *files = json_object_get(aur_manifest_find(manifest, name), "files"), *item;
    size_t i;
    json_array_foreach(former, i, item)
    {
        const char *file = json_string_value(json_object_get(item, "file"));
        if (!file || !is_of(file, name) || is_named(files, file) || !as_made(manifest, item))
            continue;
        char *path = joined(manifest->dir, file), *slash = path ? strrchr(path, '/') : NULL;
        if (path)
            unlink(path);
        if (slash && strchr(file + strlen(name), '/')) {
            *slash = '\0';
            rmdir(path); /* of stems, if none is left */
        }
        free(path);
    }
}

/* ---- writing ---- */

static bool ends_open(int fd)
{
    char last = '\n';
    off_t end = lseek(fd, 0, SEEK_END);
    return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

static int append(struct aur_manifest *manifest, const json_t *line, struct aur_error *err)
{
    struct aur_buf text;
    char *json = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(10));
    aur_buf_init(&text);
    if (ends_open(manifest->fd))
        aur_buf_text(&text, "\n");
    aur_buf_text(&text, json ? json : "");
    aur_buf_text(&text, "\n");
    struct aur_outfile file = {.path = manifest->path, .fd = manifest->fd};
    int rc = json && aur_buf_ok(&text) ? aur_outfile_write(&file, text.data, text.len, err)
                                       : aur_error_set(err, AUR_ENOMEM, "%s: out of memory", manifest->path);
    free(json);
    aur_buf_deinit(&text);
    return rc;
}

int aur_manifest_add(struct aur_manifest *manifest, json_t *line, struct aur_error *err)
{
    const char *name = json_string_value(json_object_get(line, "name"));
    if (!name || json_object_set_new(manifest->lines, name, line) != 0)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", manifest->path);
    return append(manifest, line, err);
}

bool aur_manifest_put_file(const struct aur_manifest *manifest, json_t *line, const char *file)
{
    const json_int_t bytes = size_of(manifest, file);
    json_t *files = json_object_get(line, "files");
    return bytes < 0 || json_array_append_new(files, json_pack("{ss sI}", "file", file, "bytes", bytes)) == 0;
}

static void put_line(struct aur_buf *out, const json_t *line)
{
    char *json = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(10));
    aur_buf_printf(out, "%s\n", json ? json : "");
    out->failed |= !json;
    free(json);
}

int aur_manifest_tidy(struct aur_manifest *manifest, const char *(*name_at)(void *user, size_t i), size_t n, void *user,
                      struct aur_error *err)
{
    struct aur_outfile file = {.fd = -1};
    struct aur_buf text;
    const char *name;
    const json_t *line;
    aur_buf_init(&text);
    json_t *rest = json_copy(manifest->lines);
    for (size_t i = 0; i < n; i++) {
        line = json_object_get(rest, name_at(user, i));
        if (!line)
            continue;
        put_line(&text, line);
        json_object_del(rest, name_at(user, i));
    }
    json_object_foreach(rest, name, line) put_line(&text, line);
    json_decref(rest);
    int rc = rest && aur_buf_ok(&text) ? aur_outfile_open(&file, manifest->path, true, err)
                                       : aur_error_set(err, AUR_ENOMEM, "%s: out of memory", manifest->path);
    if (rc == AUR_OK)
        rc = aur_outfile_write(&file, text.data ? text.data : "", text.len, err);
    if (rc == AUR_OK)
        rc = aur_outfile_publish(&file, err);
    aur_outfile_deinit(&file);
    aur_buf_deinit(&text);
    return rc;
}
