/* Events of what people set. One is written at once, what comes within a second of it is held and written as one event with what
 * was set last: who turns a knob, or asks twenty times a second, does not fill the disk. Replay does not read these events
 * (phrases and live controls have their own records); resuming reads the last one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/internal.h"
#include "channel/record.h"
#include "wire/json.h"

/* The lines of `after` that are others in `before`, as members of an object. */
static void put_changed(struct aur_buf *detail, const char *before, const char *after)
{
    char name[AUR_CONTROL_NAME_SIZE], value[64];
    while (*after && *before) {
        size_t n = strcspn(after, "\n"), m = strcspn(before, "\n"), split = strcspn(after, "=");
        if ((n != m || memcmp(after, before, n) != 0) && split < n) {
            snprintf(name, sizeof name, "%.*s", (int)split, after);
            snprintf(value, sizeof value, "%.*s", (int)(n - split - 1), after + split + 1);
            if (strcmp(name, "key") == 0)
                aur_json_text(detail, name, value);
            else
                aur_json_real(detail, name, strtod(value, NULL));
        }
        after += n + (after[n] != '\0');
        before += m + (before[m] != '\0');
    }
}

static void forget(struct aur_record_held *held)
{
    free(held->before);
    free(held->now);
    held->before = held->now = NULL;
}

static void put(struct aur_channel *ch, const char *before, const char *now, uint64_t frame)
{
    struct aur_buf detail;
    aur_buf_init(&detail);
    aur_buf_text(&detail, "{");
    aur_json_key(&detail, "changed");
    aur_buf_text(&detail, "{");
    put_changed(&detail, before, now);
    aur_buf_text(&detail, "}");
    aur_json_text(&detail, "controls", now);
    aur_buf_text(&detail, "}");
    if (aur_buf_ok(&detail))
        aur_recorder_event(ch->recorder, frame, "control", detail.data);
    aur_buf_deinit(&detail);
    ch->shared.held.from = frame + ch->rate_hz;
}

/* Takes both texts. */
static void hold(struct aur_record_held *held, struct aur_buf *before, struct aur_buf *now)
{
    if (!held->before)
        held->before = aur_buf_take(before);
    free(held->now);
    held->now = aur_buf_take(now);
}

void aur_record_release_controls(struct aur_channel *ch)
{
    struct aur_record_held *held = &ch->shared.held;
    if (held->before && held->now)
        put(ch, held->before, held->now, aur_channel_published(ch));
    forget(held);
    if (held->asked && ch->shared.turn.at.piece) {
        aur_record_asked(ch);
        held->from = aur_channel_published(ch) + ch->rate_hz;
    }
}

/* As those of the piece that composes. */
static void print(struct aur_buf *out, struct aur_channel *ch, const struct aur_controls *controls)
{
    aur_buf_init(out);
    aur_controls_print(out, controls, &aur_piece_describe(ch->compose.session.piece)->controls);
}

void aur_record_controls(struct aur_channel *ch, const struct aur_controls *before)
{
    struct aur_record_held *held = &ch->shared.held;
    struct aur_buf old, now;
    uint64_t frame = aur_channel_published(ch);
    if (!ch->recorder)
        return;
    held->asked |= ch->shared.turn.at.piece != NULL;
    print(&old, ch, before);
    print(&now, ch, &ch->shared.controls);
    const bool set = aur_buf_ok(&old) && aur_buf_ok(&now) && strcmp(old.data, now.data) != 0;
    if (set && frame < held->from) {
        hold(held, &old, &now);
    } else if (set) {
        put(ch, held->before ? held->before : old.data, now.data, frame);
        forget(held);
    }
    aur_buf_deinit(&old);
    aur_buf_deinit(&now);
}

void aur_record_all_controls(struct aur_channel *ch)
{
    struct aur_buf now;
    if (!ch->recorder)
        return;
    aur_record_release_controls(ch);
    print(&now, ch, &ch->shared.controls);
    if (aur_buf_ok(&now))
        put(ch, now.data, now.data, aur_channel_published(ch));
    aur_buf_deinit(&now);
}

void aur_record_held_controls(struct aur_channel *ch, bool all)
{
    if (!ch->recorder)
        return;
    aur_lock_take(&ch->lock);
    if (all || aur_channel_published(ch) >= ch->shared.held.from)
        aur_record_release_controls(ch);
    aur_lock_drop(&ch->lock);
}
