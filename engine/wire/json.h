/* Pieces of JSON text, for those who write messages by hand. Pure; any thread except a render worker. */
#ifndef AUR_WIRE_JSON_H
#define AUR_WIRE_JSON_H

#include "base/buf.h"

/* Whether text is UTF-8 throughout. */
bool aur_json_is_utf8(const char *text, size_t len);

/* A string with its quotes. Whatever is not UTF-8 in text comes out as U+FFFD, so the result always is. */
void aur_json_string(struct aur_buf *out, const char *text);

/* The shortest number that reads back as the same double; null for what JSON has no number for. */
void aur_json_number(struct aur_buf *out, double value);

#endif
