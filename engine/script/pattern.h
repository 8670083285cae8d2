/* Lua 5.1's patterns, matched on a budget: every step counts as instructions, so that no pattern on any text outlasts
 * the script's limits. Classes are those of ASCII whatever the locale. Runs inside aur_vm_call. */
#ifndef AUR_SCRIPT_PATTERN_H
#define AUR_SCRIPT_PATTERN_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#define AUR_CAPTURES_MAX 32

struct aur_match {
    lua_State *L;
    const char *text, *text_end; /* the text; *text_end is a NUL */
    int depth;
    uint32_t steps; /* not charged yet */
    int n_captures;
    struct {
        const char *start;
        ptrdiff_t len; /* or one of the two below */
    } captures[AUR_CAPTURES_MAX];
};

#define AUR_CAPTURE_OPEN     (-1)
#define AUR_CAPTURE_POSITION (-2)

/* The text stays where it is until aur_match_end. */
void aur_match_begin(struct aur_match *match, lua_State *L, const char *text, size_t len);

/* Matches the pattern, which ends at its NUL, exactly at `at`; the end of what matched, or NULL. Raises for a malformed
 * pattern, one that nests too deeply, and a spent budget. A '^' is a character like others here. */
const char *aur_match_at(struct aur_match *match, const char *at, const char *pattern);

/* Pushes capture i (from 0); of a pattern without captures, 0 is the whole match from..to. */
void aur_match_push(struct aur_match *match, int i, const char *from, const char *to);

/* Pushes all captures and returns how many. from NULL: nothing for a pattern without captures. */
int aur_match_push_all(struct aur_match *match, const char *from, const char *to);

/* Charges what is left to charge. */
void aur_match_end(struct aur_match *match);

#endif
