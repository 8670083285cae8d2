/* Requests to go back in a channel's music and to switch between its branches. On the scripts worker, because a rewind may bring
 * another script, which is loaded and rehearsed first, and because a channel that a request names is still there on it. */
#include <stdio.h>
#include <stdlib.h>

#include "channel/branch.h"
#include "channel/scripts_desk.h"
#include "channel/scripts_worker.h"
#include "compose/session.h"
#include "wire/json.h"
#include "wire/message.h"

static int refuse(struct aur_scripts *scripts, struct aur_scripts_reply *reply, struct aur_error *err)
{
    aur_scripts_shorten(scripts, err->message);
    if (err->code != AUR_EINVAL)
        return aur_scripts_refuse(reply, err);
    aur_buf_clear(&reply->body);
    aur_msg_refusal_write(&reply->body, "INVALID_REQUEST", err->message, err);
    return reply->code = AUR_EINVAL;
}

/* What an accepted control is answered with, and the branch. */
static int answer(struct aur_scripts_reply *reply, uint32_t branch, const struct aur_msg_phrase *first)
{
    struct aur_buf updated;
    aur_buf_init(&updated);
    aur_msg_updated_write(&updated, first);
    aur_buf_printf(&reply->body, "{\"branch\":%u,%s", (unsigned)branch,
                   aur_buf_ok(&updated) && updated.len > 1 ? updated.data + 1 : "}");
    aur_buf_deinit(&updated);
    return reply->code = AUR_OK;
}

/* ---- another script ---- */

static int rehearse(const struct aur_piece *piece, struct aur_error *err)
{
    struct aur_session session;
    struct aur_phrase *phrase = NULL;
    aur_session_init(&session, piece, 1, 44100);
    int rc = aur_session_next(&session, &phrase, &aur_piece_describe(piece)->start, err);
    aur_phrase_free(phrase);
    aur_session_deinit(&session);
    return rc;
}

/* As it is on disk now; a phrase of it holds. */
static int load(struct aur_scripts *scripts, struct aur_piece **out, const char *name, struct aur_error *err)
{
    struct aur_script_text text;
    if (!aur_scripts_name_ok(name) || aur_scripts_is_library(scripts, name))
        return aur_error_value(err, "script", name, "the name of a script of the folder");
    int rc = aur_scripts_desk_turn(scripts, err);
    if (rc == AUR_OK) {
        rc = aur_scripts_load(scripts, &text, name, err); /* it is a file, and not too long */
        aur_buf_deinit(&text.text);
    }
    char *path = rc == AUR_OK ? aur_scripts_path(scripts, name) : NULL;
    if (rc < 0)
        return rc;
    if (!path)
        return aur_error_set(err, AUR_ENOMEM, "out of memory");
    struct aur_piece_source source = aur_scripts_source(scripts, path, name);
    rc = aur_piece_load(out, &source, err);
    if (rc == AUR_OK)
        rc = rehearse(*out, err);
    free(path);
    return rc;
}

/* ---- the answers ---- */

int aur_scripts_rewind(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply)
{
    struct aur_piece *piece = NULL;
    struct aur_msg_phrase first;
    struct aur_error err = {0};
    uint32_t branch = 0;
    const uint64_t *seed = request->branch.seeded ? &request->branch.seed : NULL;
    int rc = *request->name ? load(scripts, &piece, request->name, &err) : AUR_OK;
    if (rc == AUR_OK)
        rc = aur_channel_rewind(request->channel, &first, &branch, request->branch.phrases, seed, piece, &err);
    aur_piece_free(piece);
    if (rc == AUR_OK)
        aur_scripts_turned(scripts, request->channel);
    return rc == AUR_OK ? answer(reply, branch, &first) : refuse(scripts, reply, &err);
}

int aur_scripts_switch(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                       struct aur_scripts_reply *reply)
{
    struct aur_msg_phrase first;
    struct aur_error err = {0};
    int rc = aur_channel_switch(request->channel, &first, request->branch.id, &err);
    if (rc == AUR_OK)
        aur_scripts_turned(scripts, request->channel);
    return rc == AUR_OK ? answer(reply, request->branch.id, &first) : refuse(scripts, reply, &err);
}

static void put_branch(struct aur_buf *out, const struct aur_branch *branch)
{
    aur_buf_text(out, aur_json_ends_with(out, '[') ? "{" : ",{");
    aur_json_count(out, "id", branch->id);
    aur_json_count(out, "parent", branch->parent);
    aur_json_count(out, "from_phrase", branch->from_number);
    aur_json_text(out, "session", branch->session);
    aur_json_count(out, "ordinal", branch->ordinal);
    aur_json_count(out, "at_ordinal", branch->at_ordinal);
    aur_json_count(out, "seed", branch->seed);
    aur_json_text(out, "script", branch->script);
    aur_json_text(out, "version", branch->version);
    aur_json_bool(out, "current", branch->current);
    aur_json_bool(out, "armed", branch->armed);
    aur_buf_text(out, "}");
}

int aur_scripts_branches(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                         struct aur_scripts_reply *reply)
{
    (void)scripts;
    struct aur_branch branches[AUR_BRANCHES_LISTED];
    size_t n = aur_channel_branches(request->channel, branches, AUR_BRANCHES_LISTED);
    aur_buf_text(&reply->body, "{\"branches\":[");
    for (size_t i = 0; i < n; i++)
        put_branch(&reply->body, &branches[i]);
    aur_buf_text(&reply->body, "]}");
    return reply->code = AUR_OK;
}
