/* Former texts on disk, a folder for each file, a file for each text. On the scripts worker.
 *
 * The number in a name gives the order, so that neither the clock nor a tool that sets times can make an old text new; the
 * file's own time says when the text was saved. Every reading begins from what is on disk: there is nothing to repair
 * after a crash, and what somebody else puts there does no harm. */
#include "channel/versions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "channel/textfile.h"

#define TEXT_MAX    ((size_t)16 << 20) /* nothing larger was ever kept */
#define ENTRIES_MAX 4096

struct aur_versions {
    char *dir; /* of this scripts folder */
    uint32_t keep;
};

struct entry {
    uint64_t number;
    char version[AUR_VERSION_SIZE];
};

struct entries { /* newest first */
    struct entry *items;
    size_t n;
};

void aur_version_of(char out[AUR_VERSION_SIZE], const void *text, size_t len)
{
    snprintf(out, AUR_VERSION_SIZE, "%016" PRIx64, aur_hash64(text, len, AUR_HASH_START));
}

int aur_versions_new(struct aur_versions **out, const char *dir, const char *folder, uint32_t keep,
                     struct aur_error *err)
{
    char hash[AUR_VERSION_SIZE];
    struct aur_buf path;
    aur_version_of(hash, folder, strlen(folder));
    aur_buf_init(&path);
    aur_buf_printf(&path, "%s/%s", dir, hash);
    struct aur_versions *versions = malloc(sizeof *versions);
    char *text = aur_buf_take(&path);
    if (!versions || !text) {
        free(versions);
        free(text);
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    }
    *versions = (struct aur_versions){text, keep ? keep : 1};
    *out = versions;
    return AUR_OK;
}

void aur_versions_free(struct aur_versions *versions)
{
    if (!versions)
        return;
    free(versions->dir);
    free(versions);
}

/* ---- names ---- */

/* The folder of a file's texts: descriptor (O_PATH), or -1 with errno. */
static int open_folder(const struct aur_versions *versions, const char *name, bool make)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", versions->dir, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (char *at = path + strlen(versions->dir) + 1; *at; at++)
        if (*at == '/')
            *at = '+';
    return make ? aur_textfile_folder(path) : open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

#define ENTRY_NAME_SIZE 40

static void entry_name(char out[ENTRY_NAME_SIZE], const struct entry *entry)
{
    snprintf(out, ENTRY_NAME_SIZE, "%016" PRIx64 "-%s.lua", entry->number, entry->version);
}

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

static bool read_name(struct entry *out, const char *name)
{
    if (strlen(name) != 37 || !is_hex(name, 16) || name[16] != '-' || !is_hex(name + 17, 16) ||
        strcmp(name + 33, ".lua") != 0)
        return false;
    out->number = strtoull(name, NULL, 16);
    memcpy(out->version, name + 17, 16);
    out->version[16] = '\0';
    return true;
}

static int newer_first(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->number < y->number) - (x->number > y->number);
}

/* What the names say; nothing where the folder cannot be read. */
static int read_entries(struct entries *out, int folder, struct aur_error *err)
{
    *out = (struct entries){calloc(ENTRIES_MAX, sizeof *out->items), 0};
    if (!out->items)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir && fd >= 0)
        close(fd);
    const struct dirent *found;
    while (dir && out->n < ENTRIES_MAX && (found = readdir(dir)))
        out->n += read_name(&out->items[out->n], found->d_name);
    if (dir)
        closedir(dir);
    qsort(out->items, out->n, sizeof *out->items, newer_first);
    return AUR_OK;
}

/* The text, if it still is what it was. */
static int read_entry(struct aur_buf *out, uint64_t *saved_us, int folder, const struct entry *entry,
                      struct aur_error *err)
{
    char name[ENTRY_NAME_SIZE], version[AUR_VERSION_SIZE];
    size_t from = out->len;
    entry_name(name, entry);
    int rc = aur_textfile_read(out, saved_us, folder, name, TEXT_MAX, err);
    if (rc != AUR_OK)
        return rc;
    aur_version_of(version, out->data ? out->data + from : "", out->len - from);
    if (strcmp(version, entry->version) == 0)
        return AUR_OK;
    return aur_error_set(err, AUR_ENOTFOUND, "%s: is damaged", name);
}

/* ---- keeping ---- */

static void drop(int folder, const struct entry *entry)
{
    char name[ENTRY_NAME_SIZE];
    entry_name(name, entry);
    (void)unlinkat(folder, name, 0);
}

static bool is_whole(int folder, const struct entry *entry)
{
    struct aur_buf text;
    aur_buf_init(&text);
    bool whole = read_entry(&text, NULL, folder, entry, NULL) == AUR_OK;
    aur_buf_deinit(&text);
    return whole;
}

static bool is_newest(int folder, const struct entries *entries, const char *version)
{
    return entries->n && strcmp(entries->items[0].version, version) == 0 && is_whole(folder, &entries->items[0]);
}

/* Writes the text as the newest, then drops its former place. */
static int add(int folder, const struct entries *entries, const struct aur_textfile *file, const char *version,
               struct aur_error *err)
{
    struct entry newest = {.number = entries->n ? entries->items[0].number + 1 : 1};
    char name[ENTRY_NAME_SIZE];
    memcpy(newest.version, version, sizeof newest.version);
    entry_name(name, &newest);
    int rc = aur_textfile_write(folder, name, file, err);
    for (size_t i = 0; rc == AUR_OK && i < entries->n; i++)
        if (strcmp(entries->items[i].version, version) == 0)
            drop(folder, &entries->items[i]);
    return rc;
}

static int prune(const struct aur_versions *versions, int folder, const char *current, struct aur_error *err)
{
    struct entries entries;
    int rc = read_entries(&entries, folder, err);
    uint32_t kept = 0;
    for (size_t i = 0; rc == AUR_OK && i < entries.n; i++) {
        if (strcmp(entries.items[i].version, current) == 0 || !is_whole(folder, &entries.items[i]))
            continue;
        if (kept == versions->keep)
            drop(folder, &entries.items[i]);
        else
            kept++;
    }
    free(entries.items);
    return rc;
}

int aur_versions_keep(struct aur_versions *versions, const char *name, const char *text, size_t len, uint64_t saved_us,
                      const char *current, struct aur_error *err)
{
    struct aur_textfile file = {.text = text, .len = len, .saved_us = saved_us};
    char version[AUR_VERSION_SIZE];
    struct entries entries;
    int folder = open_folder(versions, name, true);
    if (folder < 0)
        return aur_error_set(err, AUR_EIO, "%s: its former texts cannot be kept in %s: %s", name, versions->dir,
                             strerror(errno));
    aur_version_of(version, text, len);
    int rc = read_entries(&entries, folder, err);
    if (rc == AUR_OK && !is_newest(folder, &entries, version))
        rc = add(folder, &entries, &file, version, err);
    free(entries.items);
    if (rc == AUR_OK)
        rc = prune(versions, folder, current, err);
    close(folder);
    return rc == AUR_ENOTSUP ? AUR_EIO : rc;
}

/* ---- reading ---- */

static bool is_listed(const struct aur_version *list, size_t n, const char *version)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].version, version) == 0)
            return true;
    return false;
}

size_t aur_versions_list(struct aur_versions *versions, struct aur_version *out, size_t max, const char *name)
{
    struct entries entries = {NULL, 0};
    struct aur_buf text;
    size_t n = 0;
    int folder = open_folder(versions, name, false);
    if (folder < 0)
        return 0;
    aur_buf_init(&text);
    int rc = read_entries(&entries, folder, NULL);
    for (size_t i = 0; rc == AUR_OK && i < entries.n && n < max; i++) {
        const struct entry *entry = &entries.items[i];
        aur_buf_clear(&text);
        if (is_listed(out, n, entry->version) || read_entry(&text, &out[n].saved_us, folder, entry, NULL) != AUR_OK)
            continue;
        memcpy(out[n].version, entry->version, sizeof out[n].version);
        out[n++].bytes = text.len;
    }
    aur_buf_deinit(&text);
    free(entries.items);
    close(folder);
    return n;
}

int aur_versions_read(struct aur_versions *versions, struct aur_buf *out, const char *name, const char *version,
                      struct aur_error *err)
{
    struct entries entries = {NULL, 0};
    struct aur_buf text;
    int folder = open_folder(versions, name, false), rc = AUR_ENOTFOUND;
    if (folder < 0)
        return aur_error_set(err, AUR_ENOTFOUND, "%s: no text %s is kept", name, version);
    aur_buf_init(&text);
    int listed = read_entries(&entries, folder, err);
    for (size_t i = 0; listed == AUR_OK && rc != AUR_OK && i < entries.n; i++) {
        aur_buf_clear(&text);
        if (strcmp(entries.items[i].version, version) == 0)
            rc = read_entry(&text, NULL, folder, &entries.items[i], err);
    }
    if (rc == AUR_OK)
        aur_buf_add(out, text.data ? text.data : "", text.len);
    else
        rc = aur_error_set(err, listed == AUR_OK ? rc : listed, "%s: no text %s is kept", name, version);
    aur_buf_deinit(&text);
    free(entries.items);
    close(folder);
    return rc;
}
