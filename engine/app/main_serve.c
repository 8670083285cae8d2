/* auralis-serve: the command serve of auralis, which becomes this program with the command line that it was given. */
#include <stdio.h>
#include <string.h>

#include "app/serve.h"

int main(int argc, char **argv)
{
    for (const struct aur_command *command = aur_commands; argc > 1 && command->name; command++)
        if (command->options == &aur_serve_options && strcmp(command->name, argv[1]) == 0)
            return aur_serve(command, argc - 2, argv + 2);
    fprintf(stderr, "auralis-serve: this is a part of auralis; see 'auralis help serve'\n");
    return AUR_EXIT_USAGE;
}
