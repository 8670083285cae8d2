// render --stems and replay --stems: files that sum to the mix, added up here in another language.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";

import { Listener, ROOT, run, serve, tempDir } from "./support.mjs";

const LATENCY = 320;

/** Interleaved samples of a WAV file of floats. */
function floats(path) {
  const file = readFileSync(path);
  assert.equal(file.toString("latin1", 8, 12), "WAVE");
  for (let at = 12; at + 8 <= file.length; ) {
    const size = file.readUInt32LE(at + 4);
    if (file.toString("latin1", at, at + 4) === "data") {
      return new Float32Array(Uint8Array.from(file.subarray(at + 8, at + 8 + size)).buffer);
    }
    at += 8 + size + (size % 2);
  }
  assert.fail(`${path}: no data`);
}

/** What a program told, line by line. */
const told = ({ out }, event) => out.trim().split("\n").map((line) => JSON.parse(line)).find((line) => line.event === event);

/** Adds stems and returns up in single precision, in the order that was told, and compares with the mix. */
function assertSum({ files }) {
  const mix = floats(files.find(({ kind }) => kind === "mix").file);
  const sum = new Float32Array(mix.length);
  let sounding = 0;
  for (const { file } of files.filter(({ kind }) => kind === "stem" || kind === "return")) {
    const part = floats(file);
    assert.equal(part.length, mix.length, file);
    for (let i = 0; i < sum.length; i++) sum[i] += part[i];
    sounding += part.some((x) => x !== 0);
  }
  let differing = 0;
  for (let i = 0; i < sum.length; i++) differing += sum[i] !== mix[i];
  assert.equal(differing, 0, `${differing} of ${sum.length} samples`);
  assert.ok(mix.some((x) => x !== 0));
  return sounding;
}

const LATER = `return {
  patches = { pad = { voice = "pad", attack = 0.2, chorus = 0.4 }, mix = { voice = "bell", delay = 0.5 }, late = { voice = "wave" } },
  phrase = function(ctx)
    if ctx.phrase % 2 == 1 then
      ctx:set { patches = { pad = { cutoff = 3000 } }, effects = { reverb = { decay = 9 } } }
      ctx:note { patch = "late", at = 0, beats = 3, pitch = 64 }
    end
    for i = 0, 3 do
      ctx:note { patch = i % 2 == 0 and "pad" or "mix", at = i, beats = 2, pitch = 50 + 5 * i, velocity = 0.7 }
    end
    return 1
  end,
}`;

test("stems and returns sum to the mix to the bit, and the master is the render", async (t) => {
  const dir = tempDir(t);
  const later = join(dir, "later.lua");
  writeFileSync(later, LATER);
  const pieces = [[join(ROOT, "scripts/ambient.lua"), ["--duration", "20.5"]], [later, ["--phrases", "4", "--fade", "2"]]];
  for (const [piece, length] of pieces) {
    const stems = join(dir, `${basename(piece)}-stems`);
    const out = join(dir, `${basename(piece)}.wav`);
    const plain = join(dir, `${basename(piece)}-plain.wav`);
    const args = ["render", piece, ...length, "--bits", "float", "--seed", "3", "--json"];
    const done = await run(t, [...args, "-o", out, "--stems", stems]);
    assert.equal(done.code, 0, done.err);
    assert.equal((await run(t, [...args, "-o", plain])).code, 0);
    assert.ok(readFileSync(out).equals(readFileSync(plain)), "asking for stems changes nothing");
    const event = told(done, "stems");
    assert.equal(event.dir, stems);
    assert.deepEqual(event.null, {
      samples: floats(out).length, differing: 0, max_difference: 0, max_difference_db: null,
    });
    assert.deepEqual(event.files.map(({ file }) => basename(file)).sort(), readdirSync(stems).sort());
    assert.ok(assertSum(event) >= 3);
    assert.ok(readFileSync(join(stems, "master.wav")).equals(readFileSync(out)));
  }
  const late = floats(join(dir, "later.lua-stems", "late.wav"));
  const first = late.findIndex((x) => x !== 0) / 2;
  const { start_frame: starts } = (await run(t, ["render", later, "-o", join(dir, "x.wav"), "--phrases", "2", "--json"])).out
    .trim().split("\n").map((line) => JSON.parse(line)).filter(({ event }) => event === "phrase")[1];
  assert.ok(first >= starts + LATENCY && first < starts + LATENCY + 128, `${first} for ${starts}`);
  assert.ok(existsSync(join(dir, "later.lua-stems", "patch-mix.wav")));
});

test("stems as FLAC: whole, of one length, and as near to the mix as their bits allow", async (t) => {
  const dir = tempDir(t);
  const out = join(dir, "a.flac");
  const stems = join(dir, "stems");
  const done = await run(t, ["render", join(ROOT, "scripts/ambient.lua"), "-o", out, "--duration", "8", "--stems", stems, "--json"]);
  assert.equal(done.code, 0, done.err);
  const { files, null: figure } = told(done, "stems");
  assert.equal(figure.differing, 0);
  const decoded = new Map();
  for (const { file } of files) {
    execFileSync("flac", ["-s", "-d", "--force-raw-format", "--endian=little", "--sign=signed", file, "-o", `${file}.raw`]);
    decoded.set(file, readFileSync(`${file}.raw`));
  }
  const at = (file, i) => decoded.get(file).readIntLE(3 * i, 3);
  const parts = files.filter(({ kind }) => kind === "stem" || kind === "return").map(({ file }) => file);
  const { file: mix } = files.find(({ kind }) => kind === "mix");
  const samples = decoded.get(mix).length / 3;
  assert.equal(samples, 2 * 8 * 44100);
  for (const file of parts) assert.equal(decoded.get(file).length, 3 * samples);
  for (let i = 0; i < samples; i += 7) {
    const sum = parts.reduce((all, file) => all + at(file, i), 0);
    assert.ok(Math.abs(sum - at(mix, i)) <= (parts.length + 1) / 2 + 1);
  }
  assert.ok(readFileSync(join(stems, "master.flac")).equals(readFileSync(out)));
});

test("nothing is overwritten without --force, and a render that fails leaves no folder", async (t) => {
  const dir = tempDir(t);
  const stems = join(dir, "stems");
  const args = ["render", join(ROOT, "scripts/focus.lua"), "--duration", "1", "--stems", stems];
  assert.equal((await run(t, [...args, "-o", join(dir, "a.wav")])).code, 0);
  const before = readdirSync(stems);
  const refused = await run(t, [...args, "-o", join(dir, "b.wav")]);
  assert.equal(refused.code, 3);
  assert.match(refused.err, /stems: holds .*\.wav/);
  assert.ok(!existsSync(join(dir, "b.wav")));
  assert.deepEqual(readdirSync(stems), before);
  assert.equal((await run(t, [...args, "-o", join(dir, "b.wav"), "--force"])).code, 0);

  const broken = join(dir, "broken.lua");
  const body = 'if ctx.phrase > 0 then error("no") end ctx:note { patch = "pad", at = 0, beats = 1, pitch = 60 } return 1';
  writeFileSync(broken, `return { patches = { pad = { voice = "pad" } }, phrase = function(ctx) ${body} end }`);
  const failed = await run(t, ["render", broken, "-o", join(dir, "c.wav"), "--duration", "60", "--stems", join(dir, "c")]);
  assert.equal(failed.code, 1);
  assert.ok(!existsSync(join(dir, "c")) && !existsSync(join(dir, "c.wav")));
});

test("whatever the device, stems come from this processor", async (t) => {
  const dir = tempDir(t);
  const args = ["render", join(ROOT, "scripts/focus.lua"), "-o", join(dir, "a.wav"), "--duration", "2", "--json"];
  const done = await run(t, [...args, "--device", "opencl", "--bits", "float", "--stems", join(dir, "stems")]);
  assert.equal(done.code, 0, done.err);
  assert.match(told(done, "done").device, /^(simd|scalar)/);
  assert.equal(told(done, "done").device_blocks, 0);
  assertSum(told(done, "stems"));
});

test("replay --stems: the stems of what was streamed, from any time on", async (t) => {
  const dir = tempDir(t);
  const db = join(dir, "a.db");
  const server = await serve(t, { args: ["--db", db] });
  const listener = await Listener.open(t, `${server.ws}?format=pcm`);
  for (let chunks = 0; chunks < 45; chunks++) await listener.next((message) => Buffer.isBuffer(message));
  server.child.kill("SIGTERM");
  await server.exit;
  const replay = (name, ...more) =>
    run(t, ["replay", "last", "--db", db, "-o", join(dir, `${name}.wav`), "--stems", join(dir, name), "--bits", "float", "--json", ...more]);
  const whole = await replay("whole", "--to", "4");
  assert.equal(whole.code, 0, whole.err);
  assert.ok(assertSum(told(whole, "stems")) >= 2);
  const part = await replay("part", "--from", "1.5", "--to", "3.75");
  assert.equal(part.code, 0, part.err);
  assertSum(told(part, "stems"));
  for (const { file } of told(part, "stems").files) {
    const here = floats(file);
    const there = floats(join(dir, "whole", basename(file))).subarray(2 * 66150, 2 * 165375);
    assert.equal(Buffer.compare(Buffer.from(here.buffer), Buffer.from(there.slice().buffer)), 0, file);
  }
});
