// Files that a render writes, read by others' programs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { ROOT, readWav, run, tempDir } from "./support.mjs";

const FOCUS = join(ROOT, "scripts/focus.lua");
const DRUMS = "9";

/** The lines of a MIDI file: [track, tick, type, ...]. */
function readMidi(path) {
  const text = execFileSync("midicsv", [path], { encoding: "utf8" });
  return text.trim().split("\n").map((line) => line.split(", "));
}

test("--midi: every patch is a track, every note is in it, and the tempo map is as long as the sound", async (t) => {
  const dir = tempDir(t);
  const [out, midi, events] = ["a.wav", "a.mid", "a.json"].map((name) => join(dir, name));
  const args = ["render", FOCUS, "-o", out, "--phrases", "4", "--midi", midi, "--events", events, "--json"];
  const { code, err } = await run(t, args);
  assert.equal(code, 0, err);
  const score = JSON.parse(readFileSync(events, "utf8"));
  const notes = score.phrases.flatMap((phrase) => phrase.notes);
  const lines = readMidi(midi);
  const tracks = lines.filter(([track, , type]) => type === "Title_t" && track !== "1").map((line) => line[3]);
  assert.deepEqual(new Set(tracks), new Set(notes.map((note) => `"${note.patch}"`)));
  const of = (type) => lines.filter((line) => line[2] === type);
  assert.equal(of("Note_on_c").length, of("Note_off_c").length);
  assert.ok(of("Note_on_c").length >= 0.95 * notes.length && of("Note_on_c").length <= notes.length);
  assert.equal(of("Marker_t").length, 4);
  assert.ok(of("Note_on_c").some((line) => line[3] === DRUMS), "the ticks are drums");
  const { patch } = notes.find((note) => note.voice === "pluck");
  const pitches = new Set(notes.filter((note) => note.patch === patch).map((note) => Math.round(note.pitch)));
  const [pluck] = lines.find((line) => line[2] === "Title_t" && line[3] === `"${patch}"`);
  const keys = of("Note_on_c").filter(([track]) => track === pluck).map((line) => Number(line[4]));
  assert.deepEqual(new Set(keys), pitches);
  const end = Number(lines.find(([track, , type]) => track === "1" && type === "End_track")[1]);
  const seconds = ((end / 960) * Number(of("Tempo")[0][3])) / 1e6;
  const last = score.phrases.at(-1);
  assert.ok(Math.abs(seconds - (last.start_frame + last.length_frames) / score.sample_rate) < 0.01);
});

test("--midi: nothing is overwritten without --force, and without sound there is no score", async (t) => {
  const dir = tempDir(t);
  const [out, midi, broken] = ["a.wav", "a.mid", "broken.lua"].map((name) => join(dir, name));
  writeFileSync(midi, "mine");
  const refused = await run(t, ["render", FOCUS, "-o", out, "--phrases", "1", "--midi", midi]);
  assert.equal(refused.code, 3);
  assert.match(refused.err, /a\.mid/);
  assert.equal(readFileSync(midi, "utf8"), "mine");
  assert.ok(!existsSync(out));
  const body = 'if ctx.phrase > 0 then error("no") end return 1';
  writeFileSync(broken, `return { state = {}, phrase = function(ctx) ${body} end }`);
  const failed = await run(t, ["render", broken, "-o", out, "--duration", "60", "--midi", join(dir, "b.mid")]);
  assert.equal(failed.code, 1);
  assert.ok(!existsSync(out) && !existsSync(join(dir, "b.mid")));
});

test("Opus: read by others' tools, as long as asked for, and the same bytes every time", async (t) => {
  const dir = tempDir(t);
  const [first, second, other, wav] = ["a.opus", "b.opus", "c.opus", "a.wav"].map((name) => join(dir, name));
  const render = async (out, ...args) => {
    const { code, err } = await run(t, ["render", FOCUS, "-o", out, "--duration", "20", ...args]);
    assert.equal(code, 0, err);
  };
  await render(first);
  await render(second);
  await render(other, "--seed", "2");
  await render(wav, "--bits", "16");
  assert.ok(readFileSync(first).equals(readFileSync(second)));
  const info = (path) => execFileSync("opusinfo", [path], { encoding: "utf8" });
  const serial = (path) => /serial: ([0-9a-f]+)/.exec(info(path))[1];
  assert.match(info(first), /Playback length: 0m:20\.000s/);
  assert.doesNotMatch(info(first), /WARNING|ERROR/i);
  assert.notEqual(serial(first), serial(other));
  const decoded = join(dir, "decoded.wav");
  execFileSync("opusdec", ["--quiet", "--rate", "48000", first, decoded]);
  const rms = (path) => {
    const samples = readWav(path).samples;
    let sum = 0;
    for (let i = 0; i < samples.length; i += 2) sum += samples.readInt16LE(i) ** 2;
    return Math.sqrt((2 * sum) / samples.length);
  };
  assert.ok(Math.abs(20 * Math.log10(rms(decoded) / rms(wav))) < 0.5, "as loud as the WAV file");
});

test("Opus: what such a file cannot be is a usage error", async (t) => {
  const out = join(tempDir(t), "a.opus");
  for (const [args, message] of [
    [["--bits", "float"], /--bits.*float/],
    [["--bits", "16", "--dither"], /--dither/],
    [["--rate", "44100"], /--rate 44100.*48000/],
  ]) {
    const { code, err } = await run(t, ["render", FOCUS, "-o", out, "--duration", "1", ...args]);
    assert.equal(code, 2);
    assert.match(err, message);
  }
  assert.ok(!existsSync(out));
});
