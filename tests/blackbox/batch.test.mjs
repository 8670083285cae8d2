// Batch scripts and several scripts at once: what is written, what is skipped, what is left when it is stopped.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { ROOT, launch, probe, run, tempDir, within } from "./support.mjs";

const SCRIPTS = join(ROOT, "scripts");

/** A folder with this batch script in it, and the means to run it there. */
function batch(t, text) {
  const dir = tempDir(t);
  writeFileSync(join(dir, "batch.lua"), text);
  return {
    dir,
    script: (changed) => writeFileSync(join(dir, "batch.lua"), changed),
    render: (...args) => run(t, ["render", "--batch", "batch.lua", "-o", "out", ...args], { cwd: dir }),
    launch: (...args) => launch(t, ["render", "--batch", "batch.lua", "-o", "out", ...args], { cwd: dir }),
    files: () => (existsSync(join(dir, "out")) ? walk(join(dir, "out")) : []),
    read: (name) => readFileSync(join(dir, "out", name)),
    path: (name) => join(dir, "out", name),
    manifest: () => readFileSync(join(dir, "out/manifest.jsonl"), "utf8").trim().split("\n").map(JSON.parse),
  };
}

/** Paths of the files below a folder, sorted. */
function walk(dir, below = "") {
  return readdirSync(join(dir, below), { withFileTypes: true })
    .flatMap((entry) => {
      const path = below ? `${below}/${entry.name}` : entry.name;
      return entry.isDirectory() ? walk(dir, path) : [path];
    })
    .sort();
}

const events = (text) => text.trim().split("\n").filter(Boolean).map(JSON.parse);
const states = (out) =>
  Object.fromEntries(events(out).filter((e) => e.event === "task" && e.state !== "running").map((e) => [e.name, e.state]));

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

const SEEDS = `
  for seed = 1, 4 do
    render { name = ("take%d"):format(seed), piece = "rain", seed = seed, duration = 1.5, formats = { "flac", "opus" } }
  end`;

test("a batch writes what its script describes, the same bytes as single renders and with any --jobs", async (t) => {
  const one = batch(t, SEEDS);
  const many = batch(t, SEEDS);
  const first = await one.render("--jobs", "1");
  assert.equal(first.code, 0, first.err);
  assert.equal((await many.render("--jobs", "4")).code, 0);
  assert.deepEqual(one.files(), many.files());
  assert.equal(one.files().length, 9);
  for (const name of one.files()) assert.ok(one.read(name).equals(many.read(name)), name);
  for (const ending of ["flac", "opus"]) {
    const out = join(one.dir, `single.${ending}`);
    const single = await run(t, ["render", join(SCRIPTS, "rain.lua"), "-o", out, "--seed", "3", "--duration", "1.5"]);
    assert.equal(single.code, 0, single.err);
    assert.ok(readFileSync(out).equals(one.read(`take3.${ending}`)));
  }
});

test("what is done is skipped; what changed is made again, and nothing else", async (t) => {
  const work = batch(t, SEEDS);
  assert.equal((await work.render("--only", "take[1-9]")).code, 2);
  assert.equal((await work.render("--only", "take1", "--only", "*2")).code, 0);
  const dry = await work.render("--dry-run", "--json");
  assert.deepEqual(states(dry.out), { take1: "skipped", take2: "skipped", take3: "new", take4: "new" });
  assert.equal(work.files().length, 5);
  const rest = await work.render("--json");
  assert.deepEqual(states(rest.out), { take1: "skipped", take2: "skipped", take3: "done", take4: "done" });
  const before = work.read("take2.flac");
  work.script(SEEDS.replace("1.5,", "seed == 2 and 2 or 1.5,"));
  rmSync(work.path("take4.opus"));
  const again = await work.render("--json");
  assert.deepEqual(states(again.out), { take1: "skipped", take2: "done", take3: "skipped", take4: "done" });
  assert.ok(!before.equals(work.read("take2.flac")));
  assert.deepEqual(work.manifest().map((line) => line.name), ["take1", "take2", "take3", "take4"]);
  const done = events(again.out).at(-1);
  assert.deepEqual([done.event, done.rendered, done.skipped, done.failed], ["done", 2, 2, 0]);
  assert.deepEqual(states((await work.render("--json", "--force")).out).take1, "done");
});

test("a piece that changed is rendered again", async (t) => {
  const work = batch(t, `render { name = "a", piece = "own", phrases = 1 }`);
  const piece = (velocity) =>
    writeFileSync(
      join(work.dir, "own.lua"),
      `return { patches = { p = { voice = "pluck" } }, phrase = function(ctx)
         ctx:note { patch = "p", at = 0, beats = 1, pitch = 60, velocity = ${velocity} } return 1 end }`,
    );
  piece(0.5);
  assert.equal((await work.render()).code, 0);
  assert.deepEqual(states((await work.render("--json")).out), { a: "skipped" });
  piece(0.6);
  assert.deepEqual(states((await work.render("--json")).out), { a: "done" });
});

test("a file that the batch did not make is not overwritten", async (t) => {
  const work = batch(t, SEEDS);
  mkdirSync(join(work.dir, "out"));
  writeFileSync(work.path("take2.flac"), "mine");
  const refused = await work.render();
  assert.equal(refused.code, 1);
  assert.match(refused.err, /batch\.lua:3: take2: out\/take2\.flac: exists already/);
  assert.equal(String(work.read("take2.flac")), "mine");
  assert.ok(work.files().includes("take1.flac") && !work.files().includes("take2.opus"));
  writeFileSync(work.path("take1.flac"), "retagged by somebody");
  assert.match((await work.render()).err, /take1\.flac: exists already/);
  assert.equal((await work.render("--force")).code, 0);
  assert.ok(String(work.read("take1.flac")).startsWith("fLaC"));
});

test("a piece that fails ends no other, and leaves no file", async (t) => {
  const work = batch(t, `
    render { name = "good", piece = "rain", duration = 1 }
    render { name = "bad", piece = "bad", duration = 20 }
    render { name = "broken", piece = "broken", duration = 1 }
    render { name = "range", piece = "rain", duration = 1, bpm = 300 }
    render { name = "last", piece = "focus", duration = 1 }`);
  writeFileSync(join(work.dir, "bad.lua"), `return { phrase = function(ctx) if ctx.phrase > 0 then error("no") end return 1 end }`);
  writeFileSync(join(work.dir, "broken.lua"), "return {");
  const { code, err } = await work.render("--jobs", "2");
  assert.equal(code, 1);
  assert.match(err, /batch\.lua:3: bad: .*bad\.lua:1: no/);
  assert.match(err, /batch\.lua:4: broken: .*broken\.lua:1:/);
  assert.match(err, /batch\.lua:5: range: bpm: 300 is not allowed; allowed: .*40 to 200/);
  assert.match(err, /2 rendered, 0 skipped, 3 failed/);
  assert.deepEqual(work.files(), ["good.flac", "last.flac", "manifest.jsonl"]);
});

test("errors of a batch script name field, value, what is allowed, and the line", async (t) => {
  const work = batch(t, "");
  for (const [text, message] of [
    ['render {\n  nmae = "a" }', /batch\.lua:1: 'nmae' is not a field.*allowed: name, piece, seed/],
    ['local x\nrender { name = "a", piece = "rain", bits = 12 }', /batch\.lua:2: bits: 12 is not allowed; allowed: 16, 24/],
    ['render { name = "a", piece = "rain", duration = "1:99" }', /batch\.lua:1: duration: 1:99 is not allowed.*h:mm:ss/],
    ['render { name = "a/../../b", piece = "rain" }', /batch\.lua:1: name: a\/\.\.\/\.\.\/b is not allowed/],
    ['render { name = "a", piece = "rain", tags = { titel = "x" } }', /batch\.lua:1: tags: titel .*allowed: title, artist/],
    ['render { name = "a", piece = "rain" }\nrender { name = "a", piece = "rain" }', /batch\.lua:2: name: a .*no other entry/],
    ["while true do end", /batch\.lua:1: the script used up its/],
    ["os.exit(0)", /batch\.lua:1: undefined global 'os'/],
    ["local a = 1", /batch\.lua: it describes nothing/],
  ]) {
    work.script(text);
    const { code, err } = await work.render();
    assert.equal(code, 1, text);
    assert.match(err, message);
  }
  assert.deepEqual(work.files(), []);
  work.script(SEEDS);
  for (const flag of [["--duration", "3"], ["--seed", "3"], ["--midi", "a.mid"], ["--rate", "48000"]]) {
    const { code, err } = await work.render(...flag);
    assert.equal(code, 2);
    assert.match(err, new RegExp(`${flag[0]}: not with --batch`));
  }
  assert.equal((await run(t, ["render", "--batch", "no.lua"])).code, 3);
});

test("Ctrl-C leaves what is done, no half file, and the next run goes on there", async (t) => {
  const work = batch(t, `
    render { name = "short", piece = "rain", duration = 1 }
    for i = 1, 3 do
      render { name = "long" .. i, piece = "ambient", duration = "5:00:00", formats = { "wav", "flac", "opus" }, rate = 8000,
               bits = 16, midi = true, events = true, chords = true, stems = true }
    end`);
  const program = work.launch("--jobs", "2", "--json");
  await within("one is done and two are on their way", new Promise((resolve) => {
    program.child.stdout.on("data", () => {
      const text = program.out();
      if (/"short","state":"done"/.test(text) && (text.match(/"state":"running"/g) ?? []).length >= 3) resolve();
    });
  }));
  assert.ok(work.files().some((name) => name.endsWith(".part")), "long1 is being written");
  program.child.kill("SIGINT");
  const { code } = await within("it ends", program.exit);
  assert.equal(code, 130);
  assert.deepEqual(work.files(), ["manifest.jsonl", "short.flac"]);
  assert.equal(events(program.out()).at(-1).interrupted, true);
  work.script(`
    render { name = "short", piece = "rain", duration = 1 }
    for i = 1, 2 do render { name = "long" .. i, piece = "ambient", duration = 1 } end`);
  const { out } = await work.render("--json");
  assert.deepEqual(states(out), { short: "skipped", long1: "done", long2: "done" });
});

test("a batch that was killed goes on", async (t) => {
  const work = batch(t, `for i = 1, 40 do render { name = "a" .. i, piece = "rain", seed = i, duration = 2 } end`);
  const program = work.launch("--json", "--jobs", "2");
  await within("some are done", new Promise((resolve) => {
    program.child.stdout.on("data", () => (program.out().match(/"state":"done"/g) ?? []).length >= 3 && resolve());
  }));
  program.child.kill("SIGKILL");
  await within("it is gone", program.exit);
  const { code, out, err } = await work.render("--json");
  assert.equal(code, 0, err);
  const counts = events(out).at(-1);
  assert.ok(counts.skipped >= 3 && counts.rendered >= 1 && counts.skipped + counts.rendered === 40);
  assert.deepEqual(work.files().filter((name) => !/^a\d+\.flac$/.test(name)), ["manifest.jsonl"]);
});

test("two batches do not write into one folder at a time", async (t) => {
  const work = batch(t, `render { name = "a", piece = "ambient", duration = "9:00:00", formats = "opus" }`);
  const program = work.launch("--json");
  await within("it has begun", new Promise((resolve) => program.child.stdout.on("data", resolve)));
  const second = await work.render();
  assert.equal(second.code, 3);
  assert.match(second.err, /another batch/);
  program.child.kill("SIGINT");
  await within("it ends", program.exit);
});

test("loudness, tags and cover, as others' programs read them", async (t) => {
  const work = batch(t, `
    defaults { duration = 6, fade = 1, formats = { "wav", "flac", "opus" }, cover = "cover.png",
               tags = { artist = "Björk & Söhne", album = "Räume", genre = "Ambient", date = 2024 } }
    render { name = "quiet", piece = "rain", loudness = -30, tags = { title = "Still", track = 1, comment = "a\\nb" } }
    render { name = "loud", piece = "rain", loudness = -9, limit = true, tags = { title = "Loud" } }
    render { name = "over", piece = "rain", loudness = -9 }`);
  writeFileSync(join(work.dir, "cover.png"), PIXEL);
  const { code, err } = await work.render();
  assert.equal(code, 1);
  assert.match(err, /batch\.lua:6: over: loudness: -9\.0 is not allowed; allowed: up to -1\d\.\d LUFS.*limit = true/);
  const [quiet, loud] = work.manifest();
  assert.ok(Math.abs(quiet.measured_lufs + quiet.gain_db + 30) < 0.02 && !quiet.limited && loud.limited);
  assert.equal(quiet.lufs, -30);
  assert.ok(loud.lufs < -9 && loud.lufs > -16, `${loud.lufs} LUFS`);
  const flac = work.path("quiet.flac");
  execFileSync("flac", ["-ts", flac]);
  const tags = execFileSync("metaflac", ["--export-tags-to=-", "--no-utf8-convert", flac], { encoding: "utf8" });
  const wanted = ["TITLE=Still", "ARTIST=Björk & Söhne", "ALBUM=Räume", "TRACKNUMBER=1", "DATE=2024", "GENRE=Ambient"];
  for (const line of wanted) assert.ok(tags.split("\n").includes(line), `${line} in ${tags}`);
  const picture = join(work.dir, "picture");
  execFileSync("metaflac", [`--export-picture-to=${picture}`, flac]);
  assert.ok(readFileSync(picture).equals(PIXEL));
  const info = execFileSync("opusinfo", [work.path("quiet.opus")], { encoding: "utf8" });
  assert.doesNotMatch(info, /WARNING|ERROR/i);
  for (const line of wanted) assert.ok(info.includes(`\t${line}\n`), `${line} in ${info}`);
  assert.match(info, /METADATA_BLOCK_PICTURE=3\|image\/png\|\|1x1x/);
  for (const [ending, frames] of [["wav", 6 * 44100], ["flac", 6 * 44100], ["opus", null]]) {
    const { sound, picture, tags: read, seconds } = probe(work.path(`quiet.${ending}`));
    const whole = { title: "Still", artist: "Björk & Söhne", album: "Räume", track: "1", date: "2024", genre: "Ambient" };
    assert.deepEqual({ ...read, ...whole }, read, ending);
    if (frames) assert.equal(sound.duration_ts, frames, ending);
    assert.ok(Math.abs(seconds - 6) < 0.01, `${ending}: ${seconds} s`);
    if (ending === "wav") assert.equal(picture, undefined);
    else assert.deepEqual([picture.codec_name, picture.width, picture.height], ["png", 1, 1], ending);
  }
  const wav = work.read("quiet.wav").subarray(0, 1000).toString("utf8");
  assert.match(wav, /LIST.{4}INFO/s);
  for (const [chunk, text] of [["INAM", "Still"], ["IPRD", "Räume"], ["ICRD", "2024"]])
    assert.match(wav, new RegExp(`${chunk}.{4}${text}`, "s"));
});

test("stems, MIDI, events and chords beside the sound", async (t) => {
  const work = batch(t, `render { name = "sub/a", piece = "bright", phrases = 1, formats = { "wav", "opus" }, rate = 48000,
                           stems = true, midi = true, events = true, chords = true }`);
  const { code, err } = await work.render();
  assert.equal(code, 0, err);
  const files = work.files();
  for (const name of ["sub/a.wav", "sub/a.opus", "sub/a.mid", "sub/a.json", "sub/a.chords.txt", "sub/a.stems/mix.wav"])
    assert.ok(files.includes(name), `${name} in ${files}`);
  const listed = work.manifest()[0].files.map((file) => file.file);
  assert.deepEqual([...listed, "manifest.jsonl"].sort(), files);
  assert.match(String(work.read("sub/a.chords.txt")), /F lydian {3}84 bpm {3}4\/4\n +0:00 {2}\| Em\/F +\| % /);
  assert.deepEqual(states((await work.render("--json")).out), { "sub/a": "skipped" });
  rmSync(work.path("sub/a.stems/mix.wav"));
  assert.deepEqual(states((await work.render("--json")).out), { "sub/a": "done" });
});

test("the batch scripts that come along: an album and a data set", async (t) => {
  const dir = tempDir(t);
  for (const [name, entries, only] of [["album", 8, "02*"], ["dataset", 200, "test/0010"]]) {
    const script = join(dir, `${name}.lua`);
    const text = readFileSync(join(SCRIPTS, "batch", `${name}.lua`), "utf8");
    writeFileSync(script, text.replace("60 * MINUTES", "3").replace("phrases = 2", "phrases = 1"));
    const dry = await run(t, ["render", "--batch", script, "-o", join(dir, name), "--dry-run"]);
    assert.equal(dry.code, 0, dry.err);
    assert.equal(dry.out.trim().split("\n").length, entries);
    assert.ok(!existsSync(join(dir, name)), "a dry run writes nothing");
    const { code, err } = await run(t, ["render", "--batch", script, "-o", join(dir, name), "--only", only]);
    assert.equal(code, 0, err);
  }
  assert.deepEqual(walk(join(dir, "album")), ["02-rain.chords.txt", "02-rain.flac", "02-rain.opus", "manifest.jsonl"]);
  assert.deepEqual(walk(join(dir, "dataset")), ["manifest.jsonl", "test/0010.flac", "test/0010.json", "test/0010.mid"]);
});

test("read_json and random: data from a file beside the script, the same draws in every run", async (t) => {
  const work = batch(t, `
    local stream = random "moods"
    for _, row in ipairs(read_json "rows.json") do
      print(row.name, stream:int(1, 1000), row.more.deep[2])
      render { name = row.name, piece = "rain", seed = row.seed, duration = 1 }
    end`);
  writeFileSync(join(work.dir, "rows.json"), JSON.stringify([
    { name: "a", seed: 5, more: { deep: [1, true] } },
    { name: "b", seed: "18446744073709551615", more: { deep: [null, "ü"] } },
  ]));
  const first = await work.render("--dry-run");
  const second = await work.render("--dry-run");
  assert.equal(first.code, 0, first.err);
  const drawn = (text) => [...text.matchAll(/\b([ab])\t(\d+)\t(\S+)/g)].map((match) => match.slice(1).join(" "));
  assert.equal(drawn(first.err).length, 2, first.err);
  assert.deepEqual(drawn(first.err), drawn(second.err));
  work.script('read_json "../rows.json"');
  assert.match((await work.render()).err, /batch\.lua:1: read_json: "\.\.\/rows\.json" is not allowed/);
});

test("several scripts: each a file in the folder, the same as alone; one that fails ends no other", async (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "bad.lua"), "return {}");
  const scripts = ["rain", "focus", "sleep"].map((name) => join(SCRIPTS, `${name}.lua`));
  const common = ["--duration", "2", "--seed", "5", "--set", "bpm=60", "--fade", "1"];
  const out = join(dir, "out/");
  const good = await run(t, ["render", ...scripts, "-o", out, "--jobs", "3", ...common]);
  assert.equal(good.code, 0, good.err);
  assert.deepEqual(walk(out), ["focus.flac", "rain.flac", "sleep.flac"]);
  for (const name of ["focus", "rain", "sleep"]) {
    const single = join(dir, `${name}.flac`);
    await run(t, ["render", join(SCRIPTS, `${name}.lua`), "-o", single, ...common]);
    assert.ok(readFileSync(single).equals(readFileSync(join(out, `${name}.flac`))), name);
  }
  const kept = await run(t, ["render", ...scripts, "-o", out, ...common]);
  assert.equal(kept.code, 1);
  assert.match(kept.err, /rain\.flac: exists already/);
  const mixed = await run(t, ["render", scripts[0], join(dir, "bad.lua"), "-o", join(dir, "b/"), "--format", "opus", "--duration", "1"]);
  assert.equal(mixed.code, 1);
  assert.match(mixed.err, /bad: .*bad\.lua:1: phrase/);
  assert.deepEqual(walk(join(dir, "b")), ["rain.opus"]);
  for (const [args, message] of [
    [[...scripts, "-o", "a.wav"], /-o: a\.wav .*a folder/],
    [[...scripts], /-o: nothing .*a folder/],
    [[scripts[0], scripts[0], "-o", "x/"], /name: rain .*no other/],
    [[...scripts, "-o", "x/", "--midi", "a.mid"], /--midi: one file, but several/],
    [[scripts[0], "-o", "a.wav", "--jobs", "2"], /--jobs: only with --batch/],
    [["-o", "a.wav"], /SCRIPT is missing/],
    [["--batch", "a.lua", scripts[0]], /unexpected argument/],
  ]) {
    const { code, err } = await run(t, ["render", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, message);
  }
});

test("several scripts at a time: Ctrl-C leaves those that are done and no part of the others", async (t) => {
  const dir = tempDir(t);
  const short = join(dir, "short.lua");
  writeFileSync(short, `return { patches = { p = { voice = "pluck" } }, phrase = function(ctx, state)
    ctx:note { patch = "p", at = 0, beats = 1, pitch = 60 } return 1 end }`);
  const one = await run(t, ["render", short, "-o", join(dir, "out/"), "--duration", "1"]);
  assert.equal(one.code, 0, one.err);
  const names = ["rain", "focus", "sleep"];
  const scripts = names.map((name) => join(SCRIPTS, `${name}.lua`));
  const program = launch(t, ["render", ...scripts, "-o", join(dir, "out/"), "--jobs", "2", "--duration", "9:00:00", "--json"]);
  await within("two are on their way", new Promise((resolve) => {
    program.child.stdout.on("data", () => /"part":0\.0*[1-9]/.test(program.out()) && resolve());
  }));
  assert.equal((program.out().match(/"state":"running"/g) ?? []).length, 2);
  assert.equal(walk(join(dir, "out")).filter((name) => name.endsWith(".part")).length, 2);
  program.child.kill("SIGINT");
  assert.equal((await within("it ends", program.exit)).code, 130);
  assert.deepEqual(walk(join(dir, "out")), ["short.flac"]);
  assert.equal(events(program.out()).at(-1).interrupted, true);
});
