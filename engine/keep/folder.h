/* The folder that takes lie in: FOLDER/ID/ with a take's files, FOLDER/.ID.part while they are made. Any thread that may wait
 * for a disk. Paths are written into the caller's memory. */
#ifndef AUR_KEEP_FOLDER_H
#define AUR_KEEP_FOLDER_H

#include "base/buf.h"

#include <stdint.h>

#define AUR_FOLDER_PATH     4352
#define AUR_FOLDER_SESSION  "take.auralis"
#define AUR_FOLDER_WAVEFORM ".waveform.json" /* in a take's folder; hidden: no list of files shows it */

/* FOLDER/ID; FOLDER/.ID.part */
void aur_folder_of(char out[AUR_FOLDER_PATH], const char *folder, const char *id);
void aur_folder_part(char out[AUR_FOLDER_PATH], const char *folder, const char *id);

/* Makes the folder, and those that it lies in. Errors: AUR_EIO. */
AUR_MUST_USE int aur_folder_make(const char *path, struct aur_error *err);
/* Removes it with what is in it, two folders deep; nothing if it is not there. */
void aur_folder_remove(const char *path);
bool aur_folder_exists(const char *path);
/* Puts the part folder in its place once it is on the disk. Errors: AUR_EIO. */
AUR_MUST_USE int aur_folder_publish(const char *part, const char *path, struct aur_error *err);
/* Removes what was left behind by an end in the middle: every part folder. */
void aur_folder_sweep(const char *folder);

/* "a.flac", "stems/pad.flac": the plain files of the folder and of the folders in it, hidden ones left out, by name. */
typedef void aur_folder_file_fn(void *user, const char *name, uint64_t bytes);
void aur_folder_list(const char *path, aur_folder_file_fn *fn, void *user);
/* Opens such a file by its name, or the waveform. Errors: AUR_ENOTFOUND, AUR_EIO. */
AUR_MUST_USE int aur_folder_open(const char *path, const char *name, int *fd, uint64_t *bytes, struct aur_error *err);
AUR_MUST_USE int aur_folder_open_path(const char *path, int *fd, uint64_t *bytes, struct aur_error *err);

/* Writes a whole file. Errors: AUR_EIO. */
AUR_MUST_USE int aur_folder_write(const char *path, const void *data, size_t len, struct aur_error *err);
/* The type of what a file of this name holds. */
const char *aur_folder_type(const char *name);
/* What people call a thing as part of a file's name: letters and digits of any script, ., _ and -, whole characters of UTF-8;
 * "" where nothing is left. */
void aur_folder_slug(char *out, size_t size, const char *name);

/* Takes the folder's path out of an error's text, in place: it is nobody's business but this machine's. */
void aur_folder_shorten(const char *folder, char *text);

#endif
