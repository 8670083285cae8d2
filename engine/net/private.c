/* Who may have a channel of their own, and what a query asks for. On the network thread: nothing is composed here, and a
 * preset's values were checked when the server started. */
#include "net/private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/hubs.h"
#include "wire/json.h"

/* ---- room ---- */

bool aur_private_available(const struct aur_private *p, char *reason, size_t size)
{
    if (!p->config.max) {
        snprintf(reason, size, "this server has no private channels");
        return false;
    }
    if (p->open >= p->config.max) {
        snprintf(reason, size, "there are %" PRIu32 " private channels already; try again later", p->open);
        return false;
    }
    double margin = p->config.margin ? p->config.margin(p->config.user) : 1;
    if (margin < p->config.margin_min) {
        snprintf(reason, size, "this server has no time for one more: %.0f %% is free, %.0f %% is needed", 100 * margin,
                 100 * p->config.margin_min);
        return false;
    }
    return true;
}

/* ---- what is asked for ---- */

struct parameter {
    char name[AUR_CONTROL_NAME_SIZE];
    const char *value;
};

static int read_parameter(struct parameter *out, const char *arg, struct aur_error *err)
{
    size_t length = strcspn(arg, "=");
    if (length == 0 || length >= sizeof out->name)
        return aur_error_value(err, "parameter", arg, "NAME=VALUE");
    memcpy(out->name, arg, length);
    out->name[length] = '\0';
    out->value = arg[length] ? arg + length + 1 : "";
    return AUR_OK;
}

static int read_seed(uint64_t *out, const char *text, struct aur_error *err)
{
    errno = 0;
    bool digits = *text && strspn(text, "0123456789") == strlen(text);
    *out = digits ? strtoull(text, NULL, 10) : 0;
    if (digits && !errno)
        return AUR_OK;
    return aur_error_value(err, "seed", text, "a whole number from 0 to 18446744073709551615");
}

static int read_control(struct aur_wanted *wanted, const struct parameter *parameter, struct aur_error *err)
{
    char *end;
    if (strcmp(parameter->name, "key") == 0) {
        wanted->has_key = true;
        return aur_key_parse(&wanted->key, parameter->value, err);
    }
    bool plain = strspn(parameter->value, "0123456789.eE+-") == strlen(parameter->value);
    double value = strtod(parameter->value, &end);
    if (!plain || end == parameter->value || *end)
        return aur_error_value(err, parameter->name, parameter->value, "a number");
    return aur_wanted_put(wanted, parameter->name, value, err);
}

/* The server's own file's, then those that people keep. */
static const struct aur_preset *preset_at(const struct aur_private *p, size_t i)
{
    return i < p->config.n_presets ? &p->config.presets[i] : p->kept[i - p->config.n_presets].made;
}

static int find_preset(const struct aur_preset **out, const struct aur_private *p, const char *name,
                       struct aur_error *err)
{
    char names[200] = "";
    size_t used = 0;
    *out = &p->config.own;
    if (!name)
        return AUR_OK;
    for (size_t i = 0; i < p->config.n_presets + p->n_kept; i++) {
        *out = preset_at(p, i);
        if (strcmp((*out)->name, name) == 0)
            return AUR_OK;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*out)->name);
    }
    return aur_error_value(err, "preset", name, used ? names : "none: this server has no presets");
}

static int read_all(struct aur_opening *opening, bool *seeded, const struct aur_query *query, struct aur_error *err)
{
    static const char *const others[] = {"format", "channel", "preset", "depth_ms", "from"};
    for (size_t i = 0; i < query->n; i++) {
        struct parameter parameter;
        int rc = read_parameter(&parameter, query->args[i], err);
        bool other = false;
        for (size_t k = 0; rc == AUR_OK && k < sizeof others / sizeof *others; k++)
            other = other || strcmp(parameter.name, others[k]) == 0;
        if (rc == AUR_OK && strcmp(parameter.name, "seed") == 0) {
            *seeded = true;
            rc = read_seed(&opening->seed, parameter.value, err);
        } else if (rc == AUR_OK && !other) {
            rc = read_control(&opening->wanted, &parameter, err);
        }
        if (rc < 0)
            return rc;
    }
    return AUR_OK;
}

/* Whether the piece takes what is wanted. */
static int check(const struct aur_opening *opening, const struct aur_hubs *hubs, const struct aur_preset *preset,
                 struct aur_error *err)
{
    struct aur_controls controls;
    struct aur_control_specs specs;
    if (preset->specs)
        specs = *preset->specs;
    else
        aur_channel_controls(hubs->items[0]->channel, &controls, &specs);
    aur_controls_default(&controls, &specs);
    return aur_wanted_apply(&opening->wanted, &controls, &specs, err);
}

static int draw(struct aur_opening *opening, bool seeded, struct aur_error *err)
{
    struct {
        uint64_t secret;
        uint32_t seed;
    } drawn;
    if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        return aur_error_set(err, AUR_EIO, "no random numbers could be drawn");
    snprintf(opening->name, sizeof opening->name, AUR_PRIVATE_NAME "-%016" PRIx64, drawn.secret);
    if (!seeded)
        opening->seed = drawn.seed;
    return AUR_OK;
}

int aur_private_read(struct aur_opening **out, const struct aur_hubs *hubs, const struct aur_query *query,
                     struct aur_error *err)
{
    const struct aur_preset *preset;
    bool seeded = false;
    int rc = find_preset(&preset, &hubs->private, aur_query_get(query, "preset"), err);
    if (rc < 0)
        return rc;
    struct aur_opening *opening = aur_opening_new(preset->piece, preset->script);
    if (!opening)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    opening->wanted = *preset->wanted;
    rc = read_all(opening, &seeded, query, err);
    if (rc == AUR_OK)
        rc = check(opening, hubs, preset, err);
    if (rc == AUR_OK)
        rc = draw(opening, seeded, err);
    if (rc == AUR_OK)
        *out = opening;
    else
        aur_opening_free(opening);
    return rc;
}

/* ---- presets that people keep ---- */

static size_t find_kept(const struct aur_private *p, const char *name)
{
    size_t at = 0;
    while (at < p->n_kept && strcmp(p->kept[at].name, name) != 0)
        at++;
    return at;
}

int aur_private_offer(struct aur_private *p, const struct aur_keep_offer *offer)
{
    size_t at = find_kept(p, offer->name);
    if (at < p->n_kept) {
        p->kept[at].discard(p->kept[at].made);
        p->kept[at] = *offer;
        return AUR_OK;
    }
    struct aur_keep_offer *kept = realloc(p->kept, (p->n_kept + 1) * sizeof *kept);
    if (!kept)
        return AUR_ENOMEM;
    p->kept = kept;
    p->kept[p->n_kept++] = *offer;
    return AUR_OK;
}

void aur_private_withdraw(struct aur_private *p, const char *name)
{
    size_t at = find_kept(p, name);
    if (at == p->n_kept)
        return;
    p->kept[at].discard(p->kept[at].made);
    memmove(p->kept + at, p->kept + at + 1, (--p->n_kept - at) * sizeof *p->kept);
}

void aur_private_withdraw_others(struct aur_private *p, const struct aur_keep_offer *offers, size_t n)
{
    for (size_t at = p->n_kept; at-- > 0;) {
        size_t i = 0;
        while (i < n && strcmp(offers[i].name, p->kept[at].name) != 0)
            i++;
        if (i == n)
            aur_private_withdraw(p, p->kept[at].name);
    }
}

void aur_private_deinit(struct aur_private *p)
{
    for (size_t i = 0; i < p->n_kept; i++)
        p->kept[i].discard(p->kept[i].made);
    free(p->kept);
    p->kept = NULL;
    p->n_kept = 0;
}

/* ---- lists ---- */

static void put_builtin(struct aur_buf *out, const struct aur_control_builtin *builtin,
                        const struct aur_controls *controls)
{
    const char *at = (const char *)controls + builtin->offset;
    double number;
    int integer;
    memcpy(&number, at, sizeof number);
    memcpy(&integer, at, sizeof integer);
    aur_json_real(out, builtin->name, builtin->integer ? integer : number);
}

static void put_preset(struct aur_buf *out, const struct aur_preset *preset, bool kept)
{
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_text(out, "name", preset->name);
    aur_json_text(out, "title", preset->title);
    aur_json_text(out, "about", preset->about);
    aur_json_text(out, "script", preset->called);
    aur_json_text(out, "key", preset->controls->key.name);
    for (const struct aur_control_builtin *b = aur_control_builtins; b->name; b++)
        put_builtin(out, b, preset->controls);
    aur_json_key(out, "set");
    aur_buf_text(out, "{");
    for (size_t i = 0; i < preset->specs->n; i++)
        aur_json_real(out, preset->specs->items[i].name, preset->controls->piece[i]);
    aur_buf_text(out, "}");
    if (kept)
        aur_json_bool(out, "own", true);
    aur_buf_text(out, "}");
}

void aur_private_put_presets(struct aur_buf *out, const struct aur_private *p)
{
    aur_buf_text(out, "{\"presets\":[");
    for (size_t i = 0; i < p->config.n_presets + p->n_kept; i++)
        put_preset(out, preset_at(p, i), i >= p->config.n_presets);
    aur_buf_text(out, "]}");
}

void aur_private_put(struct aur_buf *out, const struct aur_private *p)
{
    char reason[160] = "";
    bool available = aur_private_available(p, reason, sizeof reason);
    aur_json_key(out, "private");
    aur_buf_text(out, "{");
    aur_json_count(out, "max", p->config.max);
    aur_json_count(out, "open", p->open);
    aur_json_bool(out, "available", available);
    aur_json_text(out, "reason", reason);
    aur_buf_text(out, "}");
}
