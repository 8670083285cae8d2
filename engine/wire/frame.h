/* Stream formats, and the binary frame that all but JSON travel in. Pure; any thread.
 *
 * A frame is one WebSocket message: 24 bytes, little-endian, then the payload (docs/protocol.md shows the fields). */
#ifndef AUR_WIRE_FRAME_H
#define AUR_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum aur_format { AUR_FORMAT_JSON, AUR_FORMAT_PCM, AUR_FORMAT_FLAC, AUR_FORMAT_OPUS, AUR_FORMATS };

#define AUR_FORMATS_ALL      ((1u << AUR_FORMATS) - 1) /* sets of formats are bits 1 << format */
#define AUR_FRAME_HEAD       24
#define AUR_FRAME_CODEC      1  /* flag: the payload is a codec header, no sound */
#define AUR_CODEC_HEADER_MAX 64 /* bytes of any codec header */

/* "json", "pcm", "flac", "opus". */
const char *aur_format_name(enum aur_format format);
/* AUR_FORMATS if there is none of this name. */
enum aur_format aur_format_find(const char *name);
/* "json, pcm": the names of a set, for messages. */
void aur_format_list(char *out, size_t size, unsigned formats);

struct aur_frame {
    enum aur_format format; /* not JSON */
    unsigned flags;
    uint32_t frames; /* stereo frames in the payload, at rate_hz; up to 65535 */
    uint64_t chunk_index;
    uint32_t rate_hz;
    uint32_t payload; /* bytes */
};

/* Writes AUR_FRAME_HEAD bytes. */
void aur_frame_head(unsigned char *out, const struct aur_frame *frame);

#endif
