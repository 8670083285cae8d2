/* WAV files made for a test, in a folder of their own. */
#ifndef AUR_TESTS_WAVE_FOLDER_H
#define AUR_TESTS_WAVE_FOLDER_H

#include <dirent.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/unit.h"

struct folder {
    char path[128];
};

static inline int folder_open(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    const char *tmp = getenv("TMPDIR");
    snprintf(f->path, sizeof f->path, "%.60s/aur-wave-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    *state = f;
    return mkdtemp(f->path) ? 0 : -1;
}

/* "folder/name", good until the fourth call after it. */
static inline const char *folder_name(const struct folder *f, const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%.300s", f->path, name);
    return path;
}

static inline int folder_close(void **state)
{
    struct folder *f = *state;
    DIR *dir = opendir(f->path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlink(folder_name(f, entry->d_name)) != 0)
            rmdir(folder_name(f, entry->d_name));
    if (dir)
        closedir(dir);
    rmdir(f->path);
    free(f);
    return 0;
}

/* A sound file of these frames; format is libsndfile's. */
static inline void folder_write(const struct folder *f, const char *name, const float *frames, size_t n, int channels,
                                int format)
{
    SF_INFO info = {.samplerate = 44100, .channels = channels, .format = format};
    SNDFILE *snd = sf_open(folder_name(f, name), SFM_WRITE, &info);
    if (!snd)
        fail_msg("%s: %s", name, sf_strerror(NULL));
    assert_int_equal(sf_write_float(snd, frames, (sf_count_t)(n * (size_t)channels)), n * (size_t)channels);
    assert_int_equal(sf_close(snd), 0);
}

static inline void folder_text(const struct folder *f, const char *name, const char *text)
{
    FILE *file = fopen(folder_name(f, name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

#endif
