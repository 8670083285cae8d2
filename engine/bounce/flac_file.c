/* Writing FLAC files. Runs on the thread of the render. libFLAC is used without libsndfile between, which knows of no
 * pictures. The library tells only that a write failed, so the reason is kept. */
#include "bounce/flac_file.h"

#include <FLAC/metadata.h>
#include <FLAC/stream_encoder.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL  5
#define BLOCKS 2 /* metadata blocks: comments, picture */

struct aur_flac_file {
    struct aur_outfile *file;
    FLAC__StreamEncoder *encoder;
    FLAC__StreamMetadata *blocks[BLOCKS];
    unsigned n_blocks;
    struct aur_error failed; /* code 0: nothing */
};

static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder *encoder, const FLAC__byte *data, size_t bytes,
                                               uint32_t samples, uint32_t frame, void *user)
{
    struct aur_flac_file *flac = user;
    (void)encoder;
    (void)samples;
    (void)frame;
    return aur_outfile_write(flac->file, data, bytes, &flac->failed) < 0 ? FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR
                                                                         : FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

static FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder *encoder, FLAC__uint64 offset, void *user)
{
    const struct aur_flac_file *flac = user;
    (void)encoder;
    return lseek(flac->file->fd, (off_t)offset, SEEK_SET) < 0 ? FLAC__STREAM_ENCODER_SEEK_STATUS_ERROR
                                                              : FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder *encoder, FLAC__uint64 *offset, void *user)
{
    const struct aur_flac_file *flac = user;
    off_t at = lseek(flac->file->fd, 0, SEEK_CUR);
    (void)encoder;
    *offset = (FLAC__uint64)at;
    return at < 0 ? FLAC__STREAM_ENCODER_TELL_STATUS_ERROR : FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

static int fail(const struct aur_flac_file *flac, struct aur_error *err)
{
    if (flac->failed.code) {
        if (err)
            *err = flac->failed;
        return flac->failed.code;
    }
    return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", flac->file->path,
                         FLAC__stream_encoder_get_resolved_state_string(flac->encoder));
}

static int no_memory(const struct aur_flac_file *flac, struct aur_error *err)
{
    return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", flac->file->path);
}

static FLAC__StreamMetadata *add_block(struct aur_flac_file *flac, FLAC__MetadataType type)
{
    FLAC__StreamMetadata *block = FLAC__metadata_object_new(type);
    if (block)
        flac->blocks[flac->n_blocks++] = block;
    return block;
}

static bool add_comment(FLAC__StreamMetadata *block, const char *name, const char *value)
{
    FLAC__StreamMetadata_VorbisComment_Entry entry;
    return FLAC__metadata_object_vorbiscomment_entry_from_name_value_pair(&entry, name, value) &&
           FLAC__metadata_object_vorbiscomment_append_comment(block, entry, false);
}

static bool add_comments(struct aur_flac_file *flac, const struct aur_tags *tags)
{
    FLAC__StreamMetadata *block = add_block(flac, FLAC__METADATA_TYPE_VORBIS_COMMENT);
    bool ok = block;
    for (int i = 0; ok && i < AUR_TAGS; i++)
        ok = !tags->text[i] || add_comment(block, aur_tag_names[i].vorbis, tags->text[i]);
    return ok;
}

/* The library copies, so what it gets through plain pointers stays as it is. */
static bool add_picture(struct aur_flac_file *flac, const struct aur_cover *cover)
{
    FLAC__StreamMetadata *block = add_block(flac, FLAC__METADATA_TYPE_PICTURE);
    if (!block)
        return false;
    block->data.picture.type = FLAC__STREAM_METADATA_PICTURE_TYPE_FRONT_COVER;
    block->data.picture.width = cover->width;
    block->data.picture.height = cover->height;
    block->data.picture.depth = 24;
    char *mime = (char *)(uintptr_t)cover->mime;
    FLAC__byte *bytes = (FLAC__byte *)(uintptr_t)cover->bytes;
    return FLAC__metadata_object_picture_set_mime_type(block, mime, true) &&
           FLAC__metadata_object_picture_set_data(block, bytes, (FLAC__uint32)cover->len, true);
}

static bool set_up(struct aur_flac_file *flac, const struct aur_flac_config *config)
{
    FLAC__StreamEncoder *encoder = flac->encoder;
    return FLAC__stream_encoder_set_channels(encoder, 2) &&
           FLAC__stream_encoder_set_bits_per_sample(encoder, config->bits) &&
           FLAC__stream_encoder_set_sample_rate(encoder, config->rate_hz) &&
           FLAC__stream_encoder_set_compression_level(encoder, LEVEL) &&
           FLAC__stream_encoder_set_total_samples_estimate(encoder, config->frames) &&
           FLAC__stream_encoder_set_streamable_subset(encoder, FLAC__format_sample_rate_is_subset(config->rate_hz)) &&
           (!flac->n_blocks || FLAC__stream_encoder_set_metadata(encoder, flac->blocks, flac->n_blocks));
}

static int start(struct aur_flac_file *flac, const struct aur_flac_config *config, struct aur_error *err)
{
    flac->encoder = FLAC__stream_encoder_new();
    if (!flac->encoder)
        return no_memory(flac, err);
    if (config->tags && !add_comments(flac, config->tags))
        return no_memory(flac, err);
    if (config->tags && config->tags->cover.len && !add_picture(flac, &config->tags->cover))
        return no_memory(flac, err);
    if (!set_up(flac, config) || FLAC__stream_encoder_init_stream(flac->encoder, on_write, on_seek, on_tell, NULL,
                                                                  flac) != FLAC__STREAM_ENCODER_INIT_STATUS_OK)
        return fail(flac, err);
    return AUR_OK;
}

int aur_flac_file_open(struct aur_flac_file **out, struct aur_outfile *file, const struct aur_flac_config *config,
                       struct aur_error *err)
{
    struct aur_flac_file *flac = calloc(1, sizeof *flac);
    if (!flac)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", file->path);
    flac->file = file;
    int rc = start(flac, config, err);
    if (rc) {
        aur_flac_file_free(flac);
        return rc;
    }
    *out = flac;
    return AUR_OK;
}

int aur_flac_file_write(struct aur_flac_file *flac, const int32_t *in, size_t frames, struct aur_error *err)
{
    bool ok = FLAC__stream_encoder_process_interleaved(flac->encoder, in, (uint32_t)frames);
    return ok && !flac->failed.code ? AUR_OK : fail(flac, err);
}

int aur_flac_file_finish(struct aur_flac_file *flac, struct aur_error *err)
{
    bool ok = FLAC__stream_encoder_finish(flac->encoder);
    return ok && !flac->failed.code ? AUR_OK : fail(flac, err);
}

void aur_flac_file_free(struct aur_flac_file *flac)
{
    if (!flac)
        return;
    if (flac->encoder)
        FLAC__stream_encoder_delete(flac->encoder);
    for (unsigned i = 0; i < flac->n_blocks; i++)
        FLAC__metadata_object_delete(flac->blocks[i]);
    free(flac);
}
