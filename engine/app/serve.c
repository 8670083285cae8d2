/* The live stream, in auralis-serve. The main thread becomes the network thread; a thread for signals stops it. The server binds
 * before the music starts, so that a taken port is reported before anything else is done. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/command.h"
#include "app/keeping.h"
#include "app/lineup.h"
#include "app/recording.h"
#include "app/serve.h"
#include "app/signals.h"
#include "compose/session.h"
#include "net/server.h"
#include "synth/backend.h"

#define DEVICE_LEAD 500 /* ms that rendering leads the clock by, with a device */
#define BURST_MS    500
#define QUEUE_MS    500
#define DRAIN_MS    2000
#define DEADLINE_MS 4500

static int choose_seed(uint64_t *out, const struct aur_seed *seed, struct aur_error *err)
{
    uint32_t drawn;
    *out = seed->value;
    if (seed->set)
        return AUR_OK;
    if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        return aur_error_set(err, AUR_EIO, "no random seed could be drawn; give one with --seed");
    *out = drawn;
    return AUR_OK;
}

/* What an address is called in a browser on this machine. */
static const char *url_host(const char *host)
{
    static const char *const local[] = {"127.0.0.1", "0.0.0.0", "::", "::1"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (strcmp(local[i], host) == 0)
            return "localhost";
    return host;
}

static int rehearse(const struct aur_stage *stage, const struct aur_controls *controls, struct aur_error *err)
{
    struct aur_session session;
    struct aur_phrase *phrase = NULL;
    aur_session_init(&session, stage->piece, 1, (uint32_t)stage->settings.sample_rate);
    int rc = aur_session_next(&session, &phrase, controls, err);
    aur_phrase_free(phrase);
    aur_session_deinit(&session);
    return rc;
}

static int make_server(struct aur_server **out, const struct aur_stage *stage, struct aur_error *err)
{
    const struct aur_settings *settings = &stage->settings;
    uint32_t chunk_ms = (uint32_t)settings->chunk_ms;
    struct aur_server_config config = {
        .host = settings->host,
        .port = settings->port,
        .client_dir = stage->client_dir,
        .cors_origins = settings->cors_origins,
        .ssl = settings->ssl,
        .ssl_cert_path = settings->ssl_cert,
        .ssl_key_path = settings->ssl_key,
        .max_clients = (uint32_t)settings->max_clients,
        .max_connections = (uint32_t)settings->max_connections,
        .max_per_address = (uint32_t)settings->max_per_address,
        .spare_loopback = !aur_settings_given(settings, "AURALIS_MAX_PER_ADDRESS"),
        .queue_chunks = (QUEUE_MS + chunk_ms - 1) / chunk_ms,
        .burst_chunks = (BURST_MS + chunk_ms - 1) / chunk_ms,
        .chunk_ms = chunk_ms,
        .drain_ms = DRAIN_MS,
        .metrics_port = settings->metrics_port,
        .isa = aur_isa_name(stage->isa),
        .edit_token = settings->edit_token,
        .script_bytes = aur_stage_limits(settings, true).source_bytes,
        .log = stage->log,
    };
    return aur_server_new(out, &config, err);
}

static enum aur_swap swap_of(const struct aur_stage *stage)
{
    return strcmp(stage->settings.swap, "bar") == 0 ? AUR_SWAP_BAR : AUR_SWAP_PHRASE;
}

/* Where former texts of scripts are kept. */
static void versions_dir(char *out, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state)
        snprintf(out, size, "%s/auralis/versions", state);
    else
        snprintf(out, size, "%s/.local/state/auralis/versions", home && *home ? home : ".");
}

static void folder_of(char out[AUR_PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(out, AUR_PATH_SIZE, "%.*s", slash ? (int)(slash - path + (slash == path)) : 1, slash ? path : ".");
}

/* From here on the channel follows what is saved in the script's folder. */
static int start_scripts(struct aur_show *show, struct aur_channel *channel, struct aur_error *err)
{
    char versions[AUR_PATH_SIZE], folder[AUR_PATH_SIZE];
    const struct aur_stage *stage = show->stage;
    const char *slash = strrchr(stage->script, '/');
    versions_dir(versions, sizeof versions);
    folder_of(folder, stage->script);
    struct aur_scripts_config config = {.folder = folder,
                                        .lib_dir = stage->lib_dir,
                                        .versions_dir = versions,
                                        .limits = aur_stage_limits(&stage->settings, true),
                                        .tables = &stage->loader,
                                        .swap = swap_of(stage),
                                        .log = stage->log,
                                        .station = show->station,
                                        .opening = &show->common};
    int rc = aur_scripts_new(&show->scripts, &config, err);
    if (rc == AUR_OK)
        rc = aur_scripts_follow(show->scripts, channel, slash ? slash + 1 : stage->script, err);
    if (rc == AUR_OK)
        aur_server_set_scripts(show->server, show->scripts);
    return rc;
}

/* What all channels have in common. */
static void set_common(struct aur_show *show, struct aur_backend *backend, const struct aur_recording *recording)
{
    const struct aur_stage *stage = show->stage;
    const struct aur_settings *settings = &stage->settings;
    show->common = (struct aur_channel_config){
        .synth = aur_stage_synth(stage),
        .chunk_frames = (uint32_t)(settings->sample_rate / 10 * settings->chunk_ms / 100),
        .ring_chunks = (uint32_t)(settings->buffer_s * 1000 / settings->chunk_ms),
        .lead_ms = (uint32_t)(settings->chunk_ms > 100 ? 2 * settings->chunk_ms : 200),
        .device = stage->device,
        .swap = swap_of(stage),
        .formats = AUR_FORMATS_ALL & ~(settings->opus ? 0 : 1u << AUR_FORMAT_OPUS),
        .notify = aur_server_notify,
        .user = show->server,
    };
    show->common.synth.backend = backend;
    aur_recording_set(recording, &show->common);
    show->former = recording->former;
    if (aur_device_is_opencl(settings) && show->common.lead_ms < DEVICE_LEAD)
        show->common.lead_ms = DEVICE_LEAD;
}

static void tell_counts(const struct aur_stage *stage, struct aur_backend *backend, struct aur_channel *channel)
{
    struct aur_synth_counts counts;
    if (!backend)
        return;
    aur_channel_counts(channel, &counts);
    aur_log(stage->log, AUR_LOG_INFO, "serve",
            "blocks of voices: %" PRIu64 " by the device, %" PRIu64 " by this CPU, %" PRIu64 " jobs replaced",
            counts.backend_blocks, counts.cpu_blocks, counts.fallbacks);
}

static void announce(const struct aur_show *show, const struct aur_lineup *lineup, struct aur_channel *main)
{
    const struct aur_stage *stage = show->stage;
    const struct aur_settings *settings = &stage->settings;
    struct aur_msg_status status;
    aur_channel_status(main, &status);
    printf("auralis plays \"%s\" on %s://%s:%d (seed %" PRIu64 ", %s, %d Hz)\n", status.current.title,
           settings->ssl ? "https" : "http", url_host(settings->host), aur_server_port(show->server), status.seed,
           stage->device, settings->sample_rate);
    for (size_t i = 0; i < lineup->channels.n; i++)
        printf("%s%s%s", i ? ", " : "channels: main, ", lineup->channels.items[i].name,
               i + 1 < lineup->channels.n ? "" : "\n");
    fflush(stdout);
    aur_log(stage->log, AUR_LOG_INFO, "serve", "%s, %s, host %s, port %d, seed %" PRIu64 ", device %s: %s, script %s",
            AURALIS_VERSION, settings->environment, settings->host, aur_server_port(show->server), status.seed,
            settings->device, stage->device, stage->script);
}

static void on_stop(void *user)
{
    aur_server_stop(user);
}

/* Until it is stopped. */
static int run(const struct aur_show *show, const struct aur_lineup *lineup, struct aur_channel *main,
               struct aur_error *err)
{
    announce(show, lineup, main);
    int rc = aur_server_run(show->server);
    if (rc < 0)
        aur_error_set(err, rc, "the server stopped: %s", aur_err_text(rc));
    tell_counts(show->stage, show->common.synth.backend, main);
    aur_log(show->stage->log, AUR_LOG_INFO, "serve", "stopped");
    return rc;
}

/* From the first sample to the last; the server is bound. */
static int play(struct aur_show *show, const struct aur_lineup *lineup, const struct aur_controls *controls,
                bool resume, struct aur_error *err)
{
    const struct aur_stage *stage = show->stage;
    struct aur_station_config config = {.render_workers = (uint32_t)stage->settings.render_workers,
                                        .max_channels = aur_lineup_room(lineup, &stage->settings),
                                        .log = stage->log};
    struct aur_backend *backend = NULL;
    struct aur_channel *main = NULL;
    struct aur_recording recording;
    struct aur_keeping keeping = {.keep = NULL};
    aur_recording_open(&recording, stage, resume);
    int rc = aur_station_new(&show->station, &config, err);
    if (rc == AUR_OK)
        rc = aur_device_open_live(&backend, stage, err);
    set_common(show, backend, &recording);
    if (rc == AUR_OK)
        rc = aur_show_add(&main, show, "main", stage->piece, show->seed, controls, err);
    if (rc == AUR_OK)
        rc = start_scripts(show, main, err);
    if (rc == AUR_OK)
        rc = aur_lineup_start(lineup, show, err);
    if (rc == AUR_OK) {
        aur_lineup_offer(lineup, show);
        aur_keeping_start(&keeping, lineup, show, &recording);
        rc = run(show, lineup, main, err);
    }
    aur_keeping_end(&keeping);
    aur_scripts_free(show->scripts);
    aur_station_free(show->station);
    aur_backend_free(backend);
    aur_recording_close(&recording);
    return rc;
}

/* From the first socket to the last; the stage is there. */
static int serve(const struct aur_stage *stage, const struct aur_lineup *lineup, const struct aur_controls *controls,
                 bool resume, struct aur_error *err)
{
    struct aur_show show = {.stage = stage};
    int rc = choose_seed(&show.seed, &stage->settings.seed, err);
    if (rc == AUR_OK)
        rc = make_server(&show.server, stage, err);
    if (rc < 0)
        return rc;
    struct aur_signals signals = {.on_stop = on_stop,
                                  .user = show.server,
                                  .repeat_ms = AUR_SIGNAL_REPEAT_MS,
                                  .deadline_ms = DEADLINE_MS,
                                  .late_exit = AUR_EXIT_OK,
                                  .forced_exit = AUR_EXIT_INTERRUPTED};
    rc = aur_signals_start(&signals, err);
    if (rc == AUR_OK) {
        rc = play(&show, lineup, controls, resume, err);
        aur_signals_end(&signals);
    }
    aur_server_free(show.server);
    return rc;
}

/* The script as it is on disk; where that does not hold and the music goes on, the text that played last. */
static int set_stage(struct aur_stage *stage, bool resume, struct aur_error *err)
{
    int rc = aur_stage_set(stage, NULL, err);
    if (rc < 0)
        return rc;
    rc = aur_stage_load(&stage->piece, stage, stage->script, true, err);
    if (rc < 0 && resume && aur_recording_last_piece(&stage->piece, stage)) {
        aur_log(stage->log, AUR_LOG_ERROR, "serve", "what played last goes on, for the script is refused: %s",
                err->message);
        return AUR_OK;
    }
    if (rc < 0)
        aur_stage_deinit(stage);
    return rc;
}

int aur_serve(const struct aur_command *command, int argc, char **argv)
{
    struct aur_serve_args args = {0};
    struct aur_parsed parsed;
    struct aur_stage stage;
    struct aur_lineup lineup;
    struct aur_controls controls;
    struct aur_error err = {0};
    int exit_code;
    if (!aur_command_parse(command, &parsed, &args, argc, argv, &exit_code))
        return exit_code;
    if (aur_command_settings(&stage.settings, &parsed, &err) < 0 ||
        set_stage(&stage, args.resume && !args.check, &err) < 0)
        return aur_fail(&err);
    int rc = aur_lineup_read(&lineup, &stage, &err);
    if (rc == AUR_OK)
        rc = aur_stage_controls(&controls, &stage, &err);
    if (rc == AUR_OK)
        rc = args.check ? rehearse(&stage, &controls, &err) : serve(&stage, &lineup, &controls, args.resume, &err);
    if (rc == AUR_OK && args.check)
        printf("settings and %s are fine\n", stage.script);
    aur_lineup_free(&lineup);
    aur_stage_deinit(&stage);
    return rc < 0 ? aur_fail(&err) : AUR_EXIT_OK;
}
