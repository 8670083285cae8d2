/* Opus in Ogg (RFC 7845) at 48 kHz, 160 kbit/s, through libopusenc. The serial number of the Ogg stream is given, so that
 * two runs give the same bytes. One thread at a time. */
#ifndef AUR_BOUNCE_OPUS_FILE_H
#define AUR_BOUNCE_OPUS_FILE_H

#include <stddef.h>

#include "bounce/outfile.h"
#include "bounce/tags.h"

#define AUR_OPUS_FILE_RATE 48000

struct aur_opus_file;

/* file: open, borrowed. tags: NULL: none. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_opus_file_open(struct aur_opus_file **out, struct aur_outfile *file, uint32_t serial,
                                    const struct aur_tags *tags, struct aur_error *err);
/* Takes interleaved frames at 48 kHz. AUR_EIO. */
AUR_MUST_USE int aur_opus_file_write(struct aur_opus_file *opus, const float *in, size_t frames, struct aur_error *err);
/* Writes what the encoder still holds; the file then has exactly the frames it was given. AUR_EIO. */
AUR_MUST_USE int aur_opus_file_finish(struct aur_opus_file *opus, struct aur_error *err);
void aur_opus_file_free(struct aur_opus_file *opus); /* NULL is legal */

#endif
