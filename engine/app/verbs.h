/* Commands that are several in one, about what lies in the database: "session list", "preset save". Reading works while a server
 * records; what changes more of the database than presets waits for nobody: AUR_EBUSY while one runs. Main thread. */
#ifndef AUR_APP_VERBS_H
#define AUR_APP_VERBS_H

#include "app/command.h"
#include "journal/archive.h"
#include "journal/journal.h"

struct aur_verb_job {
    const struct aur_parsed *parsed;
    struct aur_settings *settings;
    const void *args;            /* of the command */
    const char *const *operands; /* after the verb */
    int n_operands;
    struct aur_error *err;
};

struct aur_verb {
    const char *name, *operands; /* for messages: "SESSION NAME" */
    int least, most;             /* operands */
    int (*run)(const struct aur_verb_job *job);
};

/* Reads the command line into args, runs the verb that it names (verbs end with name NULL), prints what failed; the process's exit
 * code. */
int aur_run_verbs(const struct aur_command *command, const struct aur_verb *verbs, void *args, int argc, char **argv);

/* The path of the settings' database. AUR_EINVAL: there is none. */
AUR_MUST_USE int aur_verb_path(char out[AUR_PATH_SIZE], const struct aur_verb_job *job);
/* Opens it to read. Errors: as above, those of aur_archive_open. */
AUR_MUST_USE int aur_verb_read(struct aur_archive **out, const struct aur_verb_job *job);
/* Takes it, to write, until it is closed; makes it where it is missing. Errors: as above, those of aur_journal_open. */
AUR_MUST_USE int aur_verb_take(struct aur_journal **out, const struct aur_verb_job *job);
/* The same for presets, which may be written beside a server that has it. */
AUR_MUST_USE int aur_verb_take_presets(struct aur_journal **out, const struct aur_verb_job *job);
/* Prints the text and frees it. AUR_EIO. */
AUR_MUST_USE int aur_verb_print(struct aur_buf *text, struct aur_error *err);
/* For a terminal: text that may come from anywhere gets no control characters, C1 (U+0080 to U+009F) among them, but line ends. */
void aur_verb_clean(struct aur_buf *text);

#endif
