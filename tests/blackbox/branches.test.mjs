// Branches over a restart: what each goes on with is what it would have gone on with, and a saved text is an edit of the script that
// plays.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { Listener, readWav, run, serve, tempDir, within } from "./support.mjs";

const CHUNK = 4410;
const HEAD = 24; // bytes before the samples of a message
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Phrases of 0.6 s. The first note tells where the music is: pitch 24 + state.n, velocity ctx.phrase / 200; the second is of chance. */
const piece = (title) => `
return {
  title = "${title}",
  meter = { 2, 4 },
  controls = { tilt = { min = 0, max = 1, default = 0.25, label = "Tilt" } },
  patches = { pad = { voice = "pad", attack = 0.1 }, lead = { voice = "lead" } },
  state = { n = 0 },
  phrase = function(ctx, state)
    state.n = state.n + 1
    ctx:note { patch = "pad", at = 0, beats = 2, pitch = 24 + state.n, velocity = ctx.phrase / 200, pan = ctx.tilt }
    ctx:note { patch = "lead", at = 1, beats = 0.5, pitch = ctx.random("x"):int(50, 90), velocity = 0.5 }
    return 1
  end,
}
`;

function folder(t) {
  const dir = join(tempDir(t), "scripts");
  mkdirSync(dir);
  const save = (name, text) => {
    writeFileSync(join(dir, `${name}.new`), text);
    renameSync(join(dir, `${name}.new`), join(dir, name));
  };
  save("play.lua", piece("Play"));
  save("other.lua", piece("Other"));
  return { dir, save, script: join(dir, "play.lua"), db: join(dir, "..", "sessions.db") };
}

const start = (t, f, args = []) =>
  serve(t, { args: ["--script", f.script, "--db", f.db, ...args], env: { AURALIS_DEFAULT_BPM: "200" } });

async function ask(server, path, body) {
  const answer = await fetch(`${server.http}/api/v1/${path}`, body ? { method: "POST", body: JSON.stringify(body) } : {});
  assert.equal(answer.status, 200, `${path} ${JSON.stringify(body)}`);
  return answer.json();
}

const branches = async (server) => (await ask(server, "channels/main/branches")).branches;

async function until(what, asking) {
  let value;
  await within(what, (async () => {
    while (!(value = await asking())) await pause(50);
  })());
  return value;
}

/** The phrase that sounds. */
async function sounding(server) {
  const { current } = await ask(server, "phrases");
  const [pad] = current.notes;
  const { title } = await ask(server, "status");
  return { number: Number(current.phrase_id.slice(7)), n: Math.round(pad.pitch - 24), ordinal: Math.round(pad.velocity * 200), pan: pad.pan, title };
}

/** Asks for a branch, and waits until its first phrase sounds: that. */
async function goTo(server, path, body) {
  const { branch, phrase_id: id } = await ask(server, `channels/main/${path}`, body);
  const now = await until(`branch ${branch}`, async () => {
    const found = await sounding(server);
    return found.number >= Number(id.slice(7)) && found;
  });
  return { branch, now };
}

async function kill(server) {
  server.child.kill("SIGKILL");
  await within("its end", server.exit);
}

/** The pitches of chance by ordinal; numbers: of the stream's phrases that are looked at. */
function chance(path, numbers = { from: 0, to: Infinity }) {
  const { phrases } = JSON.parse(readFileSync(path));
  const within = phrases.filter(({ number }) => number >= numbers.from && number < numbers.to);
  return Object.fromEntries(within.map(({ notes: [pad, lead] }) => [Math.round(pad.velocity * 200), lead.pitch]));
}

/** What of a branch is the same before and after a restart, wherever it has got to. */
const lasting = ({ id, parent, from_phrase: from, session, ordinal, seed, script, version, current }) =>
  ({ id, parent, from, session, ordinal, seed, script, version, current });

test("killed and resumed: the same branches, each goes on as if nothing had been", async (t) => {
  const f = folder(t);
  let server = await start(t, f);
  await until("three phrases", async () => (await sounding(server)).n >= 3);
  const first = await goTo(server, "rewind", { phrases: 2, seed: "18446744073709551615" });
  await ask(server, "control", { tilt: 0.75 });
  const second = await goTo(server, "rewind", { phrases: 1, script: "other.lua" });
  assert.deepEqual([first.branch, second.branch], [1, 2]);
  const before = await branches(server);
  assert.deepEqual(before.map(({ parent, script, current }) => [parent, script, current]),
                   [[0, "play.lua", false], [0, "play.lua", false], [1, "other.lua", true]]);
  await kill(server);

  server = await start(t, f, ["--resume"]);
  const after = await branches(server);
  assert.deepEqual(after.map(lasting), before.map(lasting));
  assert.deepEqual(after.slice(0, 2).map((each) => each.at_ordinal), before.slice(0, 2).map((each) => each.at_ordinal));
  assert.ok(after[2].at_ordinal > before[2].at_ordinal - 1);
  assert.equal((await ask(server, "status")).title, "Other", "the channel's own script is no edit of it");
  const listener = await Listener.open(t, `${server.ws}?format=pcm`);
  f.save("play.lua", piece("Not heard"));
  f.save("other.lua", piece("Edited"));
  await until("the edit of the script that plays", async () => (await sounding(server)).title === "Edited");
  const back = await goTo(server, "switch", { branch: 0 });
  assert.deepEqual([back.now.title, back.now.ordinal, back.now.pan], ["Play", before[0].at_ordinal, 0.25]);
  assert.equal(back.now.n, back.now.ordinal + 1);
  const again = await goTo(server, "switch", { branch: 1 });
  assert.deepEqual([again.now.ordinal, again.now.pan], [before[1].at_ordinal, 0.75]);
  const third = await goTo(server, "rewind", { phrases: again.now.number + 2 });
  assert.equal(third.branch, 3, "no id comes twice");
  const restored = await branches(server);
  assert.equal(restored[3].parent, 2, "what was heard before the restart can be gone back to");
  const chunks = listener.messages.filter(Buffer.isBuffer);
  const session = restored[3].session;
  server.child.kill("SIGTERM");
  await within("its end", server.exit);

  const wav = join(f.dir, "again.wav");
  const events = join(f.dir, "again.json");
  const replay = await run(t, ["replay", session, "-o", wav, "--bits", "16", "--events", events],
                           { env: { AURALIS_DB: f.db, AURALIS_ISA: process.arch === "x64" ? "sse2" : "scalar" } });
  assert.equal(replay.code, 0, replay.err);
  const { samples } = readWav(wav);
  assert.ok(chunks.length > 30);
  for (const message of chunks) {
    const at = Number(message.readBigUInt64LE(8)) * CHUNK * 4;
    assert.ok(message.subarray(HEAD).equals(samples.subarray(at, at + CHUNK * 4)), `chunk at byte ${at} is another`);
  }

  for (const [seed, from, to] of [["7", back, again], ["18446744073709551615", again, third]]) {
    const alone = join(f.dir, "alone.json");
    const unbroken = await run(t, ["render", f.script, "-o", join(f.dir, "alone.wav"), "--force", "--bpm", "200", "--seed", seed,
                                   "--phrases", "40", "--events", alone]);
    assert.equal(unbroken.code, 0, unbroken.err);
    const got = chance(events, { from: from.now.number, to: to.now.number });
    const expected = chance(alone);
    assert.ok(Object.keys(got).length >= 1);
    for (const [ordinal, pitch] of Object.entries(got)) assert.equal(pitch, expected[ordinal], `seed ${seed}, ordinal ${ordinal}`);
  }
});

test("killed before it began: a branch that was asked for begins after the restart", async (t) => {
  const f = folder(t);
  f.save("play.lua", piece("Play").replace("return 1\n", "return 40\n")); // phrases of 24 s: it waits
  let server = await start(t, f);
  await until("a phrase", async () => (await sounding(server)).n >= 1);
  const { branch } = await ask(server, "channels/main/rewind", { phrases: 1, seed: "18446744073709551615", script: "other.lua" });
  await ask(server, "control", { tilt: 0.75, bpm: 100 });
  const [before] = await branches(server);
  const { sessions: [{ id }] } = await ask(server, "sessions");
  await until("that it is recorded", async () => {
    const { events } = await ask(server, `sessions/${id}`);
    return events.some(({ kind, detail }) => kind === "asked" && /bpm=100\n/.test(detail.controls) && /tilt=0\.75\n/.test(detail.controls));
  });
  await kill(server);
  server = await start(t, f, ["--resume"]);
  const [left, now] = await branches(server);
  assert.deepEqual([left.current, left.at_ordinal, left.seed], [false, before.at_ordinal, before.seed]);
  assert.deepEqual([now.id, now.parent, now.current, now.seed, now.script, now.ordinal], [branch, 0, true, 2 ** 64 - 1, "other.lua", 0]);
  await until("its first phrase", async () => {
    const found = await sounding(server);
    return found.number === 0 && found.pan === 0.75 && found.n === 1 && found.title === "Other";
  });
  assert.equal((await ask(server, "status")).current_bpm, 100);
});
