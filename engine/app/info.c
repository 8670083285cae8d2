/* Subcommands that only tell: help, version, and those of a later version. Main thread; no state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "synth/synth.h"

/* Prints and frees what was gathered. */
static int print_buf(struct aur_buf *text)
{
    bool ok = aur_buf_ok(text) && fputs(text->data ? text->data : "", stdout) >= 0 && fflush(stdout) == 0;
    aur_buf_deinit(text);
    return ok ? AUR_EXIT_OK : AUR_EXIT_IO;
}

int aur_print_usage(const struct aur_command *command)
{
    struct aur_buf text;
    const char *operands = command->options->operands;
    aur_buf_init(&text);
    aur_buf_printf(&text, "usage: auralis %s%s%s%s\n\n  %s\n", command->name, operands ? " " : "",
                   operands ? operands : "", command->options->table->flag ? " [options]" : "", command->about);
    if (command->options->table->flag)
        aur_buf_text(&text, "\n");
    aur_options_describe(&text, command->options);
    return print_buf(&text);
}

static int print_commands(void)
{
    struct aur_buf text;
    aur_buf_init(&text);
    aur_buf_text(&text, "usage: auralis COMMAND [options]\n\n");
    for (const struct aur_command *command = aur_commands; command->name; command++)
        aur_buf_printf(&text, "  %-8s %s\n", command->name, command->about);
    aur_buf_text(&text, "\n'auralis help COMMAND' explains one, 'auralis help settings' lists the settings.\n");
    return print_buf(&text);
}

int aur_unknown_command(const char *who, const char *name)
{
    char names[256] = "", hint[AUR_HINT_SIZE];
    size_t used = 0;
    for (const struct aur_command *command = aur_commands; command->name && used < sizeof names; command++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", command->name);
    fprintf(stderr, "%s: unknown command %s%s; see 'auralis help'\n", who, name, aur_error_hint(hint, name, names));
    return AUR_EXIT_USAGE;
}

int aur_run_help(const struct aur_command *command, int argc, char **argv)
{
    struct aur_parsed parsed;
    struct aur_buf text;
    int exit_code;
    if (argc == 0)
        return print_commands();
    if (!aur_command_parse(command, &parsed, NULL, argc, argv, &exit_code))
        return exit_code;
    const char *topic = parsed.operands[0];
    if (strcmp(topic, "settings") == 0) {
        aur_buf_init(&text);
        aur_settings_describe(&text);
        return print_buf(&text);
    }
    for (const struct aur_command *other = aur_commands; other->name; other++)
        if (strcmp(other->name, topic) == 0)
            return aur_print_usage(other);
    return aur_unknown_command("help", topic);
}

int aur_run_version(const struct aur_command *command, int argc, char **argv)
{
    struct aur_parsed parsed;
    struct aur_buf text;
    int exit_code;
    if (!aur_command_parse(command, &parsed, NULL, argc, argv, &exit_code))
        return exit_code;
    aur_buf_init(&text);
    aur_buf_printf(&text, "auralis %s\nsound revision %d\nbuilt with %s\n", AURALIS_VERSION, AUR_SOUND_REVISION,
                   AURALIS_LIBRARIES);
    return print_buf(&text);
}
