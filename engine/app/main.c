/* auralis: finds the subcommand and runs it. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (const struct aur_command *command = aur_commands; command->name; command++)
        if (strcmp(command->name, name) == 0) {
            int code = command->run(command, argc > 2 ? argc - 2 : 0, argv + 2);
            return argc > 1 ? code : AUR_EXIT_USAGE;
        }
    return aur_unknown_command("auralis", name);
}
