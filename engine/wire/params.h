/* The tables of voices and effects as JSON, for whoever edits scripts; their form is docs/protocol.md's. Pure; any thread
 * except a render worker. */
#ifndef AUR_WIRE_PARAMS_H
#define AUR_WIRE_PARAMS_H

#include "base/buf.h"

void aur_msg_params_write(struct aur_buf *out);

#endif
