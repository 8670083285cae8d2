/* Bodies as JSON objects. No state. */
#include "net/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int aur_body_refuse(struct aur_error *err, const char *field, const json_t *value, const char *allowed)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL, shown[100];
    snprintf(shown, sizeof shown, "%s", text ? text : "nothing");
    free(text);
    return aur_error_value(err, field, shown, allowed);
}

int aur_body_check(json_t *body, const char *const *known, struct aur_error *err)
{
    const char *key;
    json_t *value;
    char list[200] = "";
    size_t used = 0;
    for (size_t i = 0; known[i]; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", known[i]);
    json_object_foreach(body, key, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return aur_error_value(err, key, "this key", list);
    }
    return AUR_OK;
}

int aur_body_read(json_t **out, const struct aur_buf *text, struct aur_error *err)
{
    json_error_t at;
    char value[96] = "this";
    *out = text->len ? json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, &at) : json_object();
    if (json_is_object(*out))
        return AUR_OK;
    if (!*out && text->len)
        snprintf(value, sizeof value, "%.90s", at.text);
    json_decref(*out);
    *out = NULL;
    return aur_error_value(err, "body", value, "a JSON object");
}
