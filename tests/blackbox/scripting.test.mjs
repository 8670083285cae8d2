// docs/scripting.md: every block of Lua in it is a piece, or a module that a later one requires, as a reader would type it in.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { Listener, ROOT, readWav, run, serve, tempDir } from "./support.mjs";

const PAGE = readFileSync(join(ROOT, "docs/scripting.md"), "utf8");
const blocks = (page) => [...page.matchAll(/^```lua\n([^]*?)^```$/gm)].map(([, text]) => text);
const BLOCKS = blocks(PAGE);
const TUTORIAL = blocks(PAGE.slice(0, PAGE.indexOf("\n## The piece's table\n")));

/** So many cycles of a saw in one WAV file. */
function writeCycles(path, cycles, frames = 2048) {
  const wav = Buffer.alloc(44 + 2 * cycles * frames);
  wav.write("RIFF\0\0\0\0WAVEfmt ", "latin1");
  wav.writeUInt32LE(wav.length - 8, 4);
  [[16, 4], [1, 2], [1, 2], [48000, 4], [96000, 4], [2, 2], [16, 2]].reduce(
    (at, [value, bytes]) => wav.writeUIntLE(value, at, bytes), 16);
  wav.write("data", 36, "latin1");
  wav.writeUInt32LE(wav.length - 44, 40);
  for (let i = 0; i < cycles * frames; i++) wav.writeInt16LE(Math.round(20000 * (1 - (2 * (i % frames)) / frames)), 44 + 2 * i);
  writeFileSync(path, wav);
}

/** The wavetables that the page names, in a folder for a test's scripts. */
function makeFolder(t) {
  const folder = tempDir(t);
  mkdirSync(join(folder, "waves"));
  writeCycles(join(folder, "waves/glass.wav"), 1);
  writeCycles(join(folder, "waves/vowels.wav"), 5);
  return folder;
}

const moduleName = (text) => /^-- (\w+\.lua)\n/.exec(text)?.[1];

test("the tutorial typed in while it plays: from six lines to a voice of one's own, nothing refused", async (t) => {
  const folder = makeFolder(t);
  const script = join(folder, "mine.lua");
  const [first, ...rest] = TUTORIAL;
  assert.equal(first.trimEnd().split("\n").length, 6);
  assert.match(rest.at(-1), /table = "glass"/);
  writeFileSync(script, first);
  const server = await serve(t, { args: ["--script", script, "--swap", "bar"], env: { AURALIS_DEFAULT_BPM: "200" } });
  const listener = await Listener.open(t, server.ws);
  for (const text of rest) {
    const module = moduleName(text);
    writeFileSync(module ? join(folder, module) : script, text);
    for (let state = module ? "playing" : ""; state !== "playing"; ) {
      const update = await listener.next((message) => message.type === "script_update");
      assert.notEqual(update.state, "refused", `${update.diagnostics[0]?.message}:\n${text}`);
      state = update.state;
    }
  }
});

test("every block of docs/scripting.md passes auralis check without a warning, and sounds", async (t) => {
  const folder = makeFolder(t);
  let pieces = 0;
  for (const text of BLOCKS) {
    const module = moduleName(text);
    writeFileSync(join(folder, module ?? "piece.lua"), text);
    if (module) continue;
    pieces++;
    const { code, out, err } = await run(t, ["check", "piece.lua", "--json"], { cwd: folder });
    assert.equal(code, 0, `${text}\n${out}${err}`);
    assert.deepEqual(JSON.parse(out).warnings, [], text);
    const render = ["render", "piece.lua", "-o", "out.wav", "--duration", "20", "--bits", "16", "--force"];
    assert.equal((await run(t, render, { cwd: folder })).code, 0, text);
    const { samples } = readWav(join(folder, "out.wav"));
    let sum = 0;
    for (let i = 0; i < samples.length; i += 2) sum += samples.readInt16LE(i) ** 2;
    const level = 20 * Math.log10(Math.sqrt(sum / (samples.length / 2)) / 32768);
    assert.ok(level > -45, `${level} dB:\n${text}`);
  }
  assert.ok(pieces >= 8, `${pieces} pieces`);
});
