/* Names and folder of stems. Thread of the render. What lies in the folder from before would be taken for a part of the sum,
 * so a folder with sound in it is refused. */
#include "bounce/stem_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *const names[AUR_TAPS] = {
    [AUR_TAP_CHORUS] = "return-chorus",
    [AUR_TAP_DELAY] = "return-delay",
    [AUR_TAP_REVERB] = "return-reverb",
    [AUR_TAP_MIX] = "mix",
};

/* Ours, and those that Windows keeps for devices: a folder of stems travels. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = {"mix", "master", "con", "prn", "aux", "nul"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    return (strncmp(name, "com", 3) == 0 || strncmp(name, "lpt", 3) == 0) && name[3] >= '0' && name[3] <= '9' &&
           !name[4];
}

void aur_stem_name(char out[AUR_STEM_NAME_SIZE], enum aur_tap_kind tap, const char *patch)
{
    size_t len = 0;
    if (tap != AUR_TAP_STEM) {
        snprintf(out, AUR_STEM_NAME_SIZE, "%s", names[tap]);
        return;
    }
    if (is_taken(patch))
        len = (size_t)snprintf(out, AUR_STEM_NAME_SIZE, "patch-");
    for (; *patch && len + 4 < AUR_STEM_NAME_SIZE; patch++) {
        const bool plain = (*patch >= 'a' && *patch <= 'z') || (*patch >= '0' && *patch <= '9') || *patch == '_';
        len += (size_t)snprintf(out + len, AUR_STEM_NAME_SIZE - len, plain ? "%c" : "-%02x", (unsigned char)*patch);
    }
    out[len] = '\0';
}

char *aur_stem_path(const char *dir, const char *name, const char *ending)
{
    const size_t len = strlen(dir), size = len + strlen(name) + strlen(ending) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", name, ending);
    return path;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcasecmp(text + n - m, end) == 0;
}

int aur_stem_folder_check(const char *dir, const char *ending, bool force, struct aur_error *err)
{
    DIR *open = opendir(dir);
    int rc = AUR_OK;
    if (!open && errno == ENOENT)
        return AUR_OK;
    if (!open)
        return aur_error_set(err, AUR_EIO, "%s: cannot take stems: %s", dir, strerror(errno));
    for (struct dirent *entry; !rc && !force && (entry = readdir(open));)
        if (*entry->d_name != '.' && ends_with(entry->d_name, ending))
            rc =
                aur_error_set(err, AUR_EIO, "%s: holds %s already; stems want a folder without such files (or --force)",
                              dir, entry->d_name);
    closedir(open);
    return rc;
}

int aur_stem_folder_make(const char *dir, bool *made, struct aur_error *err)
{
    *made = mkdir(dir, 0777) == 0;
    if (*made || errno == EEXIST)
        return AUR_OK;
    return aur_error_set(err, AUR_EIO, "%s: cannot be made: %s", dir, strerror(errno));
}
