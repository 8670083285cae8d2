/* The notes of the phrase that sounds and of the next, for the piano roll. On the scripts worker. The next one is composed
 * a second before it sounds; until then it is composed here, off to the side and for nobody's ears, once for each state of
 * controls and script: by the edit that waits to take over, if one does. */
#include <stdio.h>
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

/* What the next phrase would be composed with now. */
struct recipe {
    struct aur_piece *piece; /* the place's */
    struct aur_controls controls;
    uint64_t seed, number, ordinal, start_frame;
};

static struct recipe recipe_of(const struct aur_channel_place *place)
{
    struct recipe out = {place->piece, place->controls, place->seed, place->number, place->ordinal, place->start_frame};
    if (!place->armed)
        return out;
    const struct aur_control_specs *specs = &aur_piece_describe(place->armed)->controls;
    out.piece = place->armed;
    out.start_frame = place->armed_frame;
    aur_controls_default(&out.controls, specs);
    aur_controls_carry(&out.controls, specs, &place->controls, &aur_piece_describe(place->piece)->controls);
    return out;
}

static bool is_of(const struct aur_preview *preview, const struct aur_channel *channel, const struct recipe *recipe)
{
    return preview->channel == channel && preview->piece == recipe->piece && preview->number == recipe->number &&
           preview->seed == recipe->seed && preview->ordinal == recipe->ordinal &&
           preview->start_frame == recipe->start_frame && same_controls(&preview->controls, &recipe->controls);
}

/* On the state of now, migrated if the piece is another. NULL: it failed. */
static struct aur_phrase *compose(const struct recipe *recipe, const struct aur_channel_place *place)
{
    struct aur_phrase *phrase = NULL;
    struct aur_error err;
    char *migrated = NULL, *state = NULL;
    struct aur_compose_request request = {.seed = place->seed,
                                          .number = recipe->ordinal,
                                          .start_frame = recipe->start_frame,
                                          .rate_hz = place->rate_hz,
                                          .controls = &recipe->controls,
                                          .state = place->state};
    if (recipe->piece != place->piece) {
        if (aur_piece_migrate(recipe->piece, &migrated, place->state, &err) != AUR_OK)
            return NULL;
        request.state = migrated;
    }
    if (aur_piece_compose(recipe->piece, &request, &phrase, &state, &err) != AUR_OK)
        phrase = NULL;
    if (phrase)
        phrase->number = recipe->number;
    free(migrated);
    free(state);
    return phrase;
}

/* Composes the next phrase as it would be now, unless that is what was composed last. */
static void preview_next(struct aur_preview *preview, struct aur_channel *channel,
                         const struct aur_channel_place *place)
{
    struct recipe recipe = recipe_of(place);
    if (is_of(preview, channel, &recipe))
        return;
    aur_preview_deinit(preview);
    *preview = (struct aur_preview){.channel = channel,
                                    .piece = aur_piece_ref(recipe.piece),
                                    .seed = recipe.seed,
                                    .number = recipe.number,
                                    .ordinal = recipe.ordinal,
                                    .start_frame = recipe.start_frame,
                                    .controls = recipe.controls,
                                    .phrase = compose(&recipe, place)};
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
    const struct aur_preview *preview = &desk->preview;
    int rc = aur_channel_place(channel, &place, err);
    if (rc != AUR_OK)
        return rc;
    preview_next(&desk->preview, channel, &place);
    aur_channel_place_deinit(&place);
    out->phrase = preview->phrase;
    snprintf(out->script, sizeof out->script, "%s", aur_piece_name(preview->piece));
    strcpy(out->script_version, aur_piece_marks(preview->piece)->version);
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
