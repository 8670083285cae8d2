// Files that a render writes, read by others' programs.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { ROOT, launch, probe, readWav, run, tempDir, within } from "./support.mjs";

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

test("--json ends with an error event, whenever it fails", async (t) => {
  const dir = tempDir(t);
  const out = join(dir, "a.flac");
  writeFileSync(join(dir, "bad.lua"), "return {");
  for (const [args, exit, message] of [
    [[join(dir, "no.lua"), "-o", out], 3, /no\.lua: No such file/],
    [[join(dir, "bad.lua"), "-o", out], 1, /bad\.lua:1: /],
    [[FOCUS, "-o", out, "--set", "drfit=1"], 2, /drfit: .*did you mean drift\?/],
    [[FOCUS, "-o", join(dir, "no/a.flac"), "--duration", "1"], 3, /cannot be written/],
    [[FOCUS, join(dir, "no.lua"), "-o", "a.flac"], 2, /-o: a\.flac is not allowed/],
    [["--batch", join(dir, "bad.lua"), "-o", join(dir, "out")], 1, /bad\.lua:1: /],
  ]) {
    const { code, out: text, err } = await run(t, ["render", ...args, "--json"]);
    const event = JSON.parse(text.trim().split("\n").at(-1));
    assert.equal(code, exit, err);
    assert.deepEqual([event.event, event.exit], ["error", exit]);
    assert.match(event.message, message);
    assert.ok(err.includes(event.message), err);
  }
});

test("nothing of any kind is overwritten without --force", async (t) => {
  const dir = tempDir(t);
  const path = (name) => join(dir, name);
  mkdirSync(path("stems"));
  for (const ending of ["wav", "flac", "opus"]) {
    const all = { "-o": `a.${ending}`, "--midi": "a.mid", "--events": "a.json", "--chords": "a.txt", "--stems": "stems" };
    const args = ["render", FOCUS, "--duration", "1", ...Object.entries(all).flatMap(([flag, name]) => [flag, path(name)])];
    for (const name of [...Object.values(all).filter((other) => other !== "stems"), `stems/mix.${ending === "wav" ? "wav" : "flac"}`]) {
      writeFileSync(path(name), "mine");
      const before = readdirSync(dir, { recursive: true }).sort();
      const refused = await run(t, args);
      assert.equal(refused.code, 3, name);
      assert.ok(refused.err.includes(name.split("/")[0]), refused.err);
      assert.equal(readFileSync(path(name), "utf8"), "mine");
      assert.deepEqual(readdirSync(dir, { recursive: true }).sort(), before, "and nothing else is written");
      rmSync(path(name));
    }
    writeFileSync(path(all["-o"]), "mine");
    writeFileSync(path("a.json"), "mine");
    const forced = await run(t, [...args, "--force"]);
    assert.equal(forced.code, 0, forced.err);
    assert.equal(probe(path(all["-o"])).sound.channels, 2);
    assert.equal(JSON.parse(readFileSync(path("a.json"), "utf8")).sample_rate, 44100);
    for (const name of ["a.mid", "a.json", "a.txt", "stems"]) rmSync(path(name), { recursive: true });
    mkdirSync(path("stems"));
  }
});

test("without sound there is no score", async (t) => {
  const dir = tempDir(t);
  const [out, broken] = ["a.wav", "broken.lua"].map((name) => join(dir, name));
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
  const { sound, seconds } = probe(first);
  assert.deepEqual([sound.codec_name, sound.sample_rate, sound.channels], ["opus", "48000", 2]);
  assert.ok(Math.abs(seconds - 20) < 0.01, `${seconds} s`);
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

test("every format, depth and rate, as others' programs read it", async (t) => {
  const dir = tempDir(t);
  const soxi = (flag, path) => execFileSync("soxi", [flag, path], { encoding: "utf8" }).trim();
  const cases = [
    ["a.wav", ["--bits", "16"], 44100, "16", "Signed Integer PCM"],
    ["b.wav", ["--bits", "16", "--dither", "--rate", "96000"], 96000, "16", "Signed Integer PCM"],
    ["c.wav", ["--rate", "48000"], 48000, "24", "Signed Integer PCM"],
    ["d.wav", ["--bits", "float", "--rate", "22050"], 22050, "32", "Floating Point PCM"],
    ["e.flac", [], 44100, "24", "FLAC"],
    ["f.flac", ["--bits", "16", "--rate", "8000"], 8000, "16", "FLAC"],
    ["g.flac", ["--bits", "16", "--dither", "--rate", "100003"], 100003, "16", "FLAC"],
    ["h.flac", ["--rate", "192000"], 192000, "24", "FLAC"],
  ];
  for (const [name, args, rate, bits, encoding] of cases) {
    const out = join(dir, name);
    const { code, err } = await run(t, ["render", FOCUS, "-o", out, "--duration", "0.75", ...args]);
    assert.equal(code, 0, err);
    assert.equal(soxi("-r", out), String(rate), name);
    assert.equal(soxi("-s", out), String(Math.round(0.75 * rate)), name);
    assert.equal(soxi("-c", out), "2");
    assert.equal(soxi("-e", out), encoding);
    assert.equal(soxi(encoding === "FLAC" ? "-p" : "-b", out), bits, name);
    execFileSync("sox", ["-V1", out, "-n", "stat"], { stdio: "ignore" });
    const { sound } = probe(out);
    assert.equal(sound.codec_name, encoding === "FLAC" ? "flac" : `pcm_${bits === "32" ? "f" : "s"}${bits}le`, name);
    assert.deepEqual([sound.sample_rate, sound.channels], [String(rate), 2], name);
    assert.equal(sound.duration_ts, Math.round(0.75 * rate), `frames of ${name}`);
    if (encoding === "FLAC" && bits === "24") assert.equal(sound.bits_per_raw_sample, "24");
    if (name.endsWith(".flac")) execFileSync("flac", ["-ts", out]);
  }
});

test("--midi: format 1, with tempo, time signature, key signature and names", async (t) => {
  const dir = tempDir(t);
  const score = async (...args) => {
    const midi = join(dir, "a.mid");
    const all = ["render", FOCUS, "-o", join(dir, "a.wav"), "--phrases", "2", "--midi", midi, "--force", ...args];
    const { code, err } = await run(t, all);
    assert.equal(code, 0, err);
    return readMidi(midi);
  };
  const lines = await score("--key", "E dorian", "--bpm", "60");
  const one = (type) => lines.filter((line) => line[2] === type)[0];
  const [, , , format, tracks, division] = one("Header");
  assert.equal(format, "1");
  assert.equal(division, "960");
  assert.equal(Number(tracks), new Set(lines.map((line) => line[0])).size - 1);
  assert.deepEqual(one("Key_signature").slice(3), ["2", '"minor"']);
  assert.deepEqual(one("Time_signature").slice(3, 5), ["4", "2"]);
  assert.ok(Math.abs(Number(one("Tempo")[3]) - 1e6) < 100);
  const major = await score("--key", "Ab major");
  assert.deepEqual(major.find((line) => line[2] === "Key_signature").slice(3), ["-4", '"major"']);
  for (let track = 2; track <= Number(tracks); track++)
    assert.ok(lines.some((line) => line[0] === String(track) && line[2] === "Title_t"), `track ${track} has a name`);
});

test("--chords: a chart with the bars, times, key and tempo of the score", async (t) => {
  const dir = tempDir(t);
  const [out, events, chords] = ["a.wav", "a.json", "a.txt"].map((name) => join(dir, name));
  const args = ["--phrases", "3", "--events", events, "--chords", chords];
  const { code, err } = await run(t, ["render", FOCUS, "-o", out, ...args]);
  assert.equal(code, 0, err);
  const score = JSON.parse(readFileSync(events, "utf8"));
  const phrases = readFileSync(chords, "utf8").split("\nPhrase ").slice(1);
  assert.equal(phrases.length, 3);
  phrases.forEach((text, i) => {
    const phrase = score.phrases[i];
    const [head, ...rows] = text.trimEnd().split("\n");
    const seconds = phrase.start_frame / score.sample_rate;
    const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
    assert.match(head, new RegExp(`^${i} {3}${time}\\.\\d {3}${phrase.key} {3}${phrase.bpm} bpm {3}4/4$`));
    const bars = rows.flatMap((row) => row.split("|").slice(1, -1).map((bar) => bar.trim()));
    assert.equal(bars.length, phrase.bars);
    phrase.chords.forEach((chord) => assert.notEqual(bars[chord.at / 4], "%"));
    assert.match(bars[0], /^D/, "the tonic of D dorian");
  });
});

test("Ctrl-C leaves no file of any kind", async (t) => {
  const dir = tempDir(t);
  const programs = ["wav", "flac", "opus"].map((ending) => {
    const beside = ["midi", "events", "chords"].flatMap((kind) => [`--${kind}`, join(dir, `${ending}.${kind}`)]);
    const args = ["render", FOCUS, "-o", join(dir, `a.${ending}`), "--duration", "50:00", "--json", ...beside];
    return launch(t, [...args, "--stems", join(dir, `${ending}-stems`)]);
  });
  for (const program of programs) {
    await within("sound is written", new Promise((resolve) => {
      program.child.stdout.on("data", () => program.out().includes('"progress"') && resolve());
    }));
    program.child.kill("SIGINT");
    assert.equal((await within("it ends", program.exit)).code, 130);
    assert.match(program.out(), /"event":"error","message":"interrupted","exit":130/);
  }
  const left = readdirSync(dir, { recursive: true }).map(String);
  assert.deepEqual(left.filter((name) => !/^\w+-stems$/.test(name)), []);
});

test("memory does not grow with the length", async (t) => {
  const out = join(tempDir(t), "a.flac");
  const program = launch(t, ["render", FOCUS, "-o", out, "--duration", "9:00:00", "--bits", "16", "--json"]);
  const rendered = () => Number([...program.out().matchAll(/"progress","seconds":([\d.]+)/g)].at(-1)?.[1] ?? 0);
  const peakAt = async (seconds) => {
    while (rendered() < seconds) await within("it goes on", once(program.child.stdout, "data"));
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${program.child.pid}/status`, "utf8"))[1]);
  };
  const early = await peakAt(20);
  const late = await peakAt(400);
  program.child.kill("SIGINT");
  await within("it ends", program.exit);
  assert.ok(late - early < 1500, `${early} KiB after 20 s, ${late} KiB after 400 s`);
});
