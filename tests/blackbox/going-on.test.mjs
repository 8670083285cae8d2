// A server that was killed, or stopped, goes on with the music where it was: --db, --resume. And one whose database cannot be had.

import assert from "node:assert/strict";
import { mkdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { Listener, ills, serve, tempDir, within } from "./support.mjs";

/** Notes tell what the phrase was made of: pitch 24 + state.n, velocity ctx.phrase / 200, pan by the control. Phrases of 1.2 s. */
const piece = (title, patch = "pad") => `
return {
  title = "${title}",
  controls = { tilt = { min = 0, max = 1, default = 0.25, label = "Tilt" } },
  patches = { ${patch} = { voice = "pad", attack = 0.1 } },
  state = { n = 0 },
  phrase = function(ctx, state)
    state.n = state.n + 1
    ctx:note { patch = "${patch}", at = 0, beats = 4, pitch = 24 + state.n, velocity = ctx.phrase / 200, pan = ctx.tilt }
    return 1
  end,
}
`;

function folder(t) {
  const dir = join(tempDir(t), "scripts");
  mkdirSync(dir);
  const script = join(dir, "play.lua");
  writeFileSync(script, piece("First"));
  const save = (text) => {
    writeFileSync(`${script}.new`, text);
    renameSync(`${script}.new`, script);
  };
  return { dir, script, save, db: join(dir, "..", "sessions.db") };
}

const start = (t, f, args = [], env = {}) =>
  serve(t, { args: ["--script", f.script, "--db", f.db, ...args], env: { AURALIS_DEFAULT_BPM: "200", ...env } });

const get = async (server, path) => (await fetch(`${server.http}/api/v1/${path}`)).json();

/** What sounds: { number, n, ordinal, pan, title, controls }. */
async function sounding(server, query = "") {
  const { current } = await get(server, `phrases${query}`);
  const [note] = current.notes;
  return { number: current.phrase_id, n: Math.round(note.pitch - 24), ordinal: Math.round(note.velocity * 200), pan: note.pan };
}

async function until(what, ask) {
  let value;
  await within(what, (async () => {
    while (!(value = await ask())) await new Promise((resolve) => setTimeout(resolve, 50));
  })());
  return value;
}

const reaches = (server, n, query) =>
  until(`phrase of state ${n}`, async () => {
    const now = await sounding(server, query);
    return now.n >= n && now;
  });

async function end(server, signal) {
  server.child.kill(signal);
  await within("its end", server.child.exitCode === null ? new Promise((resolve) => server.child.on("close", resolve)) : Promise.resolve());
}

/** The first phrase of a resumed server follows one that was handed over when the other ended: the one that sounded, or one more or two. */
function follows(first, last) {
  assert.equal(first.number, "phrase_0");
  assert.ok(first.n > last.n && first.n <= last.n + 3, `${first.n} after ${last.n}`);
  assert.equal(first.ordinal - first.n, last.ordinal - last.n, "no phrase of the music is missing");
  assert.equal(first.pan, last.pan, "controls are as they were");
}

test("killed, and killed again, and stopped: the same state, ordinal, seed, controls and text", async (t) => {
  const f = folder(t);
  const channels = join(f.dir, "channels.json");
  writeFileSync(channels, JSON.stringify({ channels: [{ name: "night", script: "play.lua", seed: 5 }] }));
  const env = { AURALIS_CHANNELS: channels };
  let server = await start(t, f, [], env);
  const control = { key: "C dorian", tilt: 0.75, level: 0.5, bpm: 190 };
  assert.equal((await fetch(`${server.http}/api/v1/control`, { method: "POST", body: JSON.stringify(control) })).status, 200);
  const listener = await Listener.open(t, server.ws);
  await listener.next("status");
  await reaches(server, 2);
  f.save(piece("Second"));
  await listener.next((m) => m.type === "script_update" && m.state === "playing");
  let last = await until("a phrase with the control", async () => {
    const now = await sounding(server);
    return now.pan === 0.75 && now;
  });
  const night = await sounding(server, "?channel=night");
  await end(server, "SIGKILL");

  f.save(piece("Third", "bells")); // saved while nothing ran: an edit, once the music goes on
  server = await start(t, f, ["--resume", "--seed", "99"], env);
  const status = await get(server, "status");
  assert.deepEqual([status.title, status.current_key, status.current_bpm, status.seed], ["Second", "C dorian", 190, 7]);
  assert.equal(status.current_level, 0.5);
  follows(await sounding(server), last);
  follows(await sounding(server, "?channel=night"), night);
  assert.equal((await get(server, "status?channel=night")).seed, 5);
  await until("the edit", async () => (await get(server, "status")).title === "Third");
  last = await sounding(server);
  await end(server, "SIGKILL");

  server = await start(t, f, ["--resume"], env);
  assert.equal((await get(server, "status")).title, "Third");
  follows(await sounding(server), last);
  last = await reaches(server, last.n + 3);
  await end(server, "SIGTERM");

  server = await start(t, f, ["--resume"], env);
  follows(await sounding(server), last);
  assert.deepEqual(ills(await get(server, "health")), []);
});

test("a script that does not hold by now, or is gone, is no reason to stop", async (t) => {
  const f = folder(t);
  let server = await start(t, f);
  let last = await reaches(server, 2);
  await end(server, "SIGKILL");
  f.save("return {");
  server = await start(t, f, ["--resume"]);
  follows(await sounding(server), last);
  assert.match(server.err(), /what played last goes on, for the script is refused: .*play\.lua:1: /);
  f.save(piece("Mended"));
  await until("the mended text", async () => (await get(server, "status")).title === "Mended");
  last = await sounding(server);
  await end(server, "SIGKILL");
  unlinkSync(f.script);
  server = await start(t, f, ["--resume"]);
  follows(await sounding(server), last);
  assert.equal((await get(server, "status")).title, "Mended");
});

test("nothing to resume: it begins, and says so", async (t) => {
  const f = folder(t);
  const server = await start(t, f, ["--resume"]);
  assert.deepEqual(await sounding(server), { number: "phrase_0", n: 1, ordinal: 0, pan: 0.25 });
  assert.match(server.err(), /channel main begins anew: no session/);
});

test("a database that cannot be had: music plays, the log and health tell", async (t) => {
  const f = folder(t);
  const first = await start(t, f);
  const second = await start(t, f);
  const wrong = { ...f, db: f.script };
  const third = await start(t, wrong, ["--resume"]);
  const none = await start(t, { ...f, db: "none" });
  assert.deepEqual(ills(await get(first, "health")), []);
  assert.deepEqual(ills(await get(none, "health")), []);
  for (const server of [second, third]) {
    const { status, reasons } = await get(server, "health");
    assert.equal(status, "degraded");
    assert.equal(reasons.length, 1);
    assert.match(reasons[0], /nothing is recorded: /);
    assert.match(server.err(), /WARNING journal: nothing is recorded: /);
    assert.equal((await sounding(server)).n >= 1, true);
  }
});
