/* See params.h. */
#include "wire/params.h"

#include "score/patch.h"
#include "wire/json.h"

/* As short as tells one float from the next that anybody would write. */
static void put_float(struct aur_buf *out, const char *key, float value)
{
    aur_json_key(out, key);
    aur_buf_printf(out, "%.7g", (double)value);
}

static void put_table(struct aur_buf *out, const struct aur_param_table *table)
{
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_text(out, "name", table->name);
    aur_json_key(out, "params");
    aur_buf_text(out, "[");
    for (size_t i = 0; i < table->n_params; i++) {
        const struct aur_param *param = &table->params[i];
        aur_buf_text(out, i ? ",{" : "{");
        aur_json_text(out, "name", param->name);
        aur_json_text(out, "unit", param->unit);
        put_float(out, "min", param->min);
        put_float(out, "max", param->max);
        put_float(out, "default", param->def);
        aur_json_text(out, "about", param->about);
        aur_buf_text(out, "}");
    }
    aur_buf_text(out, "]}");
}

void aur_msg_params_write(struct aur_buf *out)
{
    aur_buf_text(out, "{\"voices\":[");
    for (int i = 0; i < AUR_VOICES; i++)
        put_table(out, &aur_voices[i]);
    aur_buf_text(out, "],\"effects\":[");
    for (int i = 0; i < AUR_EFFECTS; i++)
        put_table(out, &aur_effects[i]);
    aur_buf_text(out, "]}");
}
