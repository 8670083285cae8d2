/* Strings and numbers as JSON. Error messages echo what clients and scripts sent, cut anywhere, and a text frame that is
 * not UTF-8 would cost the listener its connection: hence the check of every byte. */
#include "wire/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence that the `len` bytes at text begin with (Unicode 15, table 3-7), or 0. */
static size_t utf8_length(const unsigned char *text, size_t len)
{
    static const struct {
        unsigned char first, last, second_min, second_max, length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        if (forms[i].length > len)
            return 0;
        if (forms[i].length > 1 && (text[1] < forms[i].second_min || text[1] > forms[i].second_max))
            return 0;
        for (size_t k = 2; k < forms[i].length; k++)
            if ((text[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].length;
    }
    return 0;
}

bool aur_json_is_utf8(const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;
    while (len) {
        size_t length = utf8_length(at, len);
        if (!length)
            return false;
        at += length;
        len -= length;
    }
    return true;
}

/* A control character, quote or backslash. */
static void escape(struct aur_buf *out, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *found = strchr(from, c);
    if (found)
        aur_buf_printf(out, "\\%c", to[found - from]);
    else
        aur_buf_printf(out, "\\u%04x", c);
}

void aur_json_string(struct aur_buf *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *plain = at, *end = at + strlen(text);
    aur_buf_add(out, "\"", 1);
    while (at < end) {
        size_t length = utf8_length(at, (size_t)(end - at));
        if (length && *at >= 0x20 && *at != '"' && *at != '\\') {
            at += length;
            continue;
        }
        aur_buf_add(out, plain, (size_t)(at - plain));
        if (length)
            escape(out, *at);
        else
            aur_buf_text(out, "\xef\xbf\xbd");
        plain = ++at;
    }
    aur_buf_add(out, plain, (size_t)(at - plain));
    aur_buf_add(out, "\"", 1);
}

void aur_json_number(struct aur_buf *out, double value)
{
    if (!isfinite(value)) {
        aur_buf_text(out, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    aur_buf_text(out, text);
}

/* ---- members ---- */

bool aur_json_ends_with(const struct aur_buf *out, char c)
{
    return out->len && out->data[out->len - 1] == c;
}

void aur_json_key(struct aur_buf *out, const char *key)
{
    if (!aur_json_ends_with(out, '{'))
        aur_buf_text(out, ",");
    aur_buf_printf(out, "\"%s\":", key);
}

void aur_json_text(struct aur_buf *out, const char *key, const char *text)
{
    aur_json_key(out, key);
    aur_json_string(out, text ? text : "");
}

void aur_json_real(struct aur_buf *out, const char *key, double value)
{
    aur_json_key(out, key);
    aur_json_number(out, value);
}

void aur_json_count(struct aur_buf *out, const char *key, uint64_t value)
{
    aur_json_key(out, key);
    aur_buf_printf(out, "%" PRIu64, value);
}

void aur_json_bool(struct aur_buf *out, const char *key, bool value)
{
    aur_json_key(out, key);
    aur_buf_text(out, value ? "true" : "false");
}

void aur_json_ms(struct aur_buf *out, const char *key, double ms, int digits)
{
    aur_json_key(out, key);
    aur_buf_printf(out, "%.*f", digits, ms >= 0 ? ms : 0.0);
}
