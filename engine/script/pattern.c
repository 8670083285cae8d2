/* The pattern matcher: backtracking over the pattern's items, as the manual of Lua 5.1 defines them. It recurses only for
 * captures and repeated items, at most DEPTH_MAX deep; everything else is a loop. Runs inside aur_vm_call. */
#include "script/pattern.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "script/vm.h"

#define DEPTH_MAX    200
#define CHARGE_STEPS 1024 /* so many at a time */
#define STEP_COST    4    /* instructions that a step counts for */
#define SET_BYTES    4    /* bytes of a [set] looked at in one step */

static inline void spend(struct aur_match *m, size_t steps)
{
    m->steps += (uint32_t)steps;
    if (m->steps < CHARGE_STEPS)
        return;
    uint32_t spent = m->steps;
    m->steps = 0;
    aur_vm_charge(m->L, (uint64_t)spent * STEP_COST);
}

void aur_match_begin(struct aur_match *m, lua_State *L, const char *text, size_t len)
{
    m->L = L;
    m->text = text;
    m->text_end = text + len;
    m->depth = 0;
    m->steps = 1;
    m->n_captures = 0;
}

void aur_match_end(struct aur_match *m)
{
    aur_vm_charge(m->L, (uint64_t)m->steps * STEP_COST);
    m->steps = 0;
}

/* ---- one character ---- */

static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(int c)
{
    return is_lower(c | 0x20) || is_digit(c);
}

static bool is_graph(int c)
{
    return c > ' ' && c < 0x7f;
}

/* Whether c is of the class; a letter that names none stands for itself, and so does everything else. */
static bool in_class(int c, int class)
{
    bool in;
    switch (class | 0x20) {
    case 'a':
        in = is_lower(c | 0x20);
        break;
    case 'c':
        in = c < ' ' || c == 0x7f;
        break;
    case 'd':
        in = is_digit(c);
        break;
    case 'g':
        in = is_graph(c);
        break;
    case 'l':
        in = is_lower(c);
        break;
    case 'p':
        in = is_graph(c) && !is_alnum(c);
        break;
    case 's':
        in = c == ' ' || (c >= '\t' && c <= '\r');
        break;
    case 'u':
        in = is_upper(c);
        break;
    case 'w':
        in = is_alnum(c);
        break;
    case 'x':
        in = is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        break;
    case 'z':
        in = c == '\0';
        break;
    default:
        return class == c;
    }
    return is_upper(class) ? !in : in;
}

/* Whether c is in the set whose '[' is at p and whose ']' is at last. */
static bool in_set(struct aur_match *m, int c, const char *p, const char *last)
{
    bool found = true;
    spend(m, (size_t)(last - p) / SET_BYTES);
    if (p[1] == '^') {
        found = false;
        p++;
    }
    while (++p < last) {
        if (*p == '%') {
            p++;
            if (in_class(c, (unsigned char)*p))
                return found;
        } else if (p[1] == '-' && p + 2 < last) {
            p += 2;
            if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p)
                return found;
        } else if ((unsigned char)*p == c) {
            return found;
        }
    }
    return !found;
}

/* The end of the single-character item at p. */
static const char *item_end(struct aur_match *m, const char *p)
{
    const char *start = p;
    if (*p == '%') {
        if (!p[1])
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p++ != '[')
        return p;
    if (*p == '^')
        p++;
    do { /* a ']' that comes first is one of the set */
        if (!*p)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%' && *p)
            p++;
    } while (*p != ']');
    spend(m, (size_t)(p - start) / SET_BYTES);
    return p + 1;
}

static inline bool matches_one(struct aur_match *m, const char *at, const char *p, const char *end)
{
    if (at >= m->text_end)
        return false;
    int c = (unsigned char)*at;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_class(c, (unsigned char)p[1]);
    case '[':
        return in_set(m, c, p, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- items ---- */

static const char *run(struct aur_match *m, const char *at, const char *p);

static const char *longest(struct aur_match *m, const char *at, const char *p, const char *end)
{
    ptrdiff_t n = 0;
    while (matches_one(m, at + n, p, end)) {
        spend(m, 1);
        n++;
    }
    for (; n >= 0; n--) {
        const char *to = run(m, at + n, end + 1);
        if (to)
            return to;
    }
    return NULL;
}

static const char *shortest(struct aur_match *m, const char *at, const char *p, const char *end)
{
    for (;; at++) {
        const char *to = run(m, at, end + 1);
        if (to)
            return to;
        if (!matches_one(m, at, p, end))
            return NULL;
    }
}

static const char *open_capture(struct aur_match *m, const char *at, const char *p, ptrdiff_t kind)
{
    if (m->n_captures >= AUR_CAPTURES_MAX)
        luaL_error(m->L, "too many captures");
    m->captures[m->n_captures].start = at;
    m->captures[m->n_captures].len = kind;
    m->n_captures++;
    const char *to = run(m, at, p);
    if (!to)
        m->n_captures--;
    return to;
}

static const char *close_capture(struct aur_match *m, const char *at, const char *p)
{
    int i = m->n_captures - 1;
    while (i >= 0 && m->captures[i].len != AUR_CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[i].len = at - m->captures[i].start;
    const char *to = run(m, at, p);
    if (!to)
        m->captures[i].len = AUR_CAPTURE_OPEN;
    return to;
}

/* %bxy, with xy at p. */
static const char *balanced(struct aur_match *m, const char *at, const char *p)
{
    if (!p[0] || !p[1])
        luaL_error(m->L, "unbalanced pattern");
    if (at >= m->text_end || *at != p[0])
        return NULL;
    for (size_t depth = 1; ++at < m->text_end;) {
        spend(m, 1);
        if (*at == p[1]) {
            if (--depth == 0)
                return at + 1;
        } else if (*at == p[0]) {
            depth++;
        }
    }
    return NULL;
}

/* The text of a capture again. */
static const char *repeated(struct aur_match *m, const char *at, int digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->n_captures || m->captures[i].len == AUR_CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index");
    ptrdiff_t n = m->captures[i].len;
    if (n == AUR_CAPTURE_POSITION || n > m->text_end - at)
        return NULL;
    spend(m, (size_t)n / 16);
    return memcmp(m->captures[i].start, at, (size_t)n) == 0 ? at + n : NULL;
}

/* %f[set], with the set at p: whether a run of the set begins at `at`. */
static bool at_frontier(struct aur_match *m, const char *at, const char *p, const char *end)
{
    int before = at == m->text ? '\0' : (unsigned char)at[-1];
    return !in_set(m, before, p, end - 1) && in_set(m, (unsigned char)*at, p, end - 1);
}

/* The items that are more than one character to match: %b, %f, %1 to %9. True if p is one; then *at and *p are behind it,
 * or *at is NULL. */
static bool special_item(struct aur_match *m, const char **at, const char **p)
{
    const char *q = *p + 1;
    if (*q == 'b') {
        *at = balanced(m, *at, q + 1);
        *p = q + 3;
    } else if (*q == 'f') {
        if (*++q != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        const char *end = item_end(m, q);
        *at = at_frontier(m, *at, q, end) ? *at : NULL;
        *p = end;
    } else if (is_digit((unsigned char)*q)) {
        *at = repeated(m, *at, *q);
        *p = q + 1;
    } else {
        return false;
    }
    return true;
}

/* The single-character item at *p with its suffix. True: go on at *at and *p; false: *at is the end of the match, or
 * NULL. */
static bool plain_item(struct aur_match *m, const char **at, const char **p)
{
    const char *item = *p, *end = item_end(m, item), *to;
    switch (*end) {
    case '*':
        *at = longest(m, *at, item, end);
        return false;
    case '+':
        *at = matches_one(m, *at, item, end) ? longest(m, *at + 1, item, end) : NULL;
        return false;
    case '-':
        *at = shortest(m, *at, item, end);
        return false;
    case '?':
        *p = end + 1;
        to = matches_one(m, *at, item, end) ? run(m, *at + 1, end + 1) : NULL;
        if (to)
            *at = to;
        return !to;
    default:
        *at = matches_one(m, *at, item, end) ? *at + 1 : NULL;
        *p = end;
        return *at != NULL;
    }
}

static const char *run(struct aur_match *m, const char *at, const char *p)
{
    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    bool more = true;
    while (more && at && *p) {
        spend(m, 1);
        if (*p == '(') {
            bool position = p[1] == ')';
            at = open_capture(m, at, p + 1 + position, position ? AUR_CAPTURE_POSITION : AUR_CAPTURE_OPEN);
            more = false;
        } else if (*p == ')') {
            at = close_capture(m, at, p + 1);
            more = false;
        } else if (*p == '$' && !p[1]) {
            at = at == m->text_end ? at : NULL;
            more = false;
        } else if (*p != '%' || !special_item(m, &at, &p)) {
            more = plain_item(m, &at, &p);
        }
    }
    m->depth--;
    return at;
}

const char *aur_match_at(struct aur_match *m, const char *at, const char *pattern)
{
    m->depth = 0;
    m->n_captures = 0;
    return run(m, at, pattern);
}

/* ---- captures ---- */

void aur_match_push(struct aur_match *m, int i, const char *from, const char *to)
{
    if (i >= m->n_captures) {
        if (i != 0)
            luaL_error(m->L, "invalid capture index");
        lua_pushlstring(m->L, from, (size_t)(to - from));
        return;
    }
    ptrdiff_t len = m->captures[i].len;
    if (len == AUR_CAPTURE_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (len == AUR_CAPTURE_POSITION)
        lua_pushinteger(m->L, m->captures[i].start - m->text + 1);
    else
        lua_pushlstring(m->L, m->captures[i].start, (size_t)len);
}

int aur_match_push_all(struct aur_match *m, const char *from, const char *to)
{
    int n = m->n_captures == 0 && from ? 1 : m->n_captures;
    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++)
        aur_match_push(m, i, from, to);
    return n;
}
