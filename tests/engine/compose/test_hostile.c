/* Hostile and mistaken scripts: each ends in a clear error with its file and line, when it does its worst while it is
 * loaded and when it does so in phrase, and the program goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/compose/piece_case.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

#define LIMIT  AUR_ELIMIT
#define SCRIPT AUR_ESCRIPT
#define SPENT  "the script used up its "
#define MEMORY "the script needs more than its "

static const struct hostile {
    const char *body; /* on line 2 */
    int code;
    const char *want; /* in the message */
} hostile[] = {
    /* loops */
    {"while true do end", LIMIT, SPENT},
    {"repeat until false", LIMIT, SPENT},
    {"for i = 1, math.huge do end", LIMIT, SPENT},
    {"local function f() return f() end f()", LIMIT, SPENT},
    {"while true do pcall(function() while true do end end) end", LIMIT, SPENT},
    {"local ok = pcall(function() while true do end end) while true do end", LIMIT, SPENT},
    {"while true do pcall(error, {}) end", LIMIT, SPENT},
    {"while true do pcall(pcall, pcall, error) end", LIMIT, SPENT},
    {"coroutine.wrap(function() while true do end end)()", LIMIT, SPENT},
    {"local co = coroutine.create(function() while true do coroutine.yield() end end) while true do "
     "coroutine.resume(co) end",
     LIMIT, SPENT},
    {"while true do coroutine.resume(coroutine.create(function() while true do end end)) end", LIMIT, SPENT},
    {"while true do pcall(coroutine.wrap(function() pcall(function() while true do end end) while true do end end)) "
     "end",
     LIMIT, SPENT},
    {"xpcall(error, function() while true do end end)", LIMIT, SPENT},
    {"while true do xpcall(error, function() while true do pcall(error) end end) end", LIMIT, SPENT},
    {"xpcall(function() while true do end end, function() while true do end end)", LIMIT, SPENT},
    /* metamethods */
    {"local x = setmetatable({}, { __index = function() while true do end end }).x", LIMIT, SPENT},
    {"setmetatable({}, { __newindex = function() while true do end end }).x = 1", LIMIT, SPENT},
    {"local x = setmetatable({}, { __add = function() while true do end end }) + 1", LIMIT, SPENT},
    {"local x = setmetatable({}, { __unm = function() while true do end end }) x = -x", LIMIT, SPENT},
    {"local x = setmetatable({}, { __concat = function() while true do end end }) .. 'x'", LIMIT, SPENT},
    {"local t = setmetatable({}, { __lt = function() while true do end end }) local x = t < t", LIMIT, SPENT},
    {"local t = setmetatable({}, { __le = function() while true do end end }) local x = t <= t", LIMIT, SPENT},
    {"local m = { __eq = function() while true do end end } local x = setmetatable({}, m) == setmetatable({}, m)",
     LIMIT, SPENT},
    {"setmetatable({}, { __call = function() while true do end end })()", LIMIT, SPENT},
    {"tostring(setmetatable({}, { __tostring = function() while true do end end }))", LIMIT, SPENT},
    {"print(setmetatable({}, { __tostring = function() while true do pcall(error) end end }))", LIMIT, SPENT},
    {"local s = ('%s'):format(setmetatable({}, { __tostring = function() while true do end end }))", LIMIT, SPENT},
    {"local t = {} t.__index = t setmetatable(t, t) local x = t.y", SCRIPT, "loop in gettable"},
    {"local t t = setmetatable({}, { __index = function(_, k) return t[k .. 'x'] end }) local x = t.x", 0, ""},
    /* callbacks of the library */
    {"local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() while true do end end)", LIMIT, SPENT},
    {"local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() return true end)", SCRIPT,
     "invalid order function for sorting"},
    {"local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() error('no order') end)", SCRIPT, "no order"},
    {"table.sort({ 3, 2, 'x' })", SCRIPT, "attempt to compare"},
    {"table.sort({ 3, 2, 1 }, 5)", SCRIPT, "bad argument #2 to 'sort'"},
    {"local s = ('x'):gsub('x', function() while true do end end)", LIMIT, SPENT},
    {"local s = ('x'):gsub('x', function() error('in gsub') end)", SCRIPT, "in gsub"},
    {"local s = ('x'):gsub('x', setmetatable({}, { __index = function() while true do end end }))", LIMIT, SPENT},
    {"for w in ('x'):gmatch('x') do while true do end end", LIMIT, SPENT},
    /* long work in C */
    {"local s = (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40))", LIMIT, SPENT},
    {"local s = (('a'):rep(40)):find(('a*'):rep(20) .. 'b')", LIMIT, SPENT},
    {"local s = (('a'):rep(30000)):find('.-.-.-.-b')", LIMIT, SPENT},
    {"local s = (('a'):rep(5000)):match(('(a*)'):rep(8) .. '%1%2%3%4%5%6%7%8b')", LIMIT, SPENT},
    {"local s = (('('):rep(100000)):gsub('%b()', '')", LIMIT, SPENT},
    {"local s = (('a'):rep(3000)):gsub(('[' .. ('b'):rep(100000) .. ']'), '')", LIMIT, SPENT},
    {"for w in (('a'):rep(30000)):gmatch('a-b') do end", LIMIT, SPENT},
    {"local s = ('x'):rep(1e12)", SCRIPT, "string.rep: the result would be larger than 16 MiB"},
    {"local s = ('x'):rep(1e300, 'y')", SCRIPT, "string.rep: the result would be larger than 16 MiB"},
    {"while true do local s = ('x'):rep(60000) end", LIMIT, SPENT},
    {"local s = ('x'):rep(1e6) while true do s:upper() s:reverse() s:lower() end", LIMIT, ""},
    {"local s = ('x'):rep(1e6) while true do local q = ('%q'):format(s) end", LIMIT, ""},
    {"local s = ('x'):rep(1e6) local x = (('%s'):rep(20)):format(s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, s, "
     "s, s)",
     SCRIPT, "string.format: the result would be larger than 16 MiB"},
    {"local t = {} for i = 1, 2000 do t[i] = ('x'):rep(1000) end while true do table.concat(t) end", LIMIT, ""},
    {"local t = {} for i = 1, 1e5 do t[i] = i end while true do table.insert(t, 1, 0) end", LIMIT, SPENT},
    {"table.insert({}, -2e9, 1)", SCRIPT, "bad argument #2 to 'insert'"},
    {"table.insert({}, 0/0, 1)", SCRIPT, "bad argument #2 to 'insert'"},
    {"local t = {} for i = 1, 1e5 do t[i] = i % 7 end while true do table.sort(t) end", LIMIT, SPENT},
    {"local t = {} for i = 1, 1e5 do t[i] = i end while true do table.maxn(t) end", LIMIT, SPENT},
    {"local t = {} for i = 1, 1e5 do t[i] = i end while true do pairs(t) next(t) end", LIMIT, SPENT},
    {"local x = unpack({}, 1, 1e8)", SCRIPT, "too many results to unpack"},
    {"local x = unpack({}, -1e300, 1e300)", SCRIPT, "too many results to unpack"},
    {"local x = unpack({}, 1e300, 1e300)", SCRIPT, "bad argument #2 to 'unpack'"},
    {"local x = (('x'):rep(1e5)):byte(1, -1)", SCRIPT, "string slice too long"},
    {"local t = {} for i = 1, 7900 do t[i] = 256 end string.char(unpack(t))", SCRIPT, "bad argument #1 to 'char'"},
    /* memory */
    {"local t = {} for i = 1, 1e9 do table.insert(t, i) end", LIMIT, ""},
    {"local t = {} for i = 1, 1e9 do t[i] = { i } end", LIMIT, MEMORY},
    {"local s = 'x' while true do s = s .. s end", LIMIT, MEMORY},
    {"local s = 'x' while true do pcall(function() while true do s = s .. s end end) end", LIMIT, MEMORY},
    {"local t = {} while true do t[#t + 1] = coroutine.create(print) end", LIMIT, MEMORY},
    {"local t = {} while true do t[#t + 1] = function() return t end end", LIMIT, ""},
    {"local t = {} while true do t = { t, t } end", LIMIT, MEMORY},
    {"local t = {} for i = 1, 1e9 do t['key ' .. i] = i end", LIMIT, ""},
    {"local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end", LIMIT, ""},
    {"local s = (('x'):rep(1e5)):gsub('x', ('y'):rep(1000))", LIMIT, ""},
    /* depth */
    {"local function f() return 1 + f() end f()", SCRIPT, "stack overflow"},
    {"local function f() return pcall(f) end local function g() return 1 + g() end f() g()", 0, ""},
    {"local function f() coroutine.wrap(f)() end f()", SCRIPT, "nested too deeply"},
    {"local function f(s) return (s:gsub('.', f)) end f('x')", SCRIPT, "nested too deeply"},
    {"local t t = setmetatable({}, { __tostring = function() return tostring(t) end }) tostring(t)", SCRIPT,
     "nested too deeply"},
    {"local function f() table.sort({ 1, 2, 3 }, f) end f()", SCRIPT, "nested too deeply"},
    {"local function f() xpcall(f, f) error('x') end f()", 0, ""},
    {"local t t = setmetatable({}, { __index = function(_, k) return t[k] + 1 end }) local x = t.x", SCRIPT,
     "stack overflow"},
    {"for i = 1, 1000 do pcall(ctx.note, ctx, i) end", LIMIT, SPENT},
    /* error objects */
    {"error({})", SCRIPT, "the error object is a table value, not a message"},
    {"error()", SCRIPT, "the error object is a nil value, not a message"},
    {"error(print)", SCRIPT, "the error object is a function value, not a message"},
    {"error(setmetatable({}, { __tostring = function() error('again') end }))", SCRIPT, "the error object is a table"},
    {"error(setmetatable({}, { __tostring = function() while true do end end }))", SCRIPT,
     "the error object is a table"},
    {"error(coroutine.create(print))", SCRIPT, "the error object is a thread"},
    {"error(('long '):rep(1e5))", SCRIPT, "long long"},
    {"ctx.chord(ctx, { at = 0, beats = 1, name = '\\255', pitches = { 60 } })", SCRIPT,
     "chord: name: a text of up to 15"},
    {"error('two\\nlines\\n  piece.lua:9: in function forged')", SCRIPT, "two\nlines"},
    {"error('bytes \\0 \\27 \\255')", SCRIPT, "bytes "},
    {"coroutine.wrap(function() error({}) end)()", SCRIPT, "the error object is a table"},
    {"coroutine.yield(1)", SCRIPT, "attempt to yield"},
    {"pcall(coroutine.yield) coroutine.yield()", SCRIPT, "attempt to yield"},
    /* what is not there */
    {"ffi.C.system('x')", SCRIPT, "undefined global 'ffi'"},
    {"debug.getregistry()", SCRIPT, "undefined global 'debug'"},
    {"io.open('/etc/passwd')", SCRIPT, "undefined global 'io'"},
    {"os.execute('x')", SCRIPT, "undefined global 'os'"},
    {"package.loadlib('x', 'y')", SCRIPT, "undefined global 'package'"},
    {"jit.on()", SCRIPT, "undefined global 'jit'"},
    {"load('x')", SCRIPT, "undefined global 'load'"},
    {"loadstring('\\27LJ')()", SCRIPT, "undefined global 'loadstring'"},
    {"loadfile('x')", SCRIPT, "undefined global 'loadfile'"},
    {"dofile('x')", SCRIPT, "undefined global 'dofile'"},
    {"setfenv(1, {})", SCRIPT, "undefined global 'setfenv'"},
    {"getfenv(0).x = 1", SCRIPT, "undefined global 'getfenv'"},
    {"newproxy(true)", SCRIPT, "undefined global 'newproxy'"},
    {"collectgarbage('stop')", SCRIPT, "undefined global 'collectgarbage'"},
    {"_G.print = nil", SCRIPT, "undefined global '_G'"},
    {"local s = string.dump(print)", SCRIPT, "attempt to call field 'dump'"},
    {"getmetatable('').__index = {}", SCRIPT, "attempt to index a string value"},
    {"setmetatable('', {})", SCRIPT, "bad argument #1 to 'setmetatable'"},
    {"rawset(getmetatable(''), 'x', 1)", SCRIPT, "bad argument #1 to 'rawset'"},
    {"require 'ffi'", SCRIPT, "require 'ffi': "},
    {"require '../../etc/passwd'", SCRIPT, "a module's name is made of"},
    {"require 'theory\\0/../x'", SCRIPT, "a module's name is made of"},
    {"require 'bytecode'", SCRIPT, "bytecode is not allowed"},
    {"local x = 1LL", SCRIPT, "numbers like 42LL"},
    {"local x = 0x7fULL", SCRIPT, "numbers like 42LL"},
    {"local x = 2i", SCRIPT, "numbers like 42LL"},
    {"x = 1", SCRIPT, "'x' is written as a global"},
    {"setmetatable({}, { __mode = 'k' })", SCRIPT, "weak tables are not allowed"},
    {"local m = {} setmetatable({}, m) m.__mode = 'k'", 0, ""},
    {"math.randomseed(1)", SCRIPT, "math.randomseed: "},
    {"string = {}", SCRIPT, "'string' is written as a global"},
    /* libraries that the script has broken: its own affair, for one phrase */
    {"string.format = error string.find = nil table.concat = error math.floor = error local x = ctx.nothing", SCRIPT,
     ""},
    {"rawset(string, 'rep', nil) local x = ('x'):rep(3)", SCRIPT, "attempt to call method 'rep'"},
    {"for k in pairs(table) do rawset(table, k, error) end table.insert({}, 1)", SCRIPT, ""},
};

#define INSTRUCTIONS 400000
#define MEMORY_BYTES (3 << 20)

static const struct aur_script_limits tight = {.instructions = INSTRUCTIONS, .memory_bytes = MEMORY_BYTES};

/* Loads the text and, if that works, composes a phrase. */
static int load_and_compose(struct piece_case *c, const char *text, const struct aur_script_limits *limits)
{
    struct aur_phrase *phrase = NULL;
    char *state = NULL;
    int rc = piece_case_load_with(c, text, limits);
    if (rc == AUR_OK)
        rc = piece_case_compose(c, &phrase, &state, 1, 0, NULL);
    if (rc == AUR_OK) {
        aur_phrase_free(phrase);
        free(state);
    }
    return rc;
}

static void expect_refused(struct piece_case *c, const struct hostile *h, const char *text, const char *place)
{
    c->err.message[0] = '\0';
    int rc = load_and_compose(c, text, &tight);
    if (!h->code) /* ends well or badly, but ends */
        return;
    const char *message = piece_case_message(c);
    bool placed = strncmp(message, place, strlen(place)) == 0;
    /* an allocation that fails has no line; a module's error has its own file */
    placed = placed || (rc == AUR_ELIMIT && strncmp(message, "piece.lua", 9) == 0) || strstr(h->body, "bytecode");
    if (rc != h->code || c->err.code != h->code || !strstr(message, h->want) || !placed)
        fail_msg("%s\n  -> %d %s", text, rc, rc ? message : "");
}

static void at_the_top_and_in_phrase(void **state)
{
    struct piece_case *c = *state;
    piece_case_write(c, "lib/bytecode.lua", "\033LJ\002");
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char text[1000];
        snprintf(text, sizeof text, "local ctx = {}\n%s\nreturn { phrase = function() return 1 end }", hostile[i].body);
        if (!strstr(hostile[i].body, "ctx."))
            expect_refused(c, &hostile[i], text, "piece.lua:2: ");
        snprintf(text, sizeof text, "return { phrase = function(ctx, state)\n%s\nreturn 1 end }", hostile[i].body);
        if (!strstr(hostile[i].body, "require"))
            expect_refused(c, &hostile[i], text, "piece.lua:2: ");
    }
    /* and all is well afterwards */
    struct aur_phrase *phrase = piece_case_play(c, "return #('x'):rep(3)");
    assert_int_equal(phrase->bars, 3);
    aur_phrase_free(phrase);
}

/* With the limits as they are by default. */
static void with_ordinary_limits(void **state)
{
    struct piece_case *c = *state;
    static const struct hostile cases[] = {
        {"local s = (('a'):rep(30)):find(('a?'):rep(30) .. ('a'):rep(30))", LIMIT, SPENT},
        {"local t = {} for i = 1, 1e9 do table.insert(t, i) end", LIMIT, ""},
        {"while true do pcall(function() while true do end end) end", LIMIT, SPENT},
        {"local s = 'x' while true do s = s .. s end", LIMIT, MEMORY},
        {"local t = {} for i = 1, 3e6 do t[i] = i end next(t)", 0, ""},
        {"local function f() return 1 + f() end f()", SCRIPT, "stack overflow"},
        {"local a = { 1 } for i = 1, 40 do a = { a, a } end state.a = a", SCRIPT, ""},
        {"state.s = ('\\1'):rep(16e6)", SCRIPT, "state: more than 1 MiB of text cannot be kept"},
        {"state[('\\1'):rep(16e6)] = 1", SCRIPT, "state: more than 1 MiB of text cannot be kept"},
        {"local t = state for i = 1, 70 do t.t = {} t = t.t end", SCRIPT, "tables nested this deeply"},
        {"state[{}] = 1", SCRIPT, "a key that is a table cannot be kept"},
        {"setmetatable(state, { __index = error })", SCRIPT, "a table with a metatable cannot be kept"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct aur_phrase *phrase = NULL;
        char text[400], *after = NULL;
        snprintf(text, sizeof text, "return { phrase = function(ctx, state)\n%s\nreturn 1 end }", cases[i].body);
        assert_int_equal(piece_case_load_with(c, text, NULL), AUR_OK);
        int rc = piece_case_compose(c, &phrase, &after, 1, 0, NULL);
        if (cases[i].code && (rc != cases[i].code || !strstr(c->err.message, cases[i].want)))
            fail_msg("%s -> %d %s", cases[i].body, rc, rc ? c->err.message : "");
        if (rc == AUR_OK) {
            aur_phrase_free(phrase);
            free(after);
        }
    }
}

/* Whole texts that are refused before anything of them runs. */
static void texts(void **state)
{
    struct piece_case *c = *state;
    struct aur_buf text;
    aur_buf_init(&text);
    static const struct {
        const char *once, *again;
        int times;
        const char *want;
    } cases[] = {
        {"\033LJ\002", "", 0, "piece.lua:1: bytecode is not allowed"},
        {"#!/usr/bin/lua\n\033LJ\002", "", 0, "piece.lua:1: bytecode is not allowed"},
        {"\xef\xbb\xbf\033LJ\002", "", 0, "piece.lua:1: bytecode is not allowed"},
        {"return ", "{", 100000, "piece.lua:1: "},
        {"return ", "(", 100000, "piece.lua:1: "},
        {"return ", "function() ", 10000, "piece.lua:1: "},
        {"return ", "-", 1000, "piece.lua:1: "},
        {"", "do ", 10000, "piece.lua:1: "},
        {"", "local x = 1 ", 300, "piece.lua:1: "},
        {"local s = [==[", "x", 1000, "piece.lua:1: "},
        {"local s = '", "x", 1000, "piece.lua:1: "},
        {"--[[", "x", 1000, "piece.lua:1: "},
        {"", "\n", 1000, "piece.lua:"},
        {"x = = = =", "", 0, "piece.lua:1: unexpected symbol near '='"},
        {"\xff\xfe\1\2", "", 0, "piece.lua:1: "},
        {"return", "", 0, "piece.lua:1: the script returned a nil"},
        {"return 5", "", 0, "piece.lua:1: the script returned a number"},
        {"return {\ntitle = 'caf\\233' }", "", 0, "piece.lua:2: title: a text in UTF-8 without control characters"},
        {"return { title = '\\27[2J' }", "", 0, "piece.lua:1: title: a text in UTF-8 without control characters"},
        {"return { title = 'a\\0b' }", "", 0, "piece.lua:1: title: a text in UTF-8 without control characters"},
        {"\nreturn { [{}] = 1 }", "", 0, "piece.lua:2: a table is a key of this table"},
        {"return setmetatable({}, { __index = function() error('top') end })", "", 0, "piece.lua:1: top"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        aur_buf_clear(&text);
        aur_buf_text(&text, cases[i].once);
        for (int k = 0; k < cases[i].times; k++)
            aur_buf_text(&text, cases[i].again);
        piece_case_expect(c, piece_case_load_with(c, text.data, NULL), AUR_ESCRIPT, cases[i].want);
    }
    aur_buf_deinit(&text);
}

static void columns_and_sizes(void **state)
{
    struct piece_case *c = *state;
    struct aur_buf text;
    aur_buf_init(&text);
    assert_int_equal(piece_case_load_with(c, "x = = 5", NULL), AUR_ESCRIPT);
    assert_int_equal(c->err.column, 5);
    struct aur_script_limits limits = {.source_bytes = 1000};
    for (int i = 0; i < 100; i++)
        aur_buf_text(&text, "-- a giant source\n");
    assert_int_equal(piece_case_load_with(c, text.data, &limits), AUR_ELIMIT);
    assert_non_null(strstr(c->err.message, "piece.lua: larger than 1000 bytes"));
    /* a large text counts as instructions */
    for (int i = 0; i < 40000; i++)
        aur_buf_text(&text, "local function f() return 1 end ");
    limits = (struct aur_script_limits){.instructions = 1000000, .source_bytes = 4 << 20};
    assert_int_equal(piece_case_load_with(c, text.data, &limits), AUR_ELIMIT);
    aur_buf_deinit(&text);
}

static void notes_without_end(void **state)
{
    struct piece_case *c = *state;
    static const char note[] = "{ patch = 'pad', at = 0, beats = 1, pitch = 60 }";
    char body[500];
    snprintf(body, sizeof body,
             "while true do pcall(ctx.note, ctx, %s) if state.n == 9000 then break end state.n = "
             "(state.n or 0) + 1 end return 1",
             note);
    assert_null(piece_case_play(c, body));
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua: the phrase has too many notes or chords");
    /* a field that plays notes while it is read */
    snprintf(body, sizeof body,
             "local m = { patch = 'pad', at = 0, beats = 1 } setmetatable(m, { __index = function() "
             "for i = 1, 4096 do ctx:note %s end return 60 end }) ctx:note(m) return 1",
             note);
    assert_null(piece_case_play(c, body));
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua:2: note: the phrase has more than 4096 notes");
    assert_null(piece_case_play(
        c, "local m = { at = 0, beats = 1, name = 'x' } setmetatable(m, { __index = function() for i = 1, 256 "
           "do ctx:chord { at = 0, beats = 1, pitches = { 60 } } end return { 60 } end }) "
           "ctx:chord(m) return 1"));
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua:2: chord: ");
    assert_null(piece_case_play(c, "local m = {} setmetatable(m, { __index = function() ctx:note(m) end }) ctx:note(m) "
                                   "return 1"));
    piece_case_expect(c, c->err.code, AUR_ESCRIPT, "piece.lua:2: ");
}

static void lengths(void **state)
{
    struct piece_case *c = *state;
    static const char *const bodies[] = {"",           "return nil", "return 0/0",   "return -8",    "return 2.5",
                                         "return 1e6", "return 1/0", "return -1/0",  "return '8'",   "return true",
                                         "return {}",  "return 0",   "return print", "return 1e300", "return ctx"};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        assert_null(piece_case_play(c, bodies[i]));
        piece_case_expect(c, c->err.code, AUR_ESCRIPT, "piece.lua:1: phrase returned ");
    }
    /* functions without a line */
    piece_case_expect(c, load_and_compose(c, "\nreturn { phrase = pcall }", NULL), AUR_ESCRIPT,
                      "piece.lua:2: phrase returned false");
    piece_case_expect(c, load_and_compose(c, "\nreturn { phrase = error }", NULL), AUR_ESCRIPT,
                      "piece.lua:2: bad argu");
}

/* Live, a script that is slow rather than endless. */
static void the_watchdog(void **state)
{
    struct piece_case *c = *state;
    struct aur_script_limits limits = {.instructions = 20000000000, .wall_ms = 20};
    assert_int_equal(
        load_and_compose(
            c, "return { phrase = function()\nwhile true do pcall(function() while true do end end) end end }",
            &limits),
        AUR_ELIMIT);
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua:2: the script took longer than 20 ms");
    assert_int_equal(
        load_and_compose(c, "\nwhile true do local s = (('a'):rep(99)):find(('a*'):rep(20) .. 'b') end", &limits),
        AUR_ELIMIT);
    piece_case_expect(c, c->err.code, AUR_ELIMIT, "piece.lua:2: the script took longer than 20 ms");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, piece_case_open, piece_case_close)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(at_the_top_and_in_phrase),
                                       TEST(with_ordinary_limits),
                                       TEST(texts),
                                       TEST(columns_and_sizes),
                                       TEST(notes_without_end),
                                       TEST(lengths),
                                       TEST(the_watchdog)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
