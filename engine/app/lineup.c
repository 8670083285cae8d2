/* Channels and presets. Main thread, at start; what is offered afterwards is read by the network thread, which is the same. */
#include "app/lineup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/own_presets.h"
#include "app/resume.h"

/* ---- reading ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

struct aur_preset aur_lineup_preset(const struct aur_entry *entry)
{
    return (struct aur_preset){.name = entry->name,
                               .title = entry->title,
                               .about = entry->about,
                               .script = entry->script,
                               .called = entry->called,
                               .piece = entry->piece,
                               .specs = &aur_piece_describe(entry->piece)->controls,
                               .wanted = &entry->wanted,
                               .controls = &entry->controls};
}

static int make_offers(struct aur_lineup *out, struct aur_error *err)
{
    out->offered = calloc(out->presets.n ? out->presets.n : 1, sizeof *out->offered);
    if (!out->offered)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    for (size_t i = 0; i < out->presets.n; i++)
        out->offered[i] = aur_lineup_preset(&out->presets.items[i]);
    return AUR_OK;
}

/* A file that cannot be read is told with the setting that names it. */
static int named(int rc, const char *setting, struct aur_error *err)
{
    if (rc != AUR_EIO || !err)
        return rc;
    const struct aur_error said = *err;
    return aur_error_set(err, rc, "%s: %s", setting, said.message);
}

int aur_lineup_read(struct aur_lineup *out, const struct aur_stage *stage, struct aur_error *err)
{
    memset(out, 0, sizeof *out);
    int rc = aur_stage_wanted(&out->wanted, stage, err);
    if (rc == AUR_OK && *stage->settings.channels)
        rc = named(aur_entries_read(&out->channels, AUR_ENTRIES_CHANNELS, stage->settings.channels, stage, err),
                   "AURALIS_CHANNELS", err);
    if (rc == AUR_OK)
        rc = named(aur_presets_read(&out->presets, stage, err), "AURALIS_PRESETS", err);
    if (rc == AUR_OK)
        rc = make_offers(out, err);
    if (rc < 0)
        aur_lineup_free(out);
    return rc;
}

void aur_lineup_free(struct aur_lineup *lineup)
{
    aur_entries_free(&lineup->channels);
    aur_entries_free(&lineup->presets);
    free(lineup->offered);
    lineup->offered = NULL;
}

uint32_t aur_lineup_room(const struct aur_lineup *lineup, const struct aur_settings *settings)
{
    return 1 + (uint32_t)lineup->channels.n + (uint32_t)settings->private_channels;
}

/* ---- playing ---- */

/* Where the channel's last session stood. False: there is none, or its phrase cannot be made; the log says why. */
static bool resume(struct aur_channel **out, const struct aur_show *show, const struct aur_channel_config *fresh)
{
    struct aur_channel_config config = *fresh;
    struct aur_resumed resumed;
    struct aur_error err = {0};
    int rc = aur_resume(&resumed, show->former, config.name, show->stage, &err);
    if (rc == AUR_OK) {
        config.piece = resumed.at->piece;
        config.seed = resumed.at->seed;
        config.controls = resumed.at->controls;
        config.from = &resumed.start;
        rc = aur_station_add(show->station, out, &config, &err);
        if (rc == AUR_OK)
            aur_log(show->stage->log, AUR_LOG_INFO, "serve",
                    "channel %s goes on with the phrase of ordinal %llu, where session %s ended", config.name,
                    (unsigned long long)resumed.start.ordinal, resumed.session);
        aur_resumed_deinit(&resumed);
    }
    if (rc < 0)
        aur_log(show->stage->log, rc == AUR_ENOTFOUND ? AUR_LOG_INFO : AUR_LOG_WARNING, "serve",
                "channel %s begins anew: %s", config.name, err.message);
    return rc == AUR_OK;
}

int aur_show_add(struct aur_channel **out, const struct aur_show *show, const char *name, const struct aur_piece *piece,
                 uint64_t seed, const struct aur_controls *controls, struct aur_error *err)
{
    struct aur_channel_config config = show->common;
    config.name = name;
    config.piece = piece;
    config.seed = seed;
    config.controls = *controls;
    int rc = AUR_OK;
    if (!show->former || !resume(out, show, &config))
        rc = aur_station_add(show->station, out, &config, err);
    return rc == AUR_OK ? aur_server_add_channel(show->server, *out, err) : rc;
}

int aur_lineup_start(const struct aur_lineup *lineup, const struct aur_show *show, struct aur_error *err)
{
    for (size_t i = 0; i < lineup->channels.n; i++) {
        const struct aur_entry *entry = &lineup->channels.items[i];
        struct aur_channel *channel;
        uint64_t seed = entry->seed.set ? entry->seed.value : show->seed;
        int rc = aur_show_add(&channel, show, entry->name, entry->piece, seed, &entry->controls, err);
        if (rc == AUR_OK)
            rc = aur_scripts_follow(show->scripts, channel, entry->script, err);
        if (rc < 0)
            return rc;
        aur_log(show->stage->log, AUR_LOG_INFO, "serve", "channel %s plays %s, seed %llu", entry->name, entry->called,
                (unsigned long long)seed);
    }
    return AUR_OK;
}

static double margin(void *station)
{
    return aur_station_margin(station);
}

void aur_lineup_offer(const struct aur_lineup *lineup, const struct aur_show *show)
{
    const struct aur_stage *stage = show->stage;
    const struct aur_settings *settings = &stage->settings;
    struct aur_private_config config = {
        .max = (uint32_t)settings->private_channels,
        .idle_ms = (uint32_t)(settings->private_idle_s * 1000),
        .margin_min = settings->private_margin / 100.0,
        .margin = margin,
        .user = show->station,
        .presets = lineup->offered,
        .n_presets = lineup->presets.n,
        .own = {.script = last_part(stage->script),
                .called = last_part(stage->script),
                .piece = stage->piece,
                .wanted = &lineup->wanted},
    };
    aur_server_set_private(show->server, &config);
}
