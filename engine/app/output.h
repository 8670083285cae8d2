/* What the commands that write audio files share: the options for the files, and how far they are. */
#ifndef AUR_APP_OUTPUT_H
#define AUR_APP_OUTPUT_H

#include <jansson.h>

#include "app/settings.h"
#include "bounce/bounce.h"

struct aur_output_args { /* members of a command's arguments, "" and 0 where not given */
    char out[AUR_PATH_SIZE], events[AUR_PATH_SIZE], midi[AUR_PATH_SIZE], chords[AUR_PATH_SIZE], stems[AUR_PATH_SIZE];
    double fade;
    int rate;
    char bits[8];
    bool dither, force, json;
};

/* What no single option can know. AUR_EINVAL. */
AUR_MUST_USE int aur_output_check(const struct aur_output_args *args, const char *command, struct aur_error *err);
/* The request's files, which borrow the paths; the rate is left to the caller. */
void aur_output_request(struct aur_bounce_request *request, const struct aur_output_args *args);

/* How far a render is: one line that is written over on a terminal, or JSON events on stdout, one a line. On the thread of
 * the render, but for aur_progress_interrupt. */
struct aur_progress {
    bool json, terminal;
    uint64_t start_ns, shown_ns;
    uint64_t phrases;
    double seconds;
    int interrupted;
};

/* Begins, and tells the request to tell it; neither moves until the render has ended. */
void aur_progress_begin(struct aur_progress *progress, struct aur_bounce_request *request, bool json);
double aur_progress_elapsed_s(const struct aur_progress *progress);
/* Takes the line off the terminal. */
void aur_progress_end(const struct aur_progress *progress);
/* Asks the render to stop; for struct aur_signals. */
void aur_progress_interrupt(void *progress);
/* Prints an event, and takes the reference; NULL is legal. */
void aur_print_json(json_t *event);
/* aur_fail; with --json {"event":"error","message","exit"} on stdout as well, as the last line. */
int aur_output_fail(const struct aur_error *err, bool json);

#endif
