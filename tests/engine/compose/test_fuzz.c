/* Scripts and states with random damage: whatever they say, they end in music or in an error that says where. */
#include "base/diagnostic.h"
#include "base/hash.h"
#include "engine/compose/piece_case.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

#define ROUNDS     60 /* of each text */
#define TEXT_BYTES 60000

struct random {
    uint64_t key, counter;
};

static size_t below(struct random *r, size_t n)
{
    return n ? (size_t)(aur_rand_at(r->key, r->counter++) % n) : 0;
}

static const char *const pieces[] = {
    "scripts/ambient.lua",
    /* much in little */
    "local theory = require 'theory'\n"
    "local list, text = { 3, 1, 2 }, 'one two'\n"
    "local shape = setmetatable({}, { __index = function(_, k) return #k end })\n"
    "return {\n  title = 'Small', meter = { 3, 4 }, controls = { warmth = { min = 0, max = 1, default = 0.4 } },\n"
    "  patches = { pad = { voice = 'pad', attack = 2.5 } }, effects = { reverb = { decay = 6 } },\n"
    "  state = { seen = { 1, 2, { x = 'y' } } },\n  phrase = function(ctx, state)\n"
    "    local draw = ctx.random('a')\n    table.sort(list, function(a, b) return a < b end)\n"
    "    for word in text:gmatch('%a+') do state[word] = text:find(word, 1, true) end\n"
    "    local co = coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i) end end)\n"
    "    for i = 1, 4 do\n      ctx:note { patch = 'pad', at = co() - 1, beats = 2 ^ i / 8, pitch = 60 + shape.abc,\n"
    "        velocity = draw:float(), pan = -0.5 }\n    end\n"
    "    ctx:chord { at = 0, beats = 3, name = ('%d'):format(#list), pitches = { 60, 64, 67 } }\n"
    "    local ok, what = pcall(error, { 1 })\n    state.n = (state.n or 0) + (ok and 0 or #text:gsub('o', '0'))\n"
    "    return 2\n  end,\n}\n",
};

static const char *const words[] = {
    "0/0",
    "-1",
    "1e308",
    "math.huge",
    "nil",
    "{}",
    "''",
    "function() end",
    "end",
    "(",
    ")",
    "}",
    "{",
    "while true do ",
    "pcall(",
    "error({})",
    "ctx",
    "state",
    "state = state",
    "string.rep('x', 1e9)",
    "return",
    "local",
    ",",
    "=",
    "..",
    "[[",
    "--[[",
    "'",
    "\"",
    "\\",
    "\n",
    "\033LJ",
    "\xff",
    "2 ^ 1000",
    "1LL",
    "goto x",
    "::x::",
    "setmetatable(state, {})",
    "coroutine.yield()",
    "require 'theory'",
    "require 'nothing'",
    "#",
    "-",
    "%",
    "4097",
    "('a?'):rep(30)",
    "ctx:note {}",
};

/* Damages text in place; it has room for TEXT_BYTES. */
static void damage(struct random *r, char *text)
{
    size_t len = strlen(text), at = below(r, len), n = 1 + below(r, 1 + below(r, 40));
    const char *word = words[below(r, COUNT(words))];
    size_t add = strlen(word);
    n = at + n > len ? len - at : n;
    switch (below(r, 6)) {
    case 0: /* cut */
        memmove(text + at, text + at + n, len - at - n + 1);
        break;
    case 1: /* repeat */
        if (len + n < TEXT_BYTES)
            memmove(text + at + n, text + at, len - at + 1);
        break;
    case 2: /* change a character */
        if (len)
            text[at] = (char)(1 + below(r, 255));
        break;
    case 3: /* end early */
        if (below(r, 4) == 0)
            text[at] = '\0';
        break;
    default: /* a word more, often in place of one */
        while (at > 0 && strchr("abcdefghijklmnopqrstuvwxyz0123456789", text[at - 1]))
            at--;
        n = below(r, 3) ? strspn(text + at, "abcdefghijklmnopqrstuvwxyz0123456789") : 0;
        if (len - n + add < TEXT_BYTES) {
            memmove(text + at + add, text + at + n, len - at - n + 1);
            memcpy(text + at, word, add);
        }
    }
}

static void expect_sense(const struct piece_case *c, int rc, const char *text)
{
    struct aur_diagnostic d;
    if (rc == AUR_OK)
        return;
    aur_diagnostic_read(&d, &c->err, text);
    bool sense =
        (rc == AUR_ESCRIPT || rc == AUR_ELIMIT) && *d.message && (d.line > 0 || strstr(d.message, "piece.lua"));
    if (!sense)
        fail_msg("%d %s, from:\n%s", rc, c->err.message, text);
}

static int load(struct piece_case *c, const char *text)
{
    struct aur_piece_source source = {.path = piece_case_write(c, "piece.lua", text),
                                      .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib",
                                      .limits = {.instructions = 4000000, .memory_bytes = 8 << 20}};
    aur_piece_free(c->piece);
    c->piece = NULL;
    c->err.message[0] = '\0';
    int rc = aur_piece_load(&c->piece, &source, &c->err);
    if (rc == AUR_OK)
        aur_controls_default(&c->controls, &aur_piece_describe(c->piece)->controls);
    return rc;
}

/* Two phrases, the second from the state of the first, which is given back. */
static int compose(struct piece_case *c, char **state)
{
    int rc = AUR_OK;
    for (uint64_t number = 0; rc == AUR_OK && number < 2; number++) {
        struct aur_phrase *phrase;
        char *after;
        rc = piece_case_compose(c, &phrase, &after, 1, number, *state);
        if (rc != AUR_OK)
            break;
        aur_phrase_free(phrase);
        free(*state);
        *state = after;
    }
    return rc;
}

static struct random start(const char *name)
{
    const char *given = getenv("AURALIS_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 20250115;
    print_message("seed %llu (AURALIS_TEST_SEED)\n", (unsigned long long)seed);
    return (struct random){aur_rand_key(seed, 0, name), 0};
}

/* The text of a piece, from its file if it names one. */
static void read_piece(char out[TEXT_BYTES], const char *piece)
{
    struct aur_buf file;
    char path[300];
    aur_buf_init(&file);
    snprintf(path, sizeof path, "%s/%s", AURALIS_SOURCE_DIR, piece);
    bool named = strncmp(piece, "scripts/", 8) == 0;
    if (named)
        assert_int_equal(aur_buf_read_file(&file, path, TEXT_BYTES - 1, NULL), AUR_OK);
    snprintf(out, TEXT_BYTES, "%s", named ? file.data : piece);
    aur_buf_deinit(&file);
}

static void damaged_scripts(void **state)
{
    struct piece_case *c = *state;
    struct random r = start("scripts");
    char *text = malloc(TEXT_BYTES);
    int fine = 0, refused = 0, failed = 0;
    for (size_t i = 0; i < COUNT(pieces); i++)
        for (int round = 0; round < ROUNDS; round++) {
            read_piece(text, pieces[i]);
            for (size_t n = round ? 1 + below(&r, 3) : 0; n > 0; n--)
                damage(&r, text);
            char *after = NULL;
            int rc = load(c, text);
            bool loaded = rc == AUR_OK;
            if (loaded)
                rc = compose(c, &after);
            expect_sense(c, rc, text);
            assert_true(round > 0 || rc == AUR_OK); /* the first is whole */
            fine += rc == AUR_OK;
            refused += !loaded;
            failed += loaded && rc != AUR_OK;
            free(after);
        }
    print_message("%d fine, %d refused, %d failed in phrase\n", fine, refused, failed);
    assert_true(fine > 5 && refused > 5 && failed > 2);
    free(text);
}

static void damaged_states(void **state)
{
    struct piece_case *c = *state;
    struct random r = start("states");
    char *text = malloc(TEXT_BYTES), *whole = NULL;
    read_piece(text, pieces[1]);
    assert_int_equal(load(c, text), AUR_OK);
    assert_int_equal(compose(c, &whole), AUR_OK);
    for (int round = 0; round < ROUNDS; round++) {
        char *after = strdup(whole);
        snprintf(text, TEXT_BYTES, "%s", whole);
        for (size_t n = 1 + below(&r, 3); n > 0; n--)
            damage(&r, text);
        free(after);
        after = strdup(text);
        expect_sense(c, compose(c, &after), text);
        free(after);
    }
    free(whole);
    free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(damaged_scripts), TEST(damaged_states)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
