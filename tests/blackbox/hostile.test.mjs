// Scripts that mean harm, one after another, saved over the one that plays: each is refused with file and line, and the
// stream holds the samples of the script that plays, as `auralis render` writes them.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { realtime } from "../realtime.mjs";
import { Listener, readWav, run, serve, tempDir } from "./support.mjs";

const SECONDS = 120; // of the file to compare with

const PLAYS = `return {
  defaults = { bpm = 200 },
  patches = { bell = { voice = "bell" } },
  state = { n = 0 },
  phrase = function(ctx, state)
    state.n = state.n + 1
    for beat = 0, 3 do
      ctx:note { patch = "bell", at = beat, beats = 1, pitch = ctx.root + ctx.random("bell"):int(0, 12) + state.n % 3 }
    end
    return 1
  end,
}
`;

/** What phrase does, on line 3. */
const HOSTILE = {
  "endless loop": "while true do end",
  "endless loop inside pcall": "while true do pcall(function() while true do end end) end",
  "endless loop inside a coroutine": "coroutine.wrap(function() while true do end end)()",
  "endless loop inside a metamethod": "local x = setmetatable({}, { __index = function() while true do end end }).x",
  "endless loop inside a comparator": "table.sort({ 3, 2, 1 }, function() while true do end end)",
  "string.find": 'local x = (("a"):rep(40)):find(("a?"):rep(40) .. ("a"):rep(40))',
  "string.rep": 'local x = ("x"):rep(1e12)',
  "string.rep, doubled": 'local s = "x" while true do s = s:rep(2) end',
  "inserts": "local t = {} for i = 1, 1e9 do table.insert(t, i) end",
  "recursion": "local function f() return 1 + f() end f()",
  "error object": "error({})",
  "error object that fails": "error(setmetatable({}, { __tostring = function() while true do end end }))",
  "ffi": 'require("ffi").C.abort()',
  "ffi, global": "ffi.C.abort()",
  "debug": "debug.getregistry()",
  "io": 'io.open("/etc/passwd")',
  "os": 'os.execute("true")',
  "package": 'package.loadlib("libc.so.6", "abort")()',
  "getfenv": "getfenv(0).print = nil",
  "string metatable": 'getmetatable("").__index = nil',
  "newproxy": "newproxy(true)",
  "collectgarbage": 'collectgarbage("stop")',
  "bytecode": 'loadstring("\\27LJ\\2")()',
  "a file outside": 'require "../../../etc/passwd"',
  "nothing": "do return end",
  "NaN": "do return 0 / 0 end",
  "a negative length": "do return -8 end",
  "a million bars": "do return 1000000 end",
  "too many notes": "for i = 1, 1e6 do ctx:note { patch = 'bell', at = 0, beats = 1, pitch = 60 } end",
  "NaN in a note": "ctx:note { patch = 'bell', at = 0 / 0, beats = 1, pitch = 60 }",
  "NaN in state": "state.x = 0 / 0",
};
const LINE = 3;
const at = (body) => `return {\n  patches = { bell = { voice = "bell" } },\n  phrase = function(ctx, state) ${body} return 1 end,\n}\n`;

realtime("hostile scripts, live: refused with file and line, and not a sample is another", {}, async (t) => {
  const folder = join(tempDir(t), "scripts");
  const script = join(folder, "play.lua");
  const wav = join(folder, "..", "plays.wav");
  mkdirSync(folder);
  writeFileSync(script, PLAYS);
  const { code } = await run(t, ["render", script, "-o", wav, "--seed", "7", "--duration", String(SECONDS), "--bits", "16"]);
  assert.equal(code, 0);
  const server = await serve(t, { args: ["--script", script] });
  const listener = await Listener.open(t, server.ws);
  const chunks = [];
  listener.socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.type === "audio") chunks.push(message);
  });
  const refused = () => listener.next((m) => m.type === "script_update");

  for (const [what, body] of [...Object.entries(HOSTILE), ["bytecode as a file", null]]) {
    writeFileSync(script, body ? at(body) : "\x1bLJ\x02\n");
    const { state, name, diagnostics } = await refused();
    assert.equal(state, "refused", what);
    assert.equal(name, "play.lua", what);
    const [{ file, line, message }] = diagnostics;
    t.diagnostic(`${what}: ${file}:${line}: ${message.slice(0, 100)}`);
    assert.deepEqual([file, line], ["play.lua", body ? LINE : 1], `${what}: ${message}`);
    assert.ok(message.length > 5 && !/0x[0-9a-f]{6}|\/tmp\//.test(message), `${what}: ${message}`);
  }
  await listener.next("audio");

  const sound = readWav(wav).samples;
  chunks.forEach(({ chunk_index: index, data }, i) => {
    assert.equal(index, chunks[0].chunk_index + i, "chunk follows chunk");
    const bytes = Buffer.from(data, "base64");
    const same = bytes.equals(sound.subarray(index * bytes.length, (index + 1) * bytes.length));
    assert.ok(same, `chunk ${index} holds what the script that plays makes`);
  });
  assert.ok(chunks.length > 15, `${chunks.length} chunks`);
  const status = await (await fetch(`${server.http}/api/v1/status`)).json();
  assert.equal(status.underruns, 0);
});

test("auralis check: a script of few but slow instructions ends, no file is read because an error names it, no terminal led", async (t) => {
  const cwd = tempDir(t);
  const check = async (body, env = {}) => {
    writeFileSync(join(cwd, "play.lua"), at(body));
    const { code, out } = await run(t, ["check", "play.lua", "--json"], { cwd, env });
    assert.equal(code, 1);
    return JSON.parse(out).errors[0];
  };
  const slow = 'local s = ("x"):rep(1e7) local r = s .. "y" while true do local x = s < r end';
  const late = await check(slow, { AURALIS_SCRIPT_WATCHDOG_MS: "5" });
  assert.deepEqual([late.file, late.line, late.message], ["play.lua", LINE, "the script took longer than 100 ms"]);
  writeFileSync(join(cwd, "private.txt"), "        indented\n");
  const { file, line, column } = await check('error("private.txt:1: mine", 0)');
  assert.deepEqual([file, line, column], ["private.txt", 1, 0]);
  writeFileSync(join(cwd, "play.lua"), at('print("here\\n2026-01-01 forged") error("\\27[2J\\194\\155m gone")'));
  const { err } = await run(t, ["check", "play.lua"], { cwd });
  assert.match(err, /here\n {2}2026-01-01 forged\n/);
  assert.match(err, /^play\.lua:3: \?\[2J\?\?m gone$/m);
});
