// A disk that is full while a stream is recorded: who listens hears nothing of it; what fits in memory is written when there is
// room again; what does not is told as a session's end of what can be played again. The disk is a small one in memory.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

import { freePort } from "../port.mjs";
import { realtime } from "../realtime.mjs";
import { Listener, readWav, run, serve, tempDir, within } from "./support.mjs";

const RATE = 44100;
const CHUNK = 4410;
const HEAD = 24;
const SIDE_CHANNELS = ["a", "b", "c"];

/** Its notes are the same whatever `heavy` is; then each of its states has some 0.9 MB. */
const piece = (beats) => `return {
  title = "Heavy", meter = { ${beats}, 4 }, patches = { pad = { voice = "pad", attack = 0.05 } }, state = { n = 0 },
  controls = { heavy = { min = 0, max = 1, default = 0 } },
  phrase = function(ctx, state)
    state.n = state.n + 1
    state.text = ctx.heavy > 0 and string.rep("x", 900000) or ""
    ctx:note { patch = "pad", at = 0, beats = ${beats}, pitch = 45 + state.n % 12, velocity = 0.6 }
    return 1
  end,
}
`;

/** A process in a mount namespace of its own, in which dir is a file system so large; null: that is not allowed. */
async function mount(t, flag, size, dir) {
  const command = 'mount -t tmpfs -o "size=$1" none "$2" && echo ready && exec cat';
  const child = spawn("unshare", [flag, "sh", "-c", command, "sh", size, dir], { stdio: ["pipe", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  const [said] = await Promise.race([once(child.stdout, "data"), once(child, "close")]);
  return String(said) === "ready\n" ? child : null;
}

/** A file system of its own that is gone after the test: { dir, through, fill(), make(size) }; null: not allowed here. */
async function disk(t, size) {
  const dir = tempDir(t);
  const as = (await mount(t, "-m", size, dir)) ?? (await mount(t, "-rm", size, dir));
  if (!as) return null;
  const user = as.spawnargs[1] === "-rm" ? ["-U", "--preserve-credentials"] : [];
  const through = ["nsenter", "-t", String(as.pid), "-m", ...user, "--"];
  const filler = join(`/proc/${as.pid}/root`, dir, "filler");
  return {
    dir, through,
    fill() {
      const file = openSync(filler, "a");
      try {
        for (;;) writeSync(file, Buffer.alloc(1 << 16));
      } catch (error) {
        assert.equal(error.code, "ENOSPC");
      } finally {
        closeSync(file);
      }
    },
    make(now) {
      rmSync(filler);
      const [command, ...rest] = [...through, "mount", "-o", `remount,size=${now}`, dir];
      assert.equal(spawnSync(command, rest).status, 0);
    },
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What ready() gives, once that is something. */
async function until(what, ready, ms = 60000) {
  const end = Date.now() + ms;
  for (;;) {
    const got = await ready();
    if (got) return got;
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`);
    await pause(50);
  }
}

/** A server that records onto such a disk, and the means to ask it. */
async function start(t, place, names) {
  const scripts = tempDir(t);
  const metrics = await freePort();
  const play = join(scripts, "play.lua");
  const channels = join(scripts, "channels.json");
  writeFileSync(play, piece(4));
  writeFileSync(join(scripts, "side.lua"), piece(1));
  writeFileSync(channels, JSON.stringify({ channels: names.map((name) => ({ name, script: "side.lua", bpm: 200 })) }));
  const db = join(place.dir, "auralis.db");
  const server = await serve(t, {
    args: ["--script", play, "--db", db, "--metrics-port", String(metrics)],
    env: { AURALIS_DEFAULT_BPM: "200", AURALIS_CHANNELS: channels }, through: place.through,
  });
  const get = async (path) => (await fetch(`${server.http}/api/v1/${path}`)).json();
  const metric = async (name) => {
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    return Number(new RegExp(`^auralis_journal_${name} (\\S+)$`, "m").exec(page)[1]);
  };
  const post = (path, body) => fetch(`${server.http}/api/v1/${path}`, { method: "POST", body: JSON.stringify(body) });
  const becomes = (wanted) =>
    until(`the journal is ${wanted}`, async () => {
      const told = await get("health");
      const about = told.reasons.filter((reason) => reason.includes("journal"));
      return (about.length === 0) === (wanted === "well") && { ...told, about };
    });
  const warnings = () => server.err().split("\n").filter((line) => / (WARNING|ERROR) journal: /.test(line));
  const tool = (...args) => run(t, [...args, "--db", db], { through: place.through });
  return { ...server, play, get, post, metric, becomes, warnings, tool };
}

/** Everything that came, without a gap: { first, samples }, first being a frame. */
function heard(listener) {
  const chunks = listener.messages.filter(Buffer.isBuffer);
  const index = (chunk) => Number(chunk.readBigUInt64LE(8));
  chunks.forEach((chunk, i) => assert.equal(index(chunk), index(chunks[0]) + i, "a chunk is missing"));
  assert.ok(listener.socket.readyState === listener.socket.OPEN, "the listener was not cut");
  return { first: index(chunks[0]) * CHUNK, samples: Buffer.concat(chunks.map((chunk) => chunk.subarray(HEAD))) };
}

const wav = (t) => join(tempDir(t), "a.wav");

/** Whether frames [from, to) of what was heard are those of a session. */
async function assertReplays(t, server, session, { first, samples }, from, to) {
  const out = wav(t);
  const times = ["--from", String(from / RATE), "--to", String(to / RATE)];
  const { code, err } = await server.tool("replay", session, "-o", out, "--bits", "16", ...times);
  assert.equal(code, 0, err);
  assert.ok(readWav(out).samples.equals(samples.subarray((from - first) * 4, (to - first) * 4)));
}

/** Ends the server, and whether whoever listened got what a render gives, all the time. */
async function assertRendered(t, server, listener) {
  const { first, samples } = heard(listener);
  server.child.kill("SIGTERM");
  assert.deepEqual(await within("it ends", server.exit), { code: 0, signal: null });
  const out = wav(t);
  const seconds = (first + samples.length / 4) / RATE;
  const args = ["--seed", "7", "--bpm", "200", "--bits", "16", "--duration", String(seconds)];
  const { code, err } = await run(t, ["render", server.play, "-o", out, ...args]);
  assert.equal(code, 0, err);
  assert.ok(readWav(out).samples.subarray(first * 4).equals(samples), "other samples than a render's");
}

/** A server on a disk of 6 MB, and a listener; null: none may be made here. */
async function begin(t, channels) {
  const place = await disk(t, "6m");
  if (!place) return t.skip("a file system cannot be mounted here: that takes root with CAP_SYS_ADMIN, or user namespaces");
  const server = await start(t, place, channels);
  const listener = await Listener.open(t, `${server.ws}?format=pcm`);
  await pause(1000);
  const [session] = (await server.get("sessions?channel=main")).sessions;
  return { place, server, listener, session };
}

/** What waits is written when there is room, and nothing is missing. */
async function forAWhile(t) {
  const begun = await begin(t, []);
  if (!begun) return;
  const { place, server, listener, session } = begun;
  const { metric, becomes, warnings } = server;
  place.fill();
  const ill = await becomes("ill");
  assert.equal(ill.status, "degraded");
  assert.match(ill.about[0], /the journal cannot be written: .*(disk is full|No space left)/);
  assert.equal(await metric("ok"), 0);
  await until("something waits", () => metric("facts_waiting"));
  await pause(700);
  assert.equal(warnings().length, 1, warnings().join("\n"));
  assert.match(warnings()[0], /auralis\.db cannot be written: .*; what is to be recorded waits in memory, and is tried again/);
  const full = heard(listener);
  await assertReplays(t, server, session.id, full, full.first, full.first + CHUNK);
  place.make("6m");
  await becomes("well");
  assert.equal(await metric("ok"), 1);
  assert.match(server.err(), /INFO journal: .*auralis\.db is written again/);
  assert.equal(await metric("facts_lost_total"), 0);
  await pause(1000);
  const [told] = (await server.get("sessions?channel=main")).sessions;
  assert.equal(told.exact, true);
  const all = heard(listener);
  await assertReplays(t, server, session.id, all, all.first, Math.floor(told.replayable_s * 10) * CHUNK);
  assert.ok(told.replayable_s > (full.first + full.samples.length / 4) / RATE, "what sounded while the disk was full");
  await assertRendered(t, server, listener);
}

/** What no longer fits in memory is lost, and everybody says so. */
async function tooLong(t) {
  const begun = await begin(t, SIDE_CHANNELS);
  if (!begun) return;
  const { place, server, listener, session } = begun;
  const { get, post, metric, becomes } = server;
  const heavy = async (value) => {
    for (const channel of ["main", ...SIDE_CHANNELS])
      assert.equal((await post(`control?channel=${channel}`, { heavy: value })).status, 200);
  };
  await heavy(1);
  place.fill();
  const lost = new RegExp(`session ${session.id} cannot be replayed from frame (\\d+) on: the disk did not take it for so long`);
  await until("main has lost something", () => lost.test(server.err()));
  await becomes("ill");
  assert.ok((await metric("facts_lost_total")) > 0);
  await heavy(0);
  place.make("2g");
  await becomes("well");
  await pause(1000);

  const broken = Number(lost.exec(server.err())[1]);
  const all = heard(listener);
  const [told] = (await get("sessions?channel=main")).sessions;
  assert.equal(told.exact, false);
  assert.ok(Math.abs(told.replayable_s - broken / RATE) < 1e-3);
  assert.match(told.broken_why, /no longer fitted in memory/);
  const kept = (from, to) => post("keep", { session: session.id, from_s: from, to_s: to });
  const over = await kept(broken / RATE - 1, broken / RATE + 1);
  assert.equal(over.status, 409);
  assert.match((await over.json()).message, /can be made again up to [\d.]+ s only: the disk did not take it/);
  assert.equal((await kept(broken / RATE - 2, broken / RATE - 0.5)).status, 202);
  assert.ok(broken > all.first && broken < all.first + all.samples.length / 4);
  await assertReplays(t, server, session.id, all, all.first, broken);
  const beyond = await server.tool("replay", session.id, "-o", wav(t), "--to", String(broken / RATE + 0.5));
  assert.equal(beyond.code, 2);
  assert.match(beyond.err, /can be played to \d:\d\d:\d\d\.\d+; what came then cannot: the disk did not take it/);
  // States of this size are work: on a machine that is too busy for it phrases come late, and others play again.
  if (!/composing took too long|plays again/.test(server.err())) await assertRendered(t, server, listener);
  else t.diagnostic("this machine was too busy to compare with a render");
}

realtime("a disk that is full for a while: nobody hears it, and all of it can be played again", {}, forAWhile);
realtime("a disk that is full until memory is: what was lost is told, and what was not can be played again", {}, tooLong);
