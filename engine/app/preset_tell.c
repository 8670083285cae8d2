/* What is told of presets, as text for people and as JSON. Main thread; no state. */
#include "app/preset_tell.h"

#include <stdlib.h>
#include <string.h>

#include "app/verbs.h"

static int list_one(void *user, const char *name, const char *json)
{
    json_t *preset = json_loads(json, 0, NULL);
    const char *title = json_string_value(json_object_get(preset, "title"));
    const char *script = json_string_value(json_object_get(preset, "script"));
    aur_buf_printf(user, "%-32s  %-20s  %s\n", name, script ? script : "", title ? title : "");
    json_decref(preset);
    return AUR_OK;
}

int aur_preset_list(struct aur_archive *archive, struct aur_buf *out)
{
    int rc = aur_archive_presets(archive, list_one, out);
    aur_verb_clean(out);
    return rc;
}

struct search {
    const char *name;
    json_t *found; /* owned */
};

static int look_at(void *user, const char *name, const char *json)
{
    struct search *search = user;
    if (strcmp(name, search->name) == 0)
        search->found = json_loads(json, 0, NULL);
    return AUR_OK;
}

int aur_preset_find(json_t **out, struct aur_archive *archive, const char *name)
{
    struct search search = {name, NULL};
    int rc = aur_archive_presets(archive, look_at, &search);
    *out = search.found;
    return rc;
}

static void put_value(struct aur_buf *out, const char *name, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    aur_buf_printf(out, "%-18s %s\n", name, json_is_string(value) ? json_string_value(value) : text ? text : "");
    free(text);
}

void aur_preset_show(struct aur_buf *out, json_t *preset, bool as_json)
{
    static const char *const first[] = {"name", "title", "about", "script", "key"};
    const char *name;
    json_t *value;
    if (as_json) {
        char *text = json_dumps(preset, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
        aur_buf_printf(out, "%s\n", text ? text : "null");
        free(text);
        return;
    }
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        if ((value = json_object_get(preset, first[i])))
            put_value(out, first[i], value);
        json_object_del(preset, first[i]);
    }
    json_object_update(preset, json_object_get(preset, "set")); /* the piece's own beside the others */
    json_object_del(preset, "set");
    json_object_foreach(preset, name, value) put_value(out, name, value);
    aur_verb_clean(out);
}
