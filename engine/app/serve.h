/* The command serve. auralis knows its options and hands it on to auralis-serve, which does it, so that only that program
 * loads the network's libraries. */
#ifndef AUR_APP_SERVE_H
#define AUR_APP_SERVE_H

#include "app/command.h"

struct aur_serve_args {
    bool check, resume;
};

/* Serves until it is told to stop; as the run of a command. Main thread of auralis-serve. */
int aur_serve(const struct aur_command *command, int argc, char **argv);

#endif
