/* Writing Ogg Opus. Runs on the thread of the render. What goes wrong while the library writes a page is kept, for it tells
 * only that something did. */
#include "bounce/opus_file.h"

#include <opusenc.h>
#include <stdlib.h>

#define BIT_RATE    160000
#define FRONT_COVER 3

struct aur_opus_file {
    struct aur_outfile *file;
    OggOpusComments *comments;
    OggOpusEnc *encoder;
    struct aur_error failed; /* code 0: nothing */
};

static int on_page(void *user, const unsigned char *data, opus_int32 len)
{
    struct aur_opus_file *opus = user;
    return aur_outfile_write(opus->file, data, (size_t)len, &opus->failed) < 0;
}

static int on_close(void *user)
{
    (void)user;
    return 0;
}

static int fail(const struct aur_opus_file *opus, int code, struct aur_error *err)
{
    if (opus->failed.code)
        return *err = opus->failed, opus->failed.code;
    return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", opus->file->path, ope_strerror(code));
}

/* An OPE_ code. */
static int add_tags(OggOpusComments *comments, const struct aur_tags *tags)
{
    int code = OPE_OK;
    for (int i = 0; code == OPE_OK && i < AUR_TAGS; i++)
        if (tags->text[i])
            code = ope_comments_add(comments, aur_tag_names[i].vorbis, tags->text[i]);
    if (code == OPE_OK && tags->cover.len)
        code = ope_comments_add_picture_from_memory(comments, tags->cover.bytes, tags->cover.len, FRONT_COVER, NULL);
    return code;
}

static int open_encoder(struct aur_opus_file *opus, uint32_t serial, const struct aur_tags *tags, struct aur_error *err)
{
    static const OpusEncCallbacks callbacks = {on_page, on_close};
    int code = OPE_ALLOC_FAIL;
    opus->comments = ope_comments_create();
    if (opus->comments && tags && (code = add_tags(opus->comments, tags)) != OPE_OK)
        return fail(opus, code, err);
    if (opus->comments)
        opus->encoder = ope_encoder_create_callbacks(&callbacks, opus, opus->comments, AUR_OPUS_FILE_RATE, 2, 0, &code);
    if (!opus->encoder)
        return fail(opus, code, err);
    code = ope_encoder_ctl(opus->encoder, OPE_SET_SERIALNO((opus_int32)serial));
    if (code == OPE_OK)
        code = ope_encoder_ctl(opus->encoder, OPUS_SET_BITRATE(BIT_RATE));
    if (code == OPE_OK)
        code = ope_encoder_ctl(opus->encoder, OPUS_SET_COMPLEXITY(10));
    return code == OPE_OK ? AUR_OK : fail(opus, code, err);
}

int aur_opus_file_open(struct aur_opus_file **out, struct aur_outfile *file, uint32_t serial,
                       const struct aur_tags *tags, struct aur_error *err)
{
    struct aur_opus_file *opus = calloc(1, sizeof *opus);
    if (!opus)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", file->path);
    opus->file = file;
    int rc = open_encoder(opus, serial, tags, err);
    if (rc) {
        aur_opus_file_free(opus);
        return rc;
    }
    *out = opus;
    return AUR_OK;
}

int aur_opus_file_write(struct aur_opus_file *opus, const float *in, size_t frames, struct aur_error *err)
{
    int code = ope_encoder_write_float(opus->encoder, in, (int)frames);
    return code == OPE_OK && !opus->failed.code ? AUR_OK : fail(opus, code, err);
}

int aur_opus_file_finish(struct aur_opus_file *opus, struct aur_error *err)
{
    int code = ope_encoder_drain(opus->encoder);
    return code == OPE_OK && !opus->failed.code ? AUR_OK : fail(opus, code, err);
}

void aur_opus_file_free(struct aur_opus_file *opus)
{
    if (!opus)
        return;
    if (opus->encoder)
        ope_encoder_destroy(opus->encoder);
    if (opus->comments)
        ope_comments_destroy(opus->comments);
    free(opus);
}
