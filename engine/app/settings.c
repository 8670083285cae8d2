/* Settings: the table, and the sources laid over each other. Main thread, at start. */
#include "app/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/dotenv.h"
#include "score/phrase.h"

#define PREFIX         "AURALIS_"
#define ENV_FILE       "AURALIS_ENV_FILE"
#define ENV_FILE_BYTES 65536
#define CHUNKS_MIN     16 /* a listener's first burst, its queue and the writer's lead */

#define AT(member) AUR_MEMBER(struct aur_settings, member)

const struct aur_setting aur_settings_table[] = {
    {"AURALIS_HOST", "127.0.0.1", {AUR_FIELD_TEXT, AT(host)}, "address to listen on", NULL},
    {"AURALIS_PORT", "8000", {AUR_FIELD_INT, AT(port), .max = 65535}, "port to listen on; 0 takes a free one", NULL},
    {"AURALIS_ENV",
     "development",
     {AUR_FIELD_CHOICE, AT(environment), .choices = "development|production"},
     "a label, shown in the log at start",
     NULL},
    {"AURALIS_SAMPLE_RATE",
     "44100",
     {AUR_FIELD_INT, AT(sample_rate), .choices = "44100|48000|96000"},
     "frames a second of synthesis and stream",
     NULL},
    {"AURALIS_CHUNK_DURATION_MS",
     "100",
     {AUR_FIELD_INT, AT(chunk_ms), .min = 20, .max = 500, .step = 10},
     "audio in one message",
     NULL},
    {"AURALIS_BUFFER_CAPACITY_SEC",
     "2.0",
     {AUR_FIELD_REAL, AT(buffer_s), .min = 0.5, .max = 60},
     "audio kept for listeners; at least 16 chunks",
     NULL},
    {"AURALIS_DEVICE",
     "auto",
     {AUR_FIELD_CHOICE, AT(device), .choices = "auto|opencl|simd|scalar|mps|cuda|cpu"},
     "what synthesises: mps and cuda mean opencl, cpu means simd",
     NULL},
    {"AURALIS_ISA",
     NULL,
     {AUR_FIELD_CHOICE, AT(isa), .choices = "scalar|sse2|avx2|avx512|neon"},
     "instruction set that simd uses; unset: the best there is",
     NULL},
    {"AURALIS_TORCH_THREADS", "1", {AUR_FIELD_INT, AT(render_workers), .min = 1, .max = 64}, "render workers", NULL},
    {"AURALIS_DEFAULT_KEY", "A minor", {AUR_FIELD_KEY, AT(key)}, "key to start with, before the piece's own", NULL},
    {"AURALIS_DEFAULT_BPM",
     "70",
     {AUR_FIELD_INT, AT(bpm), .min = 40, .max = 200},
     "tempo to start with, before the piece's own",
     NULL},
    {"AURALIS_DEFAULT_INTENSITY",
     "0.5",
     {AUR_FIELD_REAL, AT(intensity), .max = 1},
     "intensity to start with, before the piece's own",
     NULL},
    {"AURALIS_SEED",
     NULL,
     {AUR_FIELD_SEED, AT(seed)},
     "seed of the piece; unset: serve draws one, render takes 1",
     NULL},
    {"AURALIS_SCRIPT",
     "",
     {AUR_FIELD_TEXT, AT(script)},
     "script that serve plays; unset: scripts/ambient.lua of the data folder",
     NULL},
    {"AURALIS_SCRIPT_INSTRUCTIONS",
     "50000000",
     {AUR_FIELD_INT, AT(script_instructions), .min = 100000, .max = 2000000000},
     "instructions that a script may spend on a phrase",
     NULL},
    {"AURALIS_SCRIPT_MEMORY_MB",
     "64",
     {AUR_FIELD_INT, AT(script_memory_mb), .min = 1, .max = 1024},
     "memory of a script while it composes",
     NULL},
    {"AURALIS_SCRIPT_EVENTS",
     "4096",
     {AUR_FIELD_INT, AT(script_events), .min = 1, .max = AUR_NOTES_MAX},
     "notes in a phrase",
     NULL},
    {"AURALIS_SCRIPT_SOURCE_KB",
     "1024",
     {AUR_FIELD_INT, AT(script_source_kb), .min = 1, .max = 16384},
     "text of one script file",
     NULL},
    {"AURALIS_SCRIPT_WATCHDOG_MS",
     "500",
     {AUR_FIELD_INT, AT(script_watchdog_ms), .max = 60000},
     "time that a script may take for a phrase of a live stream; 0: as long as it likes",
     NULL},
    {"AURALIS_SWAP",
     "phrase",
     {AUR_FIELD_CHOICE, AT(swap), .choices = "phrase|bar"},
     "when an edit of the script takes over: at the end of the phrase, or at the next bar",
     NULL},
    {"AURALIS_DB",
     "",
     {AUR_FIELD_TEXT, AT(db)},
     "file that sessions are recorded in; unset: auralis/auralis.db of XDG_STATE_HOME; none: they are not",
     NULL},
    {"AURALIS_KEEP_DAYS",
     "30",
     {AUR_FIELD_REAL, AT(keep_days), .max = 36500},
     "days that sessions are kept after they ended, but for takes; 0: for ever",
     NULL},
    {"AURALIS_KEEP_MB",
     "2048",
     {AUR_FIELD_INT, AT(keep_mb), .max = 1000000},
     "size of the database, in MiB, over which the oldest sessions are dropped; 0: any",
     NULL},
    {"AURALIS_TAKES_MB",
     "20480",
     {AUR_FIELD_INT, AT(takes_mb), .max = 100000000},
     "size of the files of takes, in MiB, over which nothing more is kept; 0: any",
     NULL},
    {"AURALIS_CHANNELS",
     "",
     {AUR_FIELD_TEXT, AT(channels)},
     "JSON file of channels that play beside main; unset: none",
     NULL},
    {"AURALIS_PRESETS",
     "",
     {AUR_FIELD_TEXT, AT(presets)},
     "JSON file of presets that listeners choose from; unset: scripts/presets.json of the data folder",
     NULL},
    {"AURALIS_PRIVATE_CHANNELS",
     "8",
     {AUR_FIELD_INT, AT(private_channels), .max = AUR_PRIVATE_CHANNELS_MAX},
     "streams of their own that listeners may have at a time; 0: none",
     NULL},
    {"AURALIS_PRIVATE_IDLE_SEC",
     "30",
     {AUR_FIELD_REAL, AT(private_idle_s), .min = 0.1, .max = 3600},
     "how long a private channel stays after its last listener has left",
     NULL},
    {"AURALIS_PRIVATE_MARGIN",
     "30",
     {AUR_FIELD_INT, AT(private_margin), .max = 100},
     "percent of the render workers' time that must be free for one more private channel",
     NULL},
    {"AURALIS_DATA_DIR",
     "",
     {AUR_FIELD_TEXT, AT(data_dir)},
     "folder with client/ and scripts/; unset: found from the executable",
     NULL},
    {"AURALIS_MAX_CLIENTS",
     "10",
     {AUR_FIELD_INT, AT(max_clients), .min = 1, .max = 1000000},
     "listeners at a time",
     NULL},
    {"AURALIS_MAX_PER_ADDRESS",
     "20",
     {AUR_FIELD_INT, AT(max_per_address), .max = 1000000},
     "listeners at a time from one address; 0: any number; unset: this machine's addresses are not limited",
     NULL},
    {"AURALIS_MAX_CONNECTIONS",
     "0",
     {AUR_FIELD_INT, AT(max_connections), .max = 1000000},
     "connections of any kind at a time; 0: AURALIS_MAX_CLIENTS and 256 more",
     NULL},
    {"AURALIS_ENABLE_OPUS", "true", {AUR_FIELD_BOOL, AT(opus)}, "offer streams in the Opus format", NULL},
    {"AURALIS_ENABLE_TRANSFORMER",
     "false",
     {AUR_FIELD_BOOL, AT(transformer)},
     "melodies from a learned model",
     "false|0|no|off"},
    {"AURALIS_ENABLE_EFFECTS", "true", {AUR_FIELD_BOOL, AT(effects)}, "reverb and delay", NULL},
    {"AURALIS_LOG_LEVEL",
     "INFO",
     {AUR_FIELD_CHOICE, AT(log_level), .choices = "DEBUG|INFO|WARNING|ERROR|CRITICAL"},
     "least severe line that is logged",
     NULL},
    {"AURALIS_LOG_FILE",
     "",
     {AUR_FIELD_TEXT, AT(log_file)},
     "file the log is appended to, beside stderr; unset: stderr only",
     NULL},
    {"AURALIS_CORS_ORIGINS",
     "http://localhost:3000",
     {AUR_FIELD_ORIGINS, AT(cors_origins)},
     "other origins whose pages may use the server; its own always may",
     NULL},
    {"AURALIS_ENABLE_SSL", "false", {AUR_FIELD_BOOL, AT(ssl)}, "serve https and wss", NULL},
    {"AURALIS_SSL_CERT_PATH", "", {AUR_FIELD_TEXT, AT(ssl_cert)}, "certificate chain, PEM", NULL},
    {"AURALIS_SSL_KEY_PATH", "", {AUR_FIELD_TEXT, AT(ssl_key)}, "private key, PEM", NULL},
    {"AURALIS_EDIT_TOKEN",
     "",
     {AUR_FIELD_TEXT, AT(edit_token)},
     "who has it may change scripts over HTTP; unset: this machine only",
     NULL},
    {"AURALIS_METRICS_PORT",
     "9090",
     {AUR_FIELD_INT, AT(metrics_port), .max = 65535},
     "port of the metrics page, on this machine alone; 0: none",
     NULL},
    {0},
};
_Static_assert(sizeof aur_settings_table / sizeof *aur_settings_table <= AUR_SETTINGS_MAX + 1, "origin is too small");

const struct aur_setting *aur_setting_find(const char *env)
{
    for (const struct aur_setting *setting = aur_settings_table; setting->env; setting++)
        if (strcmp(setting->env, env) == 0)
            return setting;
    return NULL;
}

static bool is_among(const char *choices, const char *text)
{
    char word[sizeof((struct aur_settings *)0)->device];
    struct aur_field field = {AUR_FIELD_CHOICE, .size = sizeof word, .choices = choices};
    return aur_field_set(word, &field, "", text, NULL) == AUR_OK;
}

static int set(struct aur_settings *out, const struct aur_setting *setting, const char *origin, const char *text,
               struct aur_error *err)
{
    char *place = out->origin[setting - aur_settings_table];
    snprintf(place, sizeof out->origin[0], "%s", origin);
    out->given[setting - aur_settings_table] = true;
    int rc = aur_field_set(out, &setting->field, place, text, err);
    if (rc < 0 || !setting->only || is_among(setting->only, text))
        return rc;
    char allowed[200], all[256];
    struct aur_field only = {AUR_FIELD_CHOICE, .choices = setting->only};
    aur_field_allowed(allowed, sizeof allowed, &only);
    snprintf(all, sizeof all, "%s (the rest is not available in this version)", allowed);
    return aur_error_value(err, place, text, all);
}

static const char *lookup(const char *const *environ, const char *name)
{
    size_t len = strlen(name);
    for (; environ && *environ; environ++)
        if (strncmp(*environ, name, len) == 0 && (*environ)[len] == '=')
            return *environ + len + 1;
    return NULL;
}

static int set_defaults(struct aur_settings *out, struct aur_error *err)
{
    for (const struct aur_setting *setting = aur_settings_table; setting->env; setting++) {
        int rc = AUR_OK;
        if (setting->def)
            rc = set(out, setting, setting->env, setting->def, err);
        else
            snprintf(out->origin[setting - aur_settings_table], sizeof out->origin[0], "%s", setting->env);
        if (rc < 0)
            return rc;
    }
    memset(out->given, 0, sizeof out->given);
    return AUR_OK;
}

bool aur_settings_given(const struct aur_settings *settings, const char *env)
{
    return settings->given[aur_setting_find(env) - aur_settings_table];
}

/* " (did you mean AURALIS_PORT?)" for a name that is nearly a setting's, else "". */
static const char *nearest(char hint[AUR_HINT_SIZE], const char *name)
{
    for (const struct aur_setting *setting = aur_settings_table; setting->env; setting++)
        if (*aur_error_hint(hint, name + strlen(PREFIX), setting->env + strlen(PREFIX)))
            return snprintf(hint, AUR_HINT_SIZE, " (did you mean %s?)", setting->env), hint;
    return hint;
}

struct file_reader {
    struct aur_settings *out;
    const struct aur_settings_source *source;
    const char *path;
};

/* One line of .env. A variable that the environment or a flag sets as well is still checked: a file with an error in it
 * is a file with an error in it. */
static int on_file_value(void *user, const char *name, const char *value, int line, struct aur_error *err)
{
    const struct file_reader *reader = user;
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return AUR_OK;
    char hint[AUR_HINT_SIZE];
    const struct aur_setting *setting = aur_setting_find(name);
    if (!setting)
        return aur_error_set(err, AUR_EINVAL, "%s:%d: %s is no setting%s; 'auralis help settings' lists them",
                             reader->path, line, name, nearest(hint, name));
    char origin[64];
    const char *slash = strrchr(reader->path, '/');
    snprintf(origin, sizeof origin, "%s (%.20s:%d)", name, slash ? slash + 1 : reader->path, line);
    return set(reader->out, setting, origin, value, err);
}

static int set_from_file(struct aur_settings *out, const struct aur_settings_source *source, struct aur_error *err)
{
    struct aur_buf text;
    const char *named = lookup(source->environ, ENV_FILE);
    struct file_reader reader = {out, source, named && *named ? named : source->env_path};
    if (!reader.path)
        return AUR_OK;
    FILE *probe = fopen(reader.path, "r");
    if (!probe && reader.path == source->env_path)
        return AUR_OK;
    if (!probe)
        return aur_error_set(err, AUR_EIO, "%s: %s cannot be read", ENV_FILE, named);
    fclose(probe);
    aur_buf_init(&text);
    int rc = aur_buf_read_file(&text, reader.path, ENV_FILE_BYTES, err);
    if (rc == AUR_OK && text.data)
        rc = aur_dotenv_read(text.data, reader.path, on_file_value, &reader, err);
    aur_buf_deinit(&text);
    return rc;
}

static int set_from_environment(struct aur_settings *out, const struct aur_settings_source *source,
                                struct aur_error *err)
{
    char name[64], message[192], hint[AUR_HINT_SIZE];
    for (const char *const *entry = source->environ; entry && *entry; entry++) {
        size_t len = strcspn(*entry, "=");
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) != 0 || !(*entry)[len])
            continue;
        snprintf(name, sizeof name, "%.*s", (int)len, *entry);
        const struct aur_setting *setting = aur_setting_find(name);
        int rc = setting ? set(out, setting, setting->env, *entry + len + 1, err) : AUR_OK;
        if (rc < 0)
            return rc;
        if (!setting && strcmp(name, ENV_FILE) != 0 && source->on_warning) {
            snprintf(message, sizeof message, "%s is no setting%s and is ignored", name, nearest(hint, name));
            source->on_warning(source->user, message);
        }
    }
    return AUR_OK;
}

static int set_from_flags(struct aur_settings *out, const struct aur_settings_source *source, struct aur_error *err)
{
    for (size_t i = 0; i < source->n_overrides; i++) {
        const struct aur_override *override = &source->overrides[i];
        int rc = set(out, aur_setting_find(override->env), override->flag, override->text, err);
        if (rc < 0)
            return rc;
    }
    return AUR_OK;
}

static const char *origin_of(const struct aur_settings *settings, const char *env)
{
    return settings->origin[aur_setting_find(env) - aur_settings_table];
}

/* What one field cannot say about itself. */
static int check_together(const struct aur_settings *settings, struct aur_error *err)
{
    char value[32], allowed[128];
    if (settings->buffer_s * 1000 < settings->chunk_ms * CHUNKS_MIN) {
        snprintf(value, sizeof value, "%g", settings->buffer_s);
        snprintf(allowed, sizeof allowed, "at least %g, %d chunks of %d ms", settings->chunk_ms * CHUNKS_MIN / 1000.0,
                 CHUNKS_MIN, settings->chunk_ms);
        return aur_error_value(err, origin_of(settings, "AURALIS_BUFFER_CAPACITY_SEC"), value, allowed);
    }
    const char *needed = "the path of a PEM file, because AURALIS_ENABLE_SSL is true";
    if (settings->ssl && !*settings->ssl_cert)
        return aur_error_value(err, origin_of(settings, "AURALIS_SSL_CERT_PATH"), "\"\"", needed);
    if (settings->ssl && !*settings->ssl_key)
        return aur_error_value(err, origin_of(settings, "AURALIS_SSL_KEY_PATH"), "\"\"", needed);
    if (!*settings->host)
        return aur_error_value(err, origin_of(settings, "AURALIS_HOST"), "\"\"", "an address or a host name");
    return AUR_OK;
}

int aur_settings_load(struct aur_settings *out, const struct aur_settings_source *source, struct aur_error *err)
{
    memset(out, 0, sizeof *out);
    int rc = set_defaults(out, err);
    if (rc == AUR_OK)
        rc = set_from_file(out, source, err);
    if (rc == AUR_OK)
        rc = set_from_environment(out, source, err);
    if (rc == AUR_OK)
        rc = set_from_flags(out, source, err);
    return rc == AUR_OK ? check_together(out, err) : rc;
}

void aur_settings_describe(struct aur_buf *out)
{
    char allowed[256];
    for (const struct aur_setting *setting = aur_settings_table; setting->env; setting++) {
        aur_field_allowed(allowed, sizeof allowed, &setting->field);
        const char *def = setting->def && *setting->def ? setting->def : "not set";
        aur_buf_printf(out, "%s\n    %s\n    default: %s; allowed: %s\n", setting->env, setting->about, def, allowed);
    }
}
