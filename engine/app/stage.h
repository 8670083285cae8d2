/* What serve, render and check stand on: settings, data folder, device, log and the loaded piece, made in that order and
 * taken down together. Main thread. */
#ifndef AUR_APP_STAGE_H
#define AUR_APP_STAGE_H

#include "app/settings.h"
#include "base/log.h"
#include "compose/piece.h"
#include "score/table.h"
#include "score/wanted.h"
#include "synth/synth.h"
#include "synth/tables.h"

struct aur_stage {
    struct aur_settings settings;
    char data_dir[AUR_PATH_SIZE], client_dir[AUR_PATH_SIZE], lib_dir[AUR_PATH_SIZE], script[AUR_PATH_SIZE];
    enum aur_isa isa;
    char device[160]; /* "simd (avx2)" */
    struct aur_log *log;
    struct aur_tables *tables;      /* the session's wavetables */
    struct aur_table_loader loader; /* into them, for every piece that is loaded */
    struct aur_piece *piece;
};

/* Opens the log and loads the script; stage->settings are filled already. script: NULL for the settings' one. live: as
 * for aur_stage_limits. On failure nothing is left to free. Errors: those of the log, the piece and the settings. */
AUR_MUST_USE int aur_stage_init(struct aur_stage *stage, const char *script, bool live, struct aur_error *err);
void aur_stage_deinit(struct aur_stage *stage);
/* The same in two steps: all but the piece, for those who play several or none; and a piece, with the stage's limits, log and
 * wavetables, which outlive it. Errors as above. */
AUR_MUST_USE int aur_stage_set(struct aur_stage *stage, const char *script, struct aur_error *err);
AUR_MUST_USE int aur_stage_load(struct aur_piece **out, const struct aur_stage *stage, const char *path, bool live,
                                struct aur_error *err);

/* The settings' limits for scripts. Live, the watchdog is among them; a file must not depend on the clock. */
struct aur_script_limits aur_stage_limits(const struct aur_settings *settings, bool live);

/* What the settings were given for key, tempo and intensity. */
AUR_MUST_USE int aur_stage_wanted(struct aur_wanted *out, const struct aur_stage *stage, struct aur_error *err);
/* The controls to start with: these, else the piece's defaults. */
AUR_MUST_USE int aur_stage_controls(struct aur_controls *out, const struct aur_stage *stage, struct aur_error *err);
/* The synthesiser's configuration at the settings' rate. */
struct aur_synth_config aur_stage_synth(const struct aur_stage *stage);

/* The instruction set that the settings' device and AURALIS_ISA ask for; AUR_EINVAL if this machine lacks it. */
AUR_MUST_USE int aur_device_choose(enum aur_isa *out, const struct aur_settings *settings, struct aur_error *err);

/* Whether the settings ask for OpenCL: opencl, and mps and cuda, which mean it. */
bool aur_device_is_opencl(const struct aur_settings *settings);

/* For a render: opens the OpenCL device if the settings ask for one by name (to look for one takes longer than many a
 * render), sets synth->backend (the caller's to free, or NULL), and says what synthesises. */
AUR_MUST_USE int aur_device_open(struct aur_synth_config *synth, char *name, size_t size, const struct aur_stage *stage,
                                 struct aur_error *err);

/* For a live stream: NULL, or the backend that all its channels may share (the caller's to free, after them). A device that
 * is asked for by name is waited for, so that no voice is rendered elsewhere; under auto it is opened while the music plays
 * already, and only if files say that there may be one beside the CPU. Errors: AUR_EINVAL (asked for, and none here),
 * AUR_ENOMEM, AUR_EIO. */
AUR_MUST_USE int aur_device_open_live(struct aur_backend **out, const struct aur_stage *stage, struct aur_error *err);

#endif
