/* Settings: one table says what can be set, where from and in which range; see docs/operating.md for the same in words.
 *
 * Sources, the stronger first: command line flags, AURALIS_* environment variables, the file .env of the working
 * directory (or the file AURALIS_ENV_FILE names, which then must exist), defaults. Loaded once at start by the main
 * thread, read-only afterwards. */
#ifndef AUR_APP_SETTINGS_H
#define AUR_APP_SETTINGS_H

#include "app/field.h"
#include "base/buf.h"

#define AUR_SETTINGS_MAX 48
#define AUR_PATH_SIZE    4096

#define AUR_PRIVATE_CHANNELS_MAX 32

struct aur_settings {
    char host[256];
    int port;
    char environment[16];
    int sample_rate, chunk_ms;
    double buffer_s;
    char device[16], isa[16];
    int render_workers;
    char key[32];
    int bpm;
    double intensity;
    struct aur_seed seed;
    int max_clients, max_per_address, max_connections;
    bool opus, transformer, effects;
    char log_level[16], log_file[AUR_PATH_SIZE];
    char cors_origins[2048];
    bool ssl;
    char ssl_cert[AUR_PATH_SIZE], ssl_key[AUR_PATH_SIZE];
    char edit_token[256];
    char script[AUR_PATH_SIZE];   /* "": scripts/ambient.lua of the data folder */
    char swap[8];                 /* "phrase", "bar" */
    char db[AUR_PATH_SIZE];       /* "": aur_db_path knows; "none": no journal */
    double keep_days;             /* of sessions that ended; 0: for ever */
    int keep_mb;                  /* of the database; 0: any size */
    int takes_mb;                 /* of takes' files; 0: any size */
    char channels[AUR_PATH_SIZE]; /* "": only main */
    char presets[AUR_PATH_SIZE];  /* "": scripts/presets.json of the data folder */
    int private_channels;         /* at a time */
    double private_idle_s;
    int private_margin;           /* percent */
    char data_dir[AUR_PATH_SIZE]; /* "": found from the executable */
    int script_instructions, script_memory_mb, script_events, script_source_kb, script_watchdog_ms;
    int metrics_port;
    char origin[AUR_SETTINGS_MAX][64]; /* how messages name each setting: the flag or variable that set it */
    bool given[AUR_SETTINGS_MAX];      /* by a flag, the environment or a file, see aur_settings_given */
};

struct aur_setting {
    const char *env; /* AURALIS_... */
    const char *def; /* NULL: not set */
    struct aur_field field;
    const char *about;
    const char *only; /* the values this version takes, "a|b"; NULL: all that are allowed */
};

extern const struct aur_setting aur_settings_table[]; /* ends with env NULL */

struct aur_override { /* a flag that overrides a setting */
    const char *flag, *env, *text;
};

struct aur_settings_source {
    const char *const *environ; /* NAME=VALUE, NULL-terminated */
    const char *env_path;       /* the .env to read if AURALIS_ENV_FILE is not set; may be missing */
    const struct aur_override *overrides;
    size_t n_overrides;
    void (*on_warning)(void *user,
                       const char *message); /* unknown AURALIS_* variables in the environment; may be NULL */
    void *user;
};

/* Fills out. AUR_EINVAL names the flag, the variable or the variable with file and line, the value and what is allowed;
 * AUR_EIO: the file AURALIS_ENV_FILE names cannot be read. */
AUR_MUST_USE int aur_settings_load(struct aur_settings *out, const struct aur_settings_source *source,
                                   struct aur_error *err);
const struct aur_setting *aur_setting_find(const char *env);
/* Whether somebody set it; else it has its default. */
bool aur_settings_given(const struct aur_settings *settings, const char *env);
/* The table as text: each variable with its default, what is allowed and what it is for. */
void aur_settings_describe(struct aur_buf *out);

#endif
