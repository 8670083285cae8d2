/* FLAC files of 16 or 24 bits through libFLAC, with tags. One thread at a time. */
#ifndef AUR_BOUNCE_FLAC_FILE_H
#define AUR_BOUNCE_FLAC_FILE_H

#include "bounce/outfile.h"
#include "bounce/tags.h"

struct aur_flac_file;

struct aur_flac_config {
    uint32_t rate_hz;
    unsigned bits;               /* 16 or 24 */
    uint64_t frames;             /* of the whole file */
    const struct aur_tags *tags; /* NULL: none */
};

/* file: open, borrowed. Errors: AUR_EIO, AUR_ENOMEM. */
AUR_MUST_USE int aur_flac_file_open(struct aur_flac_file **out, struct aur_outfile *file,
                                    const struct aur_flac_config *config, struct aur_error *err);
/* Takes interleaved stereo samples of the file's bits. AUR_EIO. */
AUR_MUST_USE int aur_flac_file_write(struct aur_flac_file *flac, const int32_t *in, size_t frames,
                                     struct aur_error *err);
/* Writes what the encoder still holds, and the header. AUR_EIO. */
AUR_MUST_USE int aur_flac_file_finish(struct aur_flac_file *flac, struct aur_error *err);
void aur_flac_file_free(struct aur_flac_file *flac); /* NULL is legal */

#endif
