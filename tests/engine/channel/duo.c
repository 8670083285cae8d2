#include "duo.h"

#include <stdio.h>

#include "support/unit.h"

void duo_open(struct duo *d)
{
    hand_open(&d->h, PHRASE);
    fake_piece_init(&d->next, PHRASE);
    fake_piece_mark(&d->next, 'b');
    snprintf(d->next.info.title, sizeof d->next.info.title, "Next");
}

void duo_close(struct duo *d)
{
    hand_close(&d->h);
    assert_int_equal(d->h.piece.references, 0);
    assert_int_equal(d->next.references, 0);
}

struct aur_msg_phrase duo_arm(struct duo *d, enum aur_swap swap)
{
    struct aur_msg_phrase reply;
    aur_channel_arm(d->h.ch, &reply, &d->next, swap);
    return reply;
}

struct aur_channel_event duo_expect(struct duo *d, enum aur_script_state state, char version)
{
    struct aur_channel_event event;
    if (!hand_event(&d->h, &event, AUR_EVENT_SCRIPT))
        fail_msg("no news of a script");
    assert_int_equal(event.script_state, state);
    assert_int_equal(event.script_version[0], version);
    assert_string_equal(event.script, "fake.lua");
    return event;
}

struct aur_msg_status duo_status(struct duo *d)
{
    struct aur_msg_status status;
    aur_channel_status(d->h.ch, &status);
    return status;
}
