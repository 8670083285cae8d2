/* Pieces of JSON text, for those who write messages by hand. Pure; any thread except a render worker. */
#ifndef AUR_WIRE_JSON_H
#define AUR_WIRE_JSON_H

#include <stdint.h>

#include "base/buf.h"

/* Whether text is UTF-8 throughout. */
bool aur_json_is_utf8(const char *text, size_t len);

/* A string with its quotes. Whatever is not UTF-8 in text comes out as U+FFFD, so the result always is. */
void aur_json_string(struct aur_buf *out, const char *text);

/* The shortest number that reads back as the same double; null for what JSON has no number for. */
void aur_json_number(struct aur_buf *out, double value);

/* ---- members of an object: with the comma, unless it is the object's first ---- */

void aur_json_key(struct aur_buf *out, const char *key);                    /* "key": */
void aur_json_text(struct aur_buf *out, const char *key, const char *text); /* NULL: "" */
void aur_json_real(struct aur_buf *out, const char *key, double value);
void aur_json_count(struct aur_buf *out, const char *key, uint64_t value);
void aur_json_bool(struct aur_buf *out, const char *key, bool value);
void aur_json_ms(struct aur_buf *out, const char *key, double ms, int digits); /* at least 0 */

/* Whether what was written so far ends with this character. */
bool aur_json_ends_with(const struct aur_buf *out, char c);

#endif
