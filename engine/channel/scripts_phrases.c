/* The notes of the phrase that sounds and of the next, for the piano roll. On the scripts worker. The next one is composed
 * a second before it sounds; until then it is composed here, off to the side and for nobody's ears, once for each state of
 * controls and script. */
#include <stdlib.h>
#include <string.h>

#include "channel/scripts_desk.h"
#include "wire/script.h"

void aur_preview_deinit(struct aur_preview *preview)
{
    aur_phrase_free(preview->phrase);
    aur_piece_free(preview->piece);
    *preview = (struct aur_preview){.channel = NULL};
}

/* Only what a phrase is composed with. */
static bool same_controls(const struct aur_controls *a, const struct aur_controls *b)
{
    for (size_t i = 0; i < AUR_PIECE_CONTROLS_MAX; i++)
        if (a->piece[i] != b->piece[i])
            return false;
    return strcmp(a->key.name, b->key.name) == 0 && a->bpm == b->bpm && a->intensity == b->intensity &&
           a->melody_complexity == b->melody_complexity;
}

static bool is_of(const struct aur_preview *preview, const struct aur_channel *channel,
                  const struct aur_channel_place *place)
{
    return preview->channel == channel && preview->piece == place->piece && preview->number == place->number &&
           preview->start_frame == place->start_frame && same_controls(&preview->controls, &place->controls);
}

/* Composes the next phrase as it would be now, unless that is what was composed last. Takes the place's piece. */
static void preview_next(struct aur_preview *preview, struct aur_channel *channel, struct aur_channel_place *place)
{
    char *state = NULL;
    struct aur_compose_request request = {.seed = place->seed,
                                          .number = place->number,
                                          .start_frame = place->start_frame,
                                          .rate_hz = place->rate_hz,
                                          .controls = &place->controls,
                                          .state = place->state};
    if (is_of(preview, channel, place)) {
        aur_piece_free(place->piece);
        return;
    }
    aur_preview_deinit(preview);
    *preview = (struct aur_preview){.channel = channel,
                                    .piece = place->piece,
                                    .number = place->number,
                                    .start_frame = place->start_frame,
                                    .controls = place->controls};
    if (aur_piece_compose(place->piece, &request, &preview->phrase, &state, &preview->error) != AUR_OK)
        preview->phrase = NULL;
    free(state);
}

static void put_score(struct aur_buf *body, const struct aur_channel_phrase *of, bool preview)
{
    if (!of->phrase) {
        aur_buf_text(body, "null");
        return;
    }
    struct aur_msg_score score = {of->phrase, preview, of->script, of->script_version};
    aur_msg_score_write(body, &score);
}

/* The next phrase where it is not composed yet; borrowed from the preview. */
static int find_next(struct aur_scripts_desk *desk, struct aur_channel_phrase *out, struct aur_channel *channel,
                     struct aur_error *err)
{
    struct aur_channel_place place;
    struct aur_msg_status status;
    int rc = aur_channel_place(channel, &place, err);
    if (rc != AUR_OK)
        return rc;
    preview_next(&desk->preview, channel, &place);
    free(place.state);
    aur_channel_status(channel, &status);
    out->phrase = desk->preview.phrase;
    memcpy(out->script, status.script, sizeof out->script);
    memcpy(out->script_version, status.script_version, sizeof out->script_version);
    return AUR_OK;
}

int aur_scripts_phrases(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                        struct aur_scripts_reply *reply)
{
    struct aur_channel_phrase current = {.phrase = NULL}, next = {.phrase = NULL};
    struct aur_error err = {0};
    int rc = aur_channel_phrases(request->channel, &current, &next, &err);
    bool composed = next.phrase != NULL;
    if (rc == AUR_OK && !composed)
        rc = find_next(scripts->desk, &next, request->channel, &err);
    if (rc == AUR_OK) {
        aur_buf_text(&reply->body, "{\"current\":");
        put_score(&reply->body, &current, false);
        aur_buf_text(&reply->body, ",\"next\":");
        put_score(&reply->body, &next, !composed);
        aur_buf_text(&reply->body, "}");
        reply->code = AUR_OK;
    } else {
        aur_scripts_refuse(reply, &err);
    }
    aur_phrase_free(current.phrase);
    if (composed)
        aur_phrase_free(next.phrase);
    return reply->code;
}
