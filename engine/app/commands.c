/* The table of subcommands, and what they share: reading their command line and settings, and ending with a message and
 * an exit code. Main thread; no state. */
#include <stdio.h>
#include <unistd.h>

#include "app/command.h"

static const struct aur_option no_options[] = {{0}};
static const struct aur_option json_only[] = {
    {"--json", NULL, "print JSON", NULL, {AUR_FIELD_FLAG, .offset = 0, .size = sizeof(bool)}, false, NULL},
    {0},
};
static const struct aur_options devices_options = {"devices", json_only, NULL, 0};
static const struct aur_options version_options = {"version", no_options, NULL, 0};
static const struct aur_options help_options = {"help", no_options, "[COMMAND | settings]", 1};

const struct aur_command aur_commands[] = {
    {"serve", "play a script live and serve the page, REST and WebSocket", &aur_serve_options, aur_run_serve},
    {"render", "write a script's music to a file", &aur_render_options, aur_run_render},
    {"check", "rehearse a script and report its errors", &aur_check_options, aur_run_check},
    {"replay", "write a recorded session, or a span of it, to a file again", &aur_replay_options, aur_run_replay},
    {"verify", "compare a recorded session with what it renders to now", &aur_verify_options, aur_run_verify},
    {"diff", "compare two sessions, note by note and sample by sample", &aur_diff_options, aur_run_diff},
    {"session", "list, show, name, delete, export and import recorded sessions", &aur_session_options, aur_run_session},
    {"preset", "list, show, save, delete, export and import presets that people keep", &aur_preset_options,
     aur_run_preset},
    {"devices", "list what can synthesise here", &devices_options, aur_run_devices},
    {"version", "print the version, the sound revision and the libraries", &version_options, aur_run_version},
    {"help", "explain a command, or the settings", &help_options, aur_run_help},
    {0},
};

enum aur_exit aur_exit_of(int code)
{
    static const enum aur_exit exits[] = {
        [-AUR_OK] = AUR_EXIT_OK,         [-AUR_EINVAL] = AUR_EXIT_USAGE,   [-AUR_ENOMEM] = AUR_EXIT_IO,
        [-AUR_EIO] = AUR_EXIT_IO,        [-AUR_ESCRIPT] = AUR_EXIT_SCRIPT, [-AUR_ELIMIT] = AUR_EXIT_SCRIPT,
        [-AUR_ENOTSUP] = AUR_EXIT_USAGE, [-AUR_ENOTFOUND] = AUR_EXIT_IO,   [-AUR_EBUSY] = AUR_EXIT_INTERRUPTED,
    };
    return code <= 0 && -code < (int)(sizeof exits / sizeof *exits) ? exits[-code] : AUR_EXIT_IO;
}

int aur_fail(const struct aur_error *err)
{
    fprintf(stderr, "%s\n", *err->message ? err->message : aur_err_text(err->code));
    return aur_exit_of(err->code);
}

bool aur_command_parse(const struct aur_command *command, struct aur_parsed *parsed, void *args, int argc, char **argv,
                       int *exit_code)
{
    struct aur_error err = {0};
    if (aur_options_parse(parsed, args, command->options, argc, argv, &err) < 0) {
        *exit_code = aur_fail(&err);
        return false;
    }
    if (parsed->help) {
        *exit_code = aur_print_usage(command);
        return false;
    }
    return true;
}

static void warn(void *user, const char *message)
{
    (void)user;
    fprintf(stderr, "warning: %s\n", message);
}

int aur_command_settings(struct aur_settings *out, const struct aur_parsed *parsed, struct aur_error *err)
{
    struct aur_settings_source source = {
        .environ = (const char *const *)environ,
        .env_path = ".env",
        .overrides = parsed->overrides,
        .n_overrides = parsed->n_overrides,
        .on_warning = warn,
    };
    return aur_settings_load(out, &source, err);
}
