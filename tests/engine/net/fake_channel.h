/* A channel under the test's control, in place of the real one at link time. Thread-safe: the server calls it on its
 * thread, the test on its own. */
#ifndef FAKE_CHANNEL_H
#define FAKE_CHANNEL_H

#include "channel/channel.h"

/* Forgets everything; messages will have `message_bytes`. */
void fake_reset(size_t message_bytes);
struct aur_channel *fake_channel(void);
void fake_publish(unsigned chunks); /* n more chunks */
void fake_post(const struct aur_channel_event *event);
void fake_set_healthy(bool healthy);
uint64_t fake_published(void);
int fake_listeners(void);
struct aur_controls fake_controls(void);
int fake_controls_set(void); /* how often controls were set */

#endif
