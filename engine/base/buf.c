/* A growable buffer: doubling realloc, sticky failure. */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void aur_buf_init(struct aur_buf *buf)
{
    memset(buf, 0, sizeof *buf);
}

void aur_buf_deinit(struct aur_buf *buf)
{
    free(buf->data);
    aur_buf_init(buf);
}

void aur_buf_clear(struct aur_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Room for `more` bytes and a NUL. */
static bool reserve(struct aur_buf *buf, size_t more)
{
    if (buf->failed || more > SIZE_MAX / 2 - buf->len - 1) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return true;
    size_t cap = buf->cap ? buf->cap : 128;
    while (cap < need)
        cap *= 2;
    char *data = realloc(buf->data, cap);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void aur_buf_add(struct aur_buf *buf, const void *data, size_t len)
{
    if (!reserve(buf, len))
        return;
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void aur_buf_text(struct aur_buf *buf, const char *text)
{
    aur_buf_add(buf, text, strlen(text));
}

void aur_buf_printf(struct aur_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        buf->failed = true;
    else if (reserve(buf, (size_t)n)) {
        vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
        buf->len += (size_t)n;
    }
    va_end(again);
}

bool aur_buf_ok(const struct aur_buf *buf)
{
    return !buf->failed;
}

char *aur_buf_take(struct aur_buf *buf)
{
    char *data = NULL;
    if (reserve(buf, 0)) {
        data = buf->data;
        data[buf->len] = '\0';
    } else {
        free(buf->data);
    }
    aur_buf_init(buf);
    return data;
}

int aur_buf_read_file(struct aur_buf *buf, const char *path, size_t max_bytes, struct aur_error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return aur_error_set(err, AUR_EIO, "%s: %s", path, strerror(errno));
    char block[16384];
    size_t n, total = 0;
    int rc = AUR_OK;
    while (rc == AUR_OK && (n = fread(block, 1, sizeof block, file)) > 0) {
        total += n;
        if (total > max_bytes)
            rc = aur_error_set(err, AUR_ELIMIT, "%s: larger than %zu bytes", path, max_bytes);
        else
            aur_buf_add(buf, block, n);
    }
    if (rc == AUR_OK && ferror(file))
        rc = aur_error_set(err, AUR_EIO, "%s: %s", path, strerror(errno));
    fclose(file);
    if (rc == AUR_OK && !aur_buf_ok(buf))
        rc = aur_error_set(err, AUR_ENOMEM, "%s: out of memory", path);
    return rc;
}
