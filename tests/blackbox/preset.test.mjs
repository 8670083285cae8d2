// auralis preset: presets that people keep, from the command line: what it keeps a server offers, what a server refuses it refuses.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { ills, run, serve, tempDir } from "./support.mjs";

const PIECE = `
return {
  title = "Drops",
  patches = { pad = { voice = "pad" } },
  controls = { wet = { min = 0, max = 1, default = 0.5 } },
  phrase = function(ctx)
    ctx:note { patch = "pad", at = 0, beats = 4, pitch = 57, velocity = 0.5 }
    return 1
  end,
}
`;

/** A database of one's own, a script beside it, and the command on both. */
function place(t) {
  const dir = tempDir(t);
  const script = join(dir, "scripts", "drops.lua");
  mkdirSync(join(dir, "scripts"));
  writeFileSync(script, PIECE);
  const on = (db) => async (...args) => run(t, ["preset", ...args, "--db", join(dir, db), "--script", script]);
  return { dir, db: join(dir, "here.db"), script, on, preset: on("here.db") };
}

const DROPS = { name: "slow-drops", title: "Slow drops", about: "For rain", script: "drops.lua", key: "G major", bpm: 58, intensity: 0.25, level: 0.9, set: { wet: 0.7 } };
const OPTIONS = ["--title", "Slow drops", "--about", "For rain", "--key", "G major", "--bpm", "58", "--intensity", "0.25", "--set", "wet=0.7", "--set", "level=0.9"];

async function fine(answer) {
  const { code, out, err } = await answer;
  assert.equal(code, 0, err);
  return out;
}

async function refused(answer, code, pattern) {
  const { code: said, err } = await answer;
  assert.match(err, pattern);
  assert.equal(said, code);
}

test("a preset is saved from options and from files, shown, carried to another database, and deleted", async (t) => {
  const { dir, db, on, preset } = place(t);
  await refused(preset("list"), 3, /here\.db/);
  await refused(preset("delete", "slow-drops"), 3, /here\.db/);
  assert.ok(!existsSync(db), "nothing was made by looking");
  assert.equal(await fine(preset("save", "slow-drops", ...OPTIONS)), "");
  assert.deepEqual(JSON.parse(await fine(preset("show", "slow-drops", "--json"))), DROPS);
  assert.match(await fine(preset("list")), /^slow-drops +drops\.lua +Slow drops\n$/);
  assert.match(await fine(preset("show", "slow-drops")), /^name +slow-drops\n[^]*\nbpm +58\n[^]*wet +0\.7\n$/);

  const file = join(dir, "one.json");
  writeFileSync(file, JSON.stringify({ ...DROPS, name: undefined, title: "From a \u009bfile" }));
  await fine(preset("save", "other", file));
  assert.match(await fine(preset("show", "other")), /title +From a \?\?file/, "a terminal gets no control characters");
  await refused(preset("save", "other", file), 3, /there is a preset other already; --force replaces it/);
  await fine(preset("save", "other", file, "--force"));
  await refused(preset("save", "third", file, "--bpm", "50"), 2, /--bpm: the file says/);

  const all = join(dir, "all.json");
  await fine(preset("export", all));
  await refused(preset("export", all), 3, /all\.json: exists already/);
  await fine(preset("export", all, "--force"));
  assert.equal(readFileSync(all, "utf8"), await fine(preset("export", "-")));
  assert.equal(readFileSync(all, "utf8"), await fine(preset("list", "--json")));
  const there = on("there.db");
  await fine(there("import", all));
  assert.equal(await fine(there("list", "--json")), readFileSync(all, "utf8"));
  await refused(there("import", all), 3, /already; --force replaces it/);
  await fine(there("import", all, "--force"));

  await fine(preset("delete", "other"));
  await refused(preset("delete", "other"), 3, /there is no preset other/);
  await refused(preset("show", "other"), 3, /there is no preset other/);
});

test("what is wrong is told with its name and what is allowed, and nothing is kept of it", async (t) => {
  const { dir, preset } = place(t);
  await fine(preset("save", "slow-drops", ...OPTIONS));
  const before = await fine(preset("list", "--json"));
  const file = join(dir, "bad.json");
  const wrong = [
    [["save", "x", "--bpm", "999"], 2, /--bpm: 999 .*40 to 200/],
    [["save", "x", "--set", "wet=7"], 2, /wet: 7 .*0 to 1/],
    [["save", "x", "--set", "wet=inf"], 2, /wet: inf .*a number/],
    [["save", "x", "--set", "dry=1"], 2, /dry: .*wet/],
    [["save", "x", "--set", "wet"], 2, /--set: wet .*NAME=VALUE/],
    [["save", "Not a name"], 2, /name: .*a-z/],
    [["save", "sleep"], 3, /the server has a preset sleep of its own/],
    [["save", "x", join(dir, "missing.json")], 3, /missing\.json/],
    [["save"], 2, /takes NAME \[FILE\]/],
    [["frob"], 2, /frob .*list, show, save, delete, export, import/],
    [["export"], 2, /takes FILE/],
  ];
  for (const [args, code, pattern] of wrong) await refused(preset(...args), code, pattern);
  const texts = [
    ["save", "[", /bad\.json: .*line 1/],
    ["save", "[]", /bad\.json: .*a JSON object/],
    ["save", JSON.stringify({ ...DROPS, name: "another" }), /bad\.json: name: another .*allowed: x/],
    ["save", JSON.stringify({ title: "X", script: "../drops.lua" }), /bad\.json: script/],
    ["save", JSON.stringify({ title: "X", script: "drops.lua", tempo: 50 }), /bad\.json: tempo/],
    ["import", JSON.stringify([DROPS]), /bad\.json: .*\{"presets":\[\.\.\.\]\}/],
    ["import", JSON.stringify({ presets: [{ ...DROPS, name: "x" }, { ...DROPS, name: "y", bpm: 1 }] }), /bad\.json: preset 2, y: bpm: 1 /],
    ["import", JSON.stringify({ presets: [{ ...DROPS, name: "x" }, { ...DROPS, name: "x" }] }), /bad\.json: name: x .*each name once/],
  ];
  for (const [verb, text, pattern] of texts) {
    writeFileSync(file, text);
    await refused(preset(verb, ...(verb === "save" ? ["x"] : []), file), 2, pattern);
  }
  assert.equal(await fine(preset("list", "--json")), before);
});

test("a server offers what was saved, before it started and beside it", async (t) => {
  const { db, script, preset } = place(t);
  await fine(preset("save", "slow-drops", ...OPTIONS));
  const server = await serve(t, { args: ["--script", script, "--db", db] });
  const offered = async () => (await (await fetch(`${server.http}/api/v1/presets`)).json()).presets.filter(({ own }) => own);
  const [own] = await offered();
  assert.deepEqual([own.own, own.title, own.bpm, own.set.wet], [true, "Slow drops", 58, 0.7]);
  assert.deepEqual(JSON.parse(await fine(preset("list", "--json"))).presets, [DROPS]);
  await fine(preset("save", "beside", "--bpm", "99"));
  assert.deepEqual((await offered()).map(({ name, bpm }) => [name, bpm]), [["slow-drops", 58], ["beside", 99]]);
  await fine(preset("save", "beside", "--bpm", "98", "--force"));
  await fine(preset("delete", "slow-drops"));
  await refused(preset("delete", "slow-drops"), 3, /there is no preset slow-drops/);
  assert.deepEqual((await offered()).map(({ name, bpm }) => [name, bpm]), [["beside", 98]]);
  const health = await (await fetch(`${server.http}/api/v1/health`)).json();
  assert.deepEqual(ills(health), [], "the server's own writing goes on");
  const put = await fetch(`${server.http}/api/v1/presets/more`, { method: "PUT", body: JSON.stringify({ title: "More", script: "drops.lua", set: { wet: 0.1 } }) });
  assert.equal(put.status, 200);
  assert.match(await fine(preset("show", "more")), /wet +0\.1\n/);
});
