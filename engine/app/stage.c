/* Settings made into things: folders, device, log, piece. Main thread, at start; no state of its own. */
#include "app/stage.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wave/load.h"

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool join(char *out, size_t size, const char *folder, const char *name)
{
    int n = snprintf(out, size, "%s/%s", folder, name);
    return n >= 0 && (size_t)n < size;
}

/* A folder that holds scripts/lib is a data folder. */
static bool is_data_dir(const char *path)
{
    char lib[AUR_PATH_SIZE + 16];
    return join(lib, sizeof lib, path, "scripts/lib") && is_folder(lib);
}

/* Beside the build folder, or where an installation puts it. */
static bool find_data_dir(char *out, size_t size)
{
    static const char *const places[] = {"..", "../share/auralis"};
    char exe[PATH_MAX], place[PATH_MAX + 32], real[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0)
        return false;
    exe[n] = '\0';
    char *slash = strrchr(exe, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (join(place, sizeof place, exe, places[i]) && is_data_dir(place) && realpath(place, real))
            return (size_t)snprintf(out, size, "%s", real) < size;
    return false;
}

static int choose_folders(struct aur_stage *stage, const char *script, struct aur_error *err)
{
    const struct aur_settings *settings = &stage->settings;
    if (*settings->data_dir) {
        if (!is_data_dir(settings->data_dir))
            return aur_error_value(err, "AURALIS_DATA_DIR", settings->data_dir, "a folder that holds scripts/lib");
        snprintf(stage->data_dir, sizeof stage->data_dir, "%s", settings->data_dir);
    } else if (!find_data_dir(stage->data_dir, sizeof stage->data_dir)) {
        return aur_error_set(err, AUR_EIO,
                             "no scripts/lib beside the executable; set AURALIS_DATA_DIR to the folder "
                             "with client and scripts");
    }
    bool fits = join(stage->client_dir, sizeof stage->client_dir, stage->data_dir, "client") &&
                join(stage->lib_dir, sizeof stage->lib_dir, stage->data_dir, "scripts/lib");
    if (!script && *settings->script)
        script = settings->script;
    if (script)
        fits = fits && (size_t)snprintf(stage->script, sizeof stage->script, "%s", script) < sizeof stage->script;
    else
        fits = fits && join(stage->script, sizeof stage->script, stage->data_dir, "scripts/ambient.lua");
    return fits ? AUR_OK : aur_error_set(err, AUR_EINVAL, "a path is too long");
}

int aur_device_choose(enum aur_isa *out, const struct aur_settings *settings, struct aur_error *err)
{
    *out = aur_isa_best();
    if (*settings->isa) {
        int rc = aur_isa_parse(out, settings->isa, err);
        if (rc < 0)
            return rc;
    }
    if (strcmp(settings->device, "scalar") == 0)
        *out = AUR_ISA_SCALAR;
    return AUR_OK;
}

bool aur_device_is_opencl(const struct aur_settings *settings)
{
    static const char *const words[] = {"opencl", "mps", "cuda"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(settings->device, words[i]) == 0)
            return true;
    return false;
}

struct aur_script_limits aur_stage_limits(const struct aur_settings *settings, bool live)
{
    return (struct aur_script_limits){
        .instructions = (uint64_t)settings->script_instructions,
        .memory_bytes = (size_t)settings->script_memory_mb << 20,
        .source_bytes = (size_t)settings->script_source_kb << 10,
        .notes = (uint32_t)settings->script_events,
        .wall_ms = live ? (uint32_t)settings->script_watchdog_ms : 0,
    };
}

int aur_stage_set(struct aur_stage *stage, const char *script, struct aur_error *err)
{
    enum aur_log_level level = AUR_LOG_INFO;
    stage->log = NULL;
    stage->tables = NULL;
    stage->piece = NULL;
    int rc = choose_folders(stage, script, err);
    if (rc == AUR_OK)
        rc = aur_device_choose(&stage->isa, &stage->settings, err);
    if (rc == AUR_OK)
        rc = aur_log_level_parse(&level, stage->settings.log_level);
    if (rc == AUR_OK)
        rc = aur_log_new(&stage->log, level, stage->settings.log_file, err);
    if (rc == AUR_OK)
        rc = aur_tables_new(&stage->tables, err);
    if (rc < 0) {
        aur_stage_deinit(stage);
        return rc;
    }
    stage->loader = aur_wave_loader(stage->tables);
    bool scalar = stage->isa == AUR_ISA_SCALAR;
    snprintf(stage->device, sizeof stage->device, scalar ? "scalar" : "simd (%s)", aur_isa_name(stage->isa));
    return AUR_OK;
}

int aur_stage_load(struct aur_piece **out, const struct aur_stage *stage, const char *path, bool live,
                   struct aur_error *err)
{
    struct aur_piece_source source = {.path = path,
                                      .lib_dir = stage->lib_dir,
                                      .limits = aur_stage_limits(&stage->settings, live),
                                      .log = stage->log,
                                      .tables = &stage->loader};
    return aur_piece_load(out, &source, err);
}

int aur_stage_init(struct aur_stage *stage, const char *script, bool live, struct aur_error *err)
{
    int rc = aur_stage_set(stage, script, err);
    if (rc < 0)
        return rc;
    rc = aur_stage_load(&stage->piece, stage, stage->script, live, err);
    if (rc < 0)
        aur_stage_deinit(stage);
    return rc;
}

void aur_stage_deinit(struct aur_stage *stage)
{
    aur_piece_free(stage->piece);
    aur_tables_free(stage->tables);
    aur_log_free(stage->log);
    stage->piece = NULL;
    stage->tables = NULL;
    stage->log = NULL;
}

int aur_stage_wanted(struct aur_wanted *out, const struct aur_stage *stage, struct aur_error *err)
{
    const struct aur_settings *settings = &stage->settings;
    *out = (struct aur_wanted){.has_key = aur_settings_given(settings, "AURALIS_DEFAULT_KEY")};
    int rc = AUR_OK;
    if (out->has_key)
        rc = aur_key_parse(&out->key, settings->key, err);
    if (rc == AUR_OK && aur_settings_given(settings, "AURALIS_DEFAULT_BPM"))
        rc = aur_wanted_put(out, "bpm", settings->bpm, err);
    if (rc == AUR_OK && aur_settings_given(settings, "AURALIS_DEFAULT_INTENSITY"))
        rc = aur_wanted_put(out, "intensity", settings->intensity, err);
    return rc;
}

int aur_stage_controls(struct aur_controls *out, const struct aur_stage *stage, struct aur_error *err)
{
    const struct aur_piece_info *info = aur_piece_describe(stage->piece);
    struct aur_wanted wanted;
    *out = info->start;
    int rc = aur_stage_wanted(&wanted, stage, err);
    return rc == AUR_OK ? aur_wanted_apply(&wanted, out, &info->controls, err) : rc;
}

struct aur_synth_config aur_stage_synth(const struct aur_stage *stage)
{
    return (struct aur_synth_config){
        .rate_hz = (uint32_t)stage->settings.sample_rate,
        .isa = stage->isa,
        .effects = stage->settings.effects,
        .tables = stage->tables,
    };
}
