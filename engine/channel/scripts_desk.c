/* Texts seen. On the scripts worker. When a file changes under an editor's hand its former text is gone from the disk, so
 * the last text of every file in use is remembered, and goes to the versions with the one that took its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "channel/scripts_desk.h"
#include "channel/textfile.h"

static int open_folder(const struct aur_scripts *scripts)
{
    return open(scripts->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int aur_scripts_desk_new(struct aur_scripts_desk **out, const struct aur_scripts *scripts, const char *versions_dir,
                         uint32_t versions, struct aur_error *err)
{
    struct aur_scripts_desk *desk = calloc(1, sizeof *desk);
    if (!desk)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    int rc = AUR_OK;
    desk->folder_fd = open_folder(scripts);
    if (desk->folder_fd < 0)
        rc = aur_error_set(err, AUR_EIO, "%s: %s", scripts->folder, strerror(errno));
    else
        rc = aur_versions_new(&desk->versions, versions_dir, scripts->folder, versions, err);
    if (rc == AUR_OK)
        *out = desk;
    else
        aur_scripts_desk_free(desk);
    return rc;
}

void aur_scripts_desk_free(struct aur_scripts_desk *desk)
{
    if (!desk)
        return;
    if (desk->folder_fd >= 0)
        close(desk->folder_fd);
    for (size_t i = 0; i < AUR_SCRIPTS_SEEN; i++)
        free(desk->seen[i].text);
    aur_versions_free(desk->versions);
    aur_preview_deinit(&desk->preview);
    free(desk);
}

int aur_scripts_desk_turn(struct aur_scripts *scripts, struct aur_error *err)
{
    struct stat held, there;
    int *fd = &scripts->desk->folder_fd;
    int now = open_folder(scripts);
    if (now < 0)
        return aur_error_set(err, AUR_EBUSY, "the scripts folder cannot be opened: %s", strerror(errno));
    bool same =
        fstat(*fd, &held) == 0 && fstat(now, &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
    close(same ? now : *fd);
    if (same)
        return AUR_OK;
    *fd = now;
    aur_log(scripts->log, AUR_LOG_INFO, "scripts", "%s is another folder now", scripts->folder);
    return AUR_OK;
}

int aur_scripts_load(const struct aur_scripts *scripts, struct aur_script_text *out, const char *name,
                     struct aur_error *err)
{
    aur_buf_init(&out->text);
    int rc = aur_textfile_read(&out->text, &out->saved_us, scripts->desk->folder_fd, name,
                               scripts->limits.source_bytes ? scripts->limits.source_bytes : AUR_SCRIPTS_TEXT_MAX, err);
    if (rc == AUR_OK)
        aur_version_of(out->version, out->text.data ? out->text.data : "", out->text.len);
    return rc;
}

/* The place of the file's text: its own, a free one, or the one that was taken longest ago. */
static struct aur_seen *find_seen(struct aur_scripts_desk *desk, const char *name)
{
    struct aur_seen *empty = NULL;
    for (size_t i = 0; i < AUR_SCRIPTS_SEEN; i++) {
        if (strcmp(desk->seen[i].name, name) == 0)
            return &desk->seen[i];
        if (!empty && !desk->seen[i].text)
            empty = &desk->seen[i];
    }
    return empty ? empty : &desk->seen[desk->next_seen++ % AUR_SCRIPTS_SEEN];
}

void aur_scripts_remember(struct aur_scripts *scripts, const char *name, const char *text, size_t len,
                          uint64_t saved_us)
{
    struct aur_seen *seen = find_seen(scripts->desk, name);
    char *copy = malloc(len + 1);
    free(seen->text);
    *seen = (struct aur_seen){.text = copy, .len = len, .saved_us = saved_us};
    if (!copy) {
        aur_log(scripts->log, AUR_LOG_ERROR, "scripts", "%s: out of memory: its text is not remembered", name);
        return;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    strcpy(seen->name, name);
    aur_version_of(seen->version, text, len);
}

static void keep(struct aur_scripts *scripts, const char *name, const char *text, size_t len, uint64_t saved_us,
                 const char *current)
{
    struct aur_error err;
    if (aur_versions_keep(scripts->desk->versions, name, text, len, saved_us, current, &err) != AUR_OK)
        aur_log(scripts->log, AUR_LOG_WARNING, "scripts", "%s", err.message);
}

int aur_scripts_see(struct aur_scripts *scripts, char version[AUR_VERSION_SIZE], bool *changed, const char *name,
                    struct aur_error *err)
{
    struct aur_script_text now;
    int rc = aur_scripts_load(scripts, &now, name, err);
    if (rc == AUR_OK) {
        const struct aur_seen *seen = find_seen(scripts->desk, name);
        const char *text = now.text.data ? now.text.data : "";
        bool known = seen->text && strcmp(seen->name, name) == 0, same = strcmp(seen->version, now.version) == 0;
        if (known && !same) {
            keep(scripts, name, seen->text, seen->len, seen->saved_us, now.version);
            keep(scripts, name, text, now.text.len, now.saved_us, now.version);
        }
        if (!known || !same)
            aur_scripts_remember(scripts, name, text, now.text.len, now.saved_us);
        if (changed)
            *changed = !known || !same;
        strcpy(version, now.version);
    }
    aur_buf_deinit(&now.text);
    return rc;
}

void aur_scripts_keep_seen(struct aur_scripts *scripts)
{
    for (size_t i = 0; i < AUR_SCRIPTS_SEEN; i++) {
        const struct aur_seen *seen = &scripts->desk->seen[i];
        struct aur_script_text now = {.version = ""};
        if (!seen->text)
            continue;
        if (aur_scripts_load(scripts, &now, seen->name, NULL) != AUR_OK || strcmp(now.version, seen->version) != 0)
            keep(scripts, seen->name, seen->text, seen->len, seen->saved_us, now.version);
        aur_buf_deinit(&now.text);
    }
}

void aur_scripts_knew(struct aur_scripts *scripts, const char *name, const char *text)
{
    struct aur_script_text now;
    struct timespec time;
    char version[AUR_VERSION_SIZE];
    size_t len = strlen(text);
    int rc = aur_scripts_load(scripts, &now, name, NULL);
    aur_version_of(version, text, len);
    clock_gettime(CLOCK_REALTIME, &time);
    if (rc != AUR_OK || strcmp(now.version, version) != 0)
        aur_scripts_remember(scripts, name, text, len,
                             (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_nsec / 1000u);
    aur_buf_deinit(&now.text);
}
