/* Which file a channel follows. Its own at first; where a rewind brought another script, that one's, as long as the branch or one
 * that went off from it is what composes next. On the scripts worker.
 *
 * It is looked up whenever something happens, not told by the composer: a branch that was asked for may fail to begin. A text
 * that lies there when a channel turns to its file is no edit, for the branch plays the text it had; only what is saved from
 * then on is. */
#include <stdlib.h>
#include <string.h>

#include "channel/branch.h"
#include "channel/scripts_worker.h"

_Static_assert(AUR_BRANCH_SCRIPT <= AUR_SCRIPTS_NAME_SIZE, "a branch's script has a name");

struct aur_follow *aur_scripts_follow_of(struct aur_scripts *scripts, const struct aur_channel *channel)
{
    struct aur_scripts_worker *w = scripts->worker;
    for (size_t i = 0; i < w->n_follows; i++)
        if (w->follows[i].channel == channel)
            return &w->follows[i];
    return NULL;
}

bool aur_scripts_turn(struct aur_scripts *scripts, struct aur_follow *follow)
{
    char wanted[AUR_SCRIPTS_NAME_SIZE];
    aur_channel_follows(follow->channel, wanted);
    const char *name = *wanted ? wanted : follow->own_name;
    if (strcmp(name, follow->name) == 0)
        return false;
    char *path = *wanted ? aur_scripts_path(scripts, wanted) : strdup(follow->own_path);
    if (!path)
        return false; /* tried again next time */
    free(follow->path);
    follow->path = path;
    memmove(follow->name, name, strlen(name) + 1);
    follow->tried = (struct aur_piece_marks){.version = ""};
    follow->failed = follow->gone = follow->saved = follow->postponed = false;
    follow->turned = true;
    return true;
}

void aur_scripts_turned(struct aur_scripts *scripts, struct aur_channel *channel)
{
    struct aur_follow *follow = aur_scripts_follow_of(scripts, channel);
    if (follow && aur_scripts_turn(scripts, follow))
        aur_scripts_look(scripts, follow);
}
