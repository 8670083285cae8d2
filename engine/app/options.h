/* Command line options of a subcommand, from a table.
 *
 * "--name value", "--name=value", "-o value"; what starts with '-' is an option, "--" ends them, the rest are operands. An option
 * sets a field of the subcommand's arguments or, where `setting` is given, overrides that setting. Main thread. */
#ifndef AUR_APP_OPTIONS_H
#define AUR_APP_OPTIONS_H

#include "app/settings.h"
#include "score/control.h"

#define AUR_OPERANDS_MAX 256
#define AUR_OPERANDS_ANY (-1) /* none to AUR_OPERANDS_MAX */

struct aur_option {
    const char *flag; /* "--port"; NULL ends a table */
    const char *arg;  /* how help shows its value: "HZ"; NULL for AUR_FIELD_FLAG */
    const char *about;
    const char *setting;    /* AURALIS_...: overrides it, `field` is unused */
    struct aur_field field; /* in the subcommand's arguments */
    bool later;             /* known, but refused: not available in this version */
    const char *only;       /* the one value this version takes */
};

struct aur_options {
    const char *command; /* for messages: "render" */
    const struct aur_option *table;
    const char *operands; /* for help: "SCRIPT"; NULL: none */
    int n_operands;       /* how many are needed, or AUR_OPERANDS_ANY */
};

struct aur_parsed {
    const char *operands[AUR_OPERANDS_MAX];
    int n_operands;
    struct aur_override overrides[AUR_SETTINGS_MAX];
    size_t n_overrides;
    bool help;
};

/* Reads argv[0..argc) (without program and subcommand) into parsed and args. Strings are borrowed from argv. AUR_EINVAL
 * names the option, the value and what is allowed, AUR_ENOTSUP the option that is not available. After --help nothing
 * more is checked. */
AUR_MUST_USE int aur_options_parse(struct aur_parsed *parsed, void *args, const struct aur_options *options, int argc,
                                   char *const *argv, struct aur_error *err);
/* Whether this flag, of a setting, was among them. */
bool aur_parsed_has(const struct aur_parsed *parsed, const char *flag);
/* One control of --set: NAME=VALUE. */
struct aur_set_option {
    char name[AUR_CONTROL_NAME_SIZE];
    const char *value; /* borrowed from the text */
    double number;     /* finite; nothing where `key` is */
    bool key;          /* the name is "key": the value is no number */
};
/* What is allowed is the piece's affair. AUR_EINVAL: not of that form, or no number. */
AUR_MUST_USE int aur_set_option_parse(struct aur_set_option *out, const char *text, struct aur_error *err);
/* The lines of --help below the usage line. */
void aur_options_describe(struct aur_buf *out, const struct aur_options *options);

#endif
