/* The binary frame's head, byte by byte, so that it is little-endian by what is written rather than by the machine.
 * On encoder workers and, for codec headers, the network thread. */
#include "wire/frame.h"

#include <stdio.h>
#include <string.h>

static const char *const names[AUR_FORMATS] = {
    [AUR_FORMAT_JSON] = "json", [AUR_FORMAT_PCM] = "pcm", [AUR_FORMAT_FLAC] = "flac", [AUR_FORMAT_OPUS] = "opus"};

const char *aur_format_name(enum aur_format format)
{
    return names[format];
}

enum aur_format aur_format_find(const char *name)
{
    int format = 0;
    while (format < AUR_FORMATS && strcmp(name, names[format]) != 0)
        format++;
    return (enum aur_format)format;
}

void aur_format_list(char *out, size_t size, unsigned formats)
{
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < AUR_FORMATS; i++)
        if (formats & 1u << i && at < size)
            at += (size_t)snprintf(out + at, size - at, "%s%s", at ? ", " : "", names[i]);
}

static unsigned char *put(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *out++ = (unsigned char)(value >> 8 * i);
    return out;
}

void aur_frame_head(unsigned char *out, const struct aur_frame *frame)
{
    static const char magic[4] = {'A', 'U', 'R', '1'};
    memcpy(out, magic, sizeof magic);
    out = put(out + 4, frame->format, 1);
    out = put(out, frame->flags, 1);
    out = put(out, frame->frames, 2);
    out = put(out, frame->chunk_index, 8);
    out = put(out, frame->rate_hz, 4);
    put(out, frame->payload, 4);
}
