/* gzip around a session file. Any thread but a render worker. */
#include <string.h>
#include <zlib.h>

#include "journal/transfer.h"

#define GZIP      (15 + 16) /* the largest window, with gzip's head and sum; time, name and system stay 0 in the head */
#define BLOCK     65536
#define STEP_MOST ((size_t)1 << 30) /* zlib counts in 32 bits */

int aur_pack(struct aur_buf *out, const void *data, size_t len)
{
    unsigned char block[BLOCK];
    gz_header head = {.os = 255};
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, GZIP, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return AUR_ENOMEM;
    deflateSetHeader(&z, &head);
    z.next_in = (Bytef *)(uintptr_t)data;
    int code = Z_OK;
    while (code == Z_OK || code == Z_BUF_ERROR) {
        if (z.avail_in == 0) {
            const size_t step = len > STEP_MOST ? STEP_MOST : len;
            z.avail_in = (uInt)step;
            len -= step;
        }
        z.next_out = block;
        z.avail_out = BLOCK;
        code = deflate(&z, len ? Z_NO_FLUSH : Z_FINISH);
        aur_buf_add(out, block, BLOCK - z.avail_out);
    }
    deflateEnd(&z);
    return code == Z_STREAM_END && aur_buf_ok(out) ? AUR_OK : AUR_ENOMEM;
}

int aur_unpack(struct aur_buf *out, const void *data, size_t len, size_t max_bytes, const char *path,
               struct aur_error *err)
{
    unsigned char block[BLOCK];
    z_stream z = {0};
    if (len > UINT32_MAX || inflateInit2(&z, GZIP) != Z_OK)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    int code = Z_OK;
    while (code == Z_OK && out->len <= max_bytes && aur_buf_ok(out)) {
        z.next_out = block;
        z.avail_out = BLOCK;
        code = inflate(&z, Z_NO_FLUSH);
        aur_buf_add(out, block, BLOCK - z.avail_out);
    }
    const bool whole = code == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    if (!aur_buf_ok(out) || code == Z_MEM_ERROR)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    if (out->len > max_bytes)
        return aur_error_set(err, AUR_EINVAL, "%s: unpacks to more than %zu bytes", path, max_bytes);
    if (!whole)
        return aur_error_set(err, AUR_EINVAL, "%s: damaged: %s", path,
                             code == Z_BUF_ERROR || code == Z_OK ? "it ends too early" : "it does not unpack");
    return AUR_OK;
}
