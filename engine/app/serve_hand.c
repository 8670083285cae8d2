/* serve as auralis knows it: the options, and the other program that the process becomes. It keeps its number, its
 * descriptors and its place among the children of whoever started it. Main thread, before anything is begun. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/serve.h"

#define AT(member) AUR_MEMBER(struct aur_serve_args, member)

static const struct aur_option serve_table[] = {
    {"--host", "HOST", "address to listen on", "AURALIS_HOST", {0}, false, NULL},
    {"--port", "PORT", "port to listen on", "AURALIS_PORT", {0}, false, NULL},
    {"--script", "FILE", "what to play", "AURALIS_SCRIPT", {0}, false, NULL},
    {"--seed", "N", "seed of the piece; drawn if not given", "AURALIS_SEED", {0}, false, NULL},
    {"--device", "DEVICE", "what synthesises", "AURALIS_DEVICE", {0}, false, NULL},
    {"--metrics-port", "PORT", "port of the metrics page", "AURALIS_METRICS_PORT", {0}, false, NULL},
    {"--swap", "WHEN", "when an edit takes over", "AURALIS_SWAP", {0}, false, NULL},
    {"--db", "FILE", "where sessions are recorded; none: nowhere", "AURALIS_DB", {0}, false, NULL},
    {"--resume", NULL, "go on where the last session ended", NULL, {AUR_FIELD_FLAG, AT(resume)}, false, NULL},
    {"--check", NULL, "check settings and script, then end", NULL, {AUR_FIELD_FLAG, AT(check)}, false, NULL},
    {0},
};
const struct aur_options aur_serve_options = {"serve", serve_table, NULL, 0};

/* Beside this program, wherever links to it lie. */
static bool find_program(char out[PATH_MAX + 16])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    strcpy(slash ? slash + 1 : out, "auralis-serve");
    return slash;
}

int aur_run_serve(const struct aur_command *command, int argc, char **argv)
{
    char program[PATH_MAX + 16];
    (void)argc;
    if (find_program(program))
        execv(program, argv - 2);
    fprintf(stderr, "%s: %s, which belongs beside auralis, cannot be run: %s\n", command->name, program,
            strerror(errno));
    return AUR_EXIT_IO;
}
