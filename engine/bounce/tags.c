/* Names of tags, and the heads of pictures: a picture block tells width and height, so they are read from the file. Any
 * thread. */
#include "bounce/tags.h"

#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct aur_tag_name aur_tag_names[AUR_TAGS] = {
    [AUR_TAG_TITLE] = {"title", "TITLE", SF_STR_TITLE},
    [AUR_TAG_ARTIST] = {"artist", "ARTIST", SF_STR_ARTIST},
    [AUR_TAG_ALBUM] = {"album", "ALBUM", SF_STR_ALBUM},
    [AUR_TAG_ALBUM_ARTIST] = {"album_artist", "ALBUMARTIST", 0},
    [AUR_TAG_TRACK] = {"track", "TRACKNUMBER", SF_STR_TRACKNUMBER},
    [AUR_TAG_DATE] = {"date", "DATE", SF_STR_DATE},
    [AUR_TAG_GENRE] = {"genre", "GENRE", SF_STR_GENRE},
    [AUR_TAG_COMMENT] = {"comment", "COMMENT", SF_STR_COMMENT},
    [AUR_TAG_COMPOSER] = {"composer", "COMPOSER", 0},
    [AUR_TAG_COPYRIGHT] = {"copyright", "COPYRIGHT", SF_STR_COPYRIGHT},
    [AUR_TAG_LICENSE] = {"license", "LICENSE", 0},
};

static uint32_t big(const unsigned char *at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

/* PNG: the header chunk is the first. */
static bool read_png(struct aur_cover *out, const unsigned char *in, size_t len)
{
    static const unsigned char mark[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    if (len < 24 || memcmp(in, mark, sizeof mark) != 0)
        return false;
    out->mime = "image/png";
    out->width = big(in + 16, 4);
    out->height = big(in + 20, 4);
    return true;
}

/* JPEG: segments up to the frame header, which is one of C0 to CF but for C4, C8 and CC. */
static bool read_jpeg(struct aur_cover *out, const unsigned char *in, size_t len)
{
    if (len < 4 || in[0] != 0xff || in[1] != 0xd8)
        return false;
    for (size_t at = 2; at + 9 <= len && in[at] == 0xff; at += 2 + big(in + at + 2, 2)) {
        const unsigned kind = in[at + 1];
        if (kind >= 0xc0 && kind <= 0xcf && kind != 0xc4 && kind != 0xc8 && kind != 0xcc) {
            out->mime = "image/jpeg";
            out->height = big(in + at + 5, 2);
            out->width = big(in + at + 7, 2);
            return true;
        }
    }
    return false;
}

int aur_cover_read(struct aur_cover *out, const void *bytes, size_t len, const char *name, struct aur_error *err)
{
    struct aur_cover cover = {.bytes = bytes, .len = len};
    char allowed[64];
    snprintf(allowed, sizeof allowed, "a PNG or JPEG picture of at most %zu MiB", AUR_COVER_BYTES_MAX >> 20);
    if (len > AUR_COVER_BYTES_MAX || (!read_png(&cover, bytes, len) && !read_jpeg(&cover, bytes, len)))
        return aur_error_value(err, "cover", name, allowed);
    *out = cover;
    return AUR_OK;
}
