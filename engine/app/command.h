/* The subcommands of auralis. Each takes the arguments after its name and returns the process's exit code. Main thread. */
#ifndef AUR_APP_COMMAND_H
#define AUR_APP_COMMAND_H

#include "app/options.h"

enum aur_exit {
    AUR_EXIT_OK = 0,
    AUR_EXIT_SCRIPT = 1, /* a script was refused or failed */
    AUR_EXIT_USAGE = 2,  /* usage or settings */
    AUR_EXIT_IO = 3,     /* input or output */
    AUR_EXIT_INTERRUPTED = 130,
};

struct aur_command {
    const char *name; /* NULL ends the table */
    const char *about;
    const struct aur_options *options;
    int (*run)(const struct aur_command *command, int argc, char **argv); /* argv lies in main's, two further on */
};

extern const struct aur_command aur_commands[];
extern const struct aur_options aur_serve_options, aur_render_options, aur_check_options, aur_replay_options,
    aur_verify_options, aur_diff_options, aur_session_options, aur_preset_options;

int aur_run_serve(const struct aur_command *command, int argc, char **argv);
int aur_run_render(const struct aur_command *command, int argc, char **argv);
int aur_run_check(const struct aur_command *command, int argc, char **argv);
int aur_run_replay(const struct aur_command *command, int argc, char **argv);
int aur_run_verify(const struct aur_command *command, int argc, char **argv);
int aur_run_diff(const struct aur_command *command, int argc, char **argv);
int aur_run_session(const struct aur_command *command, int argc, char **argv);
int aur_run_preset(const struct aur_command *command, int argc, char **argv);
int aur_run_devices(const struct aur_command *command, int argc, char **argv);
int aur_run_version(const struct aur_command *command, int argc, char **argv);
int aur_run_help(const struct aur_command *command, int argc, char **argv);

/* The exit code that an error code stands for. */
enum aur_exit aur_exit_of(int code);
/* Prints the error's message on stderr and returns its exit code. */
int aur_fail(const struct aur_error *err);

/* Says on stderr that there is no command of that name, and which may be meant; `who` says so. Returns the exit code. */
int aur_unknown_command(const char *who, const char *name);

/* Prints how to use it on stdout; returns the exit code. */
int aur_print_usage(const struct aur_command *command);

/* Reads the command line into parsed and args. True: go on; false: *exit_code says how to end (help was printed, or an
 * error). */
bool aur_command_parse(const struct aur_command *command, struct aur_parsed *parsed, void *args, int argc, char **argv,
                       int *exit_code);
/* aur_settings_load from this process's environment with parsed's overrides; warnings go to stderr. */
AUR_MUST_USE int aur_command_settings(struct aur_settings *out, const struct aur_parsed *parsed, struct aur_error *err);

#endif
