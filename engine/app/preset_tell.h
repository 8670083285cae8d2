/* What is told of presets that people keep. Main thread. */
#ifndef AUR_APP_PRESET_TELL_H
#define AUR_APP_PRESET_TELL_H

#include <jansson.h>

#include "base/buf.h"
#include "journal/archive.h"

/* A line for each, for people. */
AUR_MUST_USE int aur_preset_list(struct aur_archive *archive, struct aur_buf *out);
/* The one of this name, the caller's; *out NULL: there is none. */
AUR_MUST_USE int aur_preset_find(json_t **out, struct aur_archive *archive, const char *name);
/* All that is in one, for people or as the JSON that it can be saved from; changes the object. */
void aur_preset_show(struct aur_buf *out, json_t *preset, bool as_json);

#endif
