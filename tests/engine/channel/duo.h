/* A channel on fakes, and a piece that is to take over from the one it plays. */
#ifndef AUR_TESTS_CHANNEL_DUO_H
#define AUR_TESTS_CHANNEL_DUO_H

#include "hand.h"

#define SECOND RATE
#define BAR    151232u /* 4 beats at 70 BPM, to the grid */
#define PHRASE 302400u /* 8 beats */

struct duo {
    struct hand h;
    struct aur_piece next;
};

void duo_open(struct duo *d);
/* No reference to either piece may be left. */
void duo_close(struct duo *d);
/* Arms the next piece; what the channel says to that. */
struct aur_msg_phrase duo_arm(struct duo *d, enum aur_swap swap);
/* The next piece of news about a script must be this, of this version. */
struct aur_channel_event duo_expect(struct duo *d, enum aur_script_state state, char version);
struct aur_msg_status duo_status(struct duo *d);

#endif
