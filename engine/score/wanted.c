/* Wanted controls: a list of names and values, checked only against the piece that will take them. Any thread; no state. */
#include "score/wanted.h"

#include <stdio.h>
#include <string.h>

int aur_wanted_put(struct aur_wanted *wanted, const char *name, double value, struct aur_error *err)
{
    size_t at = 0;
    if (strlen(name) >= sizeof wanted->items[0].name)
        return aur_error_value(err, name, "this name", "the name of a control, of at most 31 characters");
    while (at < wanted->n && strcmp(wanted->items[at].name, name) != 0)
        at++;
    if (at == AUR_WANTED_MAX)
        return aur_error_value(err, name, "one more control", "at most 32 of them");
    snprintf(wanted->items[at].name, sizeof wanted->items[at].name, "%s", name);
    wanted->items[at].value = value;
    wanted->n += at == wanted->n;
    return AUR_OK;
}

int aur_wanted_apply(const struct aur_wanted *wanted, struct aur_controls *controls,
                     const struct aur_control_specs *specs, struct aur_error *err)
{
    if (wanted->has_key)
        controls->key = wanted->key;
    for (size_t i = 0; i < wanted->n; i++) {
        int rc = aur_controls_set(controls, specs, wanted->items[i].name, wanted->items[i].value, err);
        if (rc < 0)
            return rc;
    }
    return AUR_OK;
}

void aur_wanted_apply_known(const struct aur_wanted *wanted, struct aur_controls *controls,
                            const struct aur_control_specs *specs)
{
    if (wanted->has_key)
        controls->key = wanted->key;
    for (size_t i = 0; i < wanted->n; i++)
        (void)!aur_controls_set(controls, specs, wanted->items[i].name, wanted->items[i].value, NULL);
}
