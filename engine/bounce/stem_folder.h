/* The folder that stems go into, and the names of files in it. Any thread. */
#ifndef AUR_BOUNCE_STEM_FOLDER_H
#define AUR_BOUNCE_STEM_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "synth/taps.h"

#define AUR_STEM_NAME_SIZE 128

/* "pad" of a patch, "return-reverb", "mix": without ending. A patch whose name another file has, or that some system cannot
 * have as a file's, is "patch-NAME". */
void aur_stem_name(char out[AUR_STEM_NAME_SIZE], enum aur_tap_kind tap, const char *patch);
/* dir/name + ending, malloc'd, or NULL without memory. */
char *aur_stem_path(const char *dir, const char *name, const char *ending);

/* A folder that is not there will be made; one that is must not hold files of this ending, unless force. AUR_EIO. */
AUR_MUST_USE int aur_stem_folder_check(const char *dir, const char *ending, bool force, struct aur_error *err);
/* *made: it was not there. AUR_EIO. */
AUR_MUST_USE int aur_stem_folder_make(const char *dir, bool *made, struct aur_error *err);

#endif
