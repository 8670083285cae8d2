/* What audio files tell about themselves: fields by name, and a cover picture. Plain data; the strings and the picture are
 * borrowed. Any thread.
 *
 * FLAC and Opus hold all of it: Vorbis comments and a picture block (RFC 9639, section 8.8; METADATA_BLOCK_PICTURE). A WAV
 * file holds the fields that its INFO chunk has a place for, and no picture. */
#ifndef AUR_BOUNCE_TAGS_H
#define AUR_BOUNCE_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum aur_tag {
    AUR_TAG_TITLE,
    AUR_TAG_ARTIST,
    AUR_TAG_ALBUM,
    AUR_TAG_ALBUM_ARTIST,
    AUR_TAG_TRACK,
    AUR_TAG_DATE,
    AUR_TAG_GENRE,
    AUR_TAG_COMMENT,
    AUR_TAG_COMPOSER,
    AUR_TAG_COPYRIGHT,
    AUR_TAG_LICENSE,
    AUR_TAGS
};

#define AUR_TAG_BYTES_MAX   1000 /* of a value */
#define AUR_COVER_BYTES_MAX ((size_t)8 << 20)

struct aur_tag_name {
    const char *name;   /* "title", as batch scripts say */
    const char *vorbis; /* "TITLE" */
    int sndfile;        /* SF_STR_...; 0: a WAV file has no place for it */
};
extern const struct aur_tag_name aur_tag_names[AUR_TAGS];

struct aur_cover {
    const void *bytes;
    size_t len; /* 0: none */
    const char *mime;
    uint32_t width, height;
};

struct aur_tags {
    const char *text[AUR_TAGS]; /* UTF-8; NULL: not there */
    struct aur_cover cover;
};

/* What the bytes of a picture say: kind and size. AUR_EINVAL: neither PNG nor JPEG, or too large; name is for the message. */
AUR_MUST_USE int aur_cover_read(struct aur_cover *out, const void *bytes, size_t len, const char *name,
                                struct aur_error *err);

#endif
