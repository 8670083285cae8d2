/* Opening recorded sessions for play. Main thread.
 *
 * Scripts have the widest limits that settings allow: what was recorded kept to the limits of then, and limits only stop. */
#include "app/playback.h"

#include <stdio.h>
#include <string.h>

#include "app/recorded.h"
#include "app/stage.h"

#define SCRIPT_INSTRUCTIONS UINT64_C(2000000000)
#define SCRIPT_MEMORY       ((size_t)1024 << 20)
#define SCRIPT_SOURCE       ((size_t)16384 << 10)

struct aur_script_limits aur_playback_limits(void)
{
    return (struct aur_script_limits){
        .instructions = SCRIPT_INSTRUCTIONS, .memory_bytes = SCRIPT_MEMORY, .source_bytes = SCRIPT_SOURCE};
}

static void warn(const struct aur_session_info *info)
{
    if (info->head.sound_revision != AUR_SOUND_REVISION)
        fprintf(stderr,
                "warning: session %s was recorded by a program of sound revision %u, this one has %d: it sounds "
                "otherwise\n",
                info->id, (unsigned)info->head.sound_revision, AUR_SOUND_REVISION);
}

static int open_log(struct aur_playback *out, const struct aur_settings *settings, struct aur_error *err)
{
    enum aur_log_level level = AUR_LOG_INFO;
    int rc = aur_log_level_parse(&level, settings->log_level);
    return rc == AUR_OK ? aur_log_new(&out->log, level, settings->log_file, err) : rc;
}

int aur_playback_open(struct aur_playback *out, const char *session, const struct aur_settings *settings,
                      struct aur_error *err)
{
    struct aur_session_info info;
    *out = (struct aur_playback){0};
    int rc = aur_device_choose(&out->isa, settings, err);
    if (rc == AUR_OK)
        rc = open_log(out, settings, err);
    if (rc == AUR_OK)
        rc = aur_recorded_open(&out->archive, &info, session, settings, err);
    if (rc == AUR_OK)
        rc = aur_tables_new(&out->tables, err);
    if (rc == AUR_OK) {
        const struct aur_replay_config config = {
            .archive = out->archive,
            .session = info.id,
            .tables = out->tables,
            .limits = aur_playback_limits(),
            .log = out->log,
        };
        rc = aur_replay_new(&out->replay, &config, err);
    }
    if (rc == AUR_OK)
        warn(aur_replay_session(out->replay));
    else
        aur_playback_close(out);
    return rc;
}

void aur_playback_close(struct aur_playback *playback)
{
    aur_replay_free(playback->replay);
    aur_archive_close(playback->archive);
    aur_tables_free(playback->tables);
    aur_log_free(playback->log);
    *playback = (struct aur_playback){0};
}

struct aur_bounce_request aur_playback_request(const struct aur_playback *playback, uint64_t from_frame,
                                               uint64_t to_frame)
{
    return (struct aur_bounce_request){
        .replay = playback->replay,
        .from_frame = from_frame,
        .to_frame = to_frame,
        .seed = aur_replay_session(playback->replay)->head.seed,
        .synth = aur_replay_synth(playback->replay, playback->isa),
    };
}

const char *aur_playback_time(char out[AUR_PLAYBACK_TIME_SIZE], uint64_t frame, uint32_t rate_hz)
{
    uint64_t ms = frame / rate_hz * 1000 + frame % rate_hz * 1000 / rate_hz, s = ms / 1000;
    snprintf(out, AUR_PLAYBACK_TIME_SIZE, "%llu:%02u:%02u.%03u", (unsigned long long)(s / 3600),
             (unsigned)(s / 60 % 60), (unsigned)(s % 60), (unsigned)(ms % 1000));
    return out;
}
